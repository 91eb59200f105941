import SocketIO

/// Tells a slow reader from one that takes nothing; all times are nanoseconds.
///
/// Progress is what the peer has acknowledged. A full kernel buffer says nothing about a reader of
/// 4 KiB per second. Even acknowledgements are coarse: the peer's kernel acknowledges ahead of the
/// reader, and some readers take a megabyte at once and then rest (`curl --limit-rate` over TLS). A
/// reader therefore earns time by what it has taken, up to a bound.
struct OutputPace: Sendable {
    /// How long a reader may take nothing before it counts as stalled.
    struct StallLimits: Sendable {
        /// The time allowed without any credit.
        var silence: UInt64
        /// The most credit that a reader may earn.
        var longestCredit: UInt64
        /// The rate at which one second of reading earns a reader one second.
        var bytesPerSecond: UInt64
    }

    /// The number of checks per silence, so that a stalled reader is noticed soon after its
    /// deadline.
    private static let checksPerSilence: UInt64 = 4

    /// The time of the last progress; `nil` while no output is pending.
    private var lastProgress: UInt64?
    private var lastCheck: UInt64 = 0
    private var acknowledged: UInt64?
    private var credit: UInt64 = 0
    private var sentBytes: UInt64 = 0

    /// Updates the state of the pending output.
    ///
    /// - Parameters:
    ///   - hasOutput: Whether output is pending.
    ///   - newSentBytes: The number of bytes that have left this process.
    ///   - limits: How long a reader may take nothing.
    ///   - progress: The peer's progress, queried only when needed.
    ///   - now: The current time.
    /// - Returns: When to call ``isStalled(limits:progress:now:)``.
    mutating func update(
        hasOutput: Bool,
        sentBytes newSentBytes: UInt64,
        limits: StallLimits,
        progress: () -> PeerProgress,
        now: UInt64
    ) -> UInt64 {
        defer { sentBytes = newSentBytes }
        guard hasOutput else {
            lastProgress = nil
            return .max
        }
        if lastProgress == nil || newSentBytes != sentBytes {
            note(progress().acknowledged, limits: limits, now: now)
            lastCheck = now
        }
        return nextCheck(limits)
    }

    /// Restarts the wait, since the limits have changed.
    mutating func restart(now: UInt64) {
        credit = 0
        guard lastProgress != nil else { return }
        lastProgress = now
        lastCheck = now
    }

    /// Checks the peer's progress, and returns whether it has taken nothing for too long.
    mutating func isStalled(limits: StallLimits, progress: PeerProgress, now: UInt64) -> Bool {
        guard lastProgress != nil, now >= nextCheck(limits) else { return false }
        lastCheck = now
        if progress.acknowledged != acknowledged {
            note(progress.acknowledged, limits: limits, now: now)
            return false
        }
        return now >= end(limits)
    }

    /// Records progress: charges the time since the last one and credits the bytes taken.
    private mutating func note(_ newAcknowledged: UInt64, limits: StallLimits, now: UInt64) {
        let spent = lastProgress.map { now - $0 } ?? 0
        let bytes = acknowledged.map { newAcknowledged > $0 ? newAcknowledged - $0 : 0 } ?? 0
        let bound = limits.longestCredit
        // Go by way of microseconds, and cap the bytes beyond any bound, so that no product
        // overflows.
        let earned = min(bytes, 1 << 32) * 1_000_000 / max(limits.bytesPerSecond, 1) * 1000
        credit = min((credit > spent ? credit - spent : 0) + earned, bound)
        acknowledged = newAcknowledged
        lastProgress = now
    }

    private func end(_ limits: StallLimits) -> UInt64 {
        guard let lastProgress else { return .max }
        return lastProgress + limits.silence + min(credit, limits.longestCredit)
    }

    private func nextCheck(_ limits: StallLimits) -> UInt64 {
        guard lastProgress != nil else { return .max }
        return min(lastCheck + max(limits.silence / Self.checksPerSilence, 1), end(limits))
    }
}
