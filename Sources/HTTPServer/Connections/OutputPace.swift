import SocketIO

/// Tells a slow reader from one that takes nothing; all times are nanoseconds.
///
/// Progress is what the peer has acknowledged. A full kernel buffer says nothing about a reader of
/// 4 KiB per second. Even acknowledgements are coarse: the peer's kernel acknowledges ahead of the
/// reader, and some readers take a megabyte at once and then rest (`curl --limit-rate` over TLS). A
/// reader therefore earns time by what it has taken, up to a bound.
struct OutputPace: Sendable {
    /// How long a reader may take nothing.
    struct Patience: Sendable {
        /// The time allowed without any credit.
        var silence: UInt64
        /// The most credit that a reader may earn.
        var longestCredit: UInt64
        /// The rate at which one second of reading earns a reader one second.
        var bytesPerSecond: UInt64
    }

    /// The number of checks per silence, so that a stalled reader is noticed soon after its
    /// deadline.
    private static let looks: UInt64 = 4

    /// The time of the last progress; `nil` while no output is pending.
    private var lastProgress: UInt64?
    private var lastLook: UInt64 = 0
    private var taken: UInt64?
    private var credit: UInt64 = 0
    private var sentBytes: UInt64 = 0

    /// Updates the state of the pending output.
    ///
    /// - Parameters:
    ///   - hasOutput: Whether output is pending.
    ///   - newSentBytes: The number of bytes that have left this process.
    ///   - patience: How long a reader may take nothing.
    ///   - progress: The peer's progress, queried only when needed.
    ///   - now: The current time.
    /// - Returns: When to call ``isStalled(patience:progress:now:)``.
    mutating func update(
        hasOutput: Bool,
        sentBytes newSentBytes: UInt64,
        patience: Patience,
        progress: () -> PeerProgress,
        now: UInt64
    ) -> UInt64 {
        defer { sentBytes = newSentBytes }
        guard hasOutput else {
            lastProgress = nil
            return .max
        }
        if lastProgress == nil || newSentBytes != sentBytes {
            note(progress().taken, patience: patience, now: now)
            lastLook = now
        }
        return nextLook(patience)
    }

    /// Restarts the wait, since the patience has changed.
    mutating func restart(now: UInt64) {
        credit = 0
        guard lastProgress != nil else { return }
        lastProgress = now
        lastLook = now
    }

    /// Checks the peer's progress, and returns whether it has taken nothing for the whole patience.
    mutating func isStalled(patience: Patience, progress: PeerProgress, now: UInt64) -> Bool {
        guard lastProgress != nil, now >= nextLook(patience) else { return false }
        lastLook = now
        if progress.taken != taken {
            note(progress.taken, patience: patience, now: now)
            return false
        }
        return now >= end(patience)
    }

    /// Records progress: charges the time since the last one and credits the bytes taken.
    private mutating func note(_ newTaken: UInt64, patience: Patience, now: UInt64) {
        let spent = lastProgress.map { now - $0 } ?? 0
        let bytes = taken.map { newTaken > $0 ? newTaken - $0 : 0 } ?? 0
        let bound = patience.longestCredit
        // Go by way of microseconds, and cap the bytes beyond any bound, so that no product
        // overflows.
        let earned = min(bytes, 1 << 32) * 1_000_000 / max(patience.bytesPerSecond, 1) * 1000
        credit = min((credit > spent ? credit - spent : 0) + earned, bound)
        taken = newTaken
        lastProgress = now
    }

    private func end(_ patience: Patience) -> UInt64 {
        guard let lastProgress else { return .max }
        return lastProgress + patience.silence + min(credit, patience.longestCredit)
    }

    private func nextLook(_ patience: Patience) -> UInt64 {
        guard lastProgress != nil else { return .max }
        return min(lastLook + max(patience.silence / Self.looks, 1), end(patience))
    }
}
