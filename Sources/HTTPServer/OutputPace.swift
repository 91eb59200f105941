import SocketIO

/// Whether a reader takes what it is sent, however slowly; all times are nanoseconds.
///
/// What counts is what the peer has acknowledged: that nothing fits into the kernel's buffer says nothing about a reader of 4 KiB a
/// second. Even that is coarse, since the peer's own kernel acknowledges ahead of a reader, and some readers take a megabyte at
/// once and then rest (`curl --limit-rate` over TLS). So a reader earns time with what it has taken, up to a bound.
struct OutputPace: Sendable {
    /// How long a reader may take nothing.
    struct Patience: Sendable {
        /// Without having earned anything.
        var silence: UInt64
        /// What it may earn at most.
        var longestCredit: UInt64
        /// The rate at which taking something for a second earns a second.
        var bytesPerSecond: UInt64
    }

    /// The peer is looked at so many times in a silence, so that a reader who stops is noticed not much later than it should be.
    private static let looks: UInt64 = 4

    /// The last sign of life; `nil` while nothing waits to leave.
    private var lastProgress: UInt64?
    private var lastLook: UInt64 = 0
    private var taken: UInt64?
    private var credit: UInt64 = 0
    private var sentBytes: UInt64 = 0

    /// Takes note of what waits to leave.
    ///
    /// - Parameters:
    ///   - hasOutput: Whether anything does.
    ///   - newSentBytes: What has left this process.
    ///   - patience: How long a reader may take nothing.
    ///   - progress: How far the peer is; asked only when it is needed.
    ///   - now: The time.
    /// - Returns: When to ask ``isStalled(patience:progress:now:)``.
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

    /// Begins the patience anew, since it is another one now.
    mutating func restart(now: UInt64) {
        credit = 0
        guard lastProgress != nil else { return }
        lastProgress = now
        lastLook = now
    }

    /// Looks at the peer, and says whether it has taken nothing for as long as the patience.
    mutating func isStalled(patience: Patience, progress: PeerProgress, now: UInt64) -> Bool {
        guard lastProgress != nil, now >= nextLook(patience) else { return false }
        lastLook = now
        if progress.taken != taken {
            note(progress.taken, patience: patience, now: now)
            return false
        }
        return now >= end(patience)
    }

    /// Notes progress: what the time since the last has cost, and what it earns.
    private mutating func note(_ newTaken: UInt64, patience: Patience, now: UInt64) {
        let spent = lastProgress.map { now - $0 } ?? 0
        let bytes = taken.map { newTaken > $0 ? newTaken - $0 : 0 } ?? 0
        let bound = patience.longestCredit
        // In microseconds first, and cut off where they are more than any bound, so that no product overflows.
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
