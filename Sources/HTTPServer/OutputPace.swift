import SocketIO

/// Whether a reader takes what it is sent, however slowly; all times are nanoseconds.
///
/// It looks four times while the patience lasts, so that a reader who stops is noticed not much later than that. What counts is
/// what the peer has acknowledged: that nothing fits into the kernel's buffer says nothing about a reader of 4 KiB a second.
struct OutputPace: Sendable {
    private static let looks: UInt64 = 4

    /// The last sign of life; `nil` while nothing waits to leave.
    private var lastProgress: UInt64?
    private var lastLook: UInt64 = 0
    private var taken: UInt64 = 0
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
        patience: UInt64,
        progress: () -> PeerProgress,
        now: UInt64
    ) -> UInt64 {
        defer { sentBytes = newSentBytes }
        guard hasOutput else {
            lastProgress = nil
            return .max
        }
        if lastProgress == nil || newSentBytes != sentBytes {
            taken = progress().taken
            lastProgress = now
            lastLook = now
        }
        return nextLook(patience: patience)
    }

    /// Begins the patience anew, since it is another one now.
    mutating func restart(now: UInt64) {
        guard lastProgress != nil else { return }
        lastProgress = now
        lastLook = now
    }

    /// Looks at the peer, and says whether it has taken nothing for as long as the patience.
    mutating func isStalled(patience: UInt64, progress: PeerProgress, now: UInt64) -> Bool {
        guard let last = lastProgress, now >= nextLook(patience: patience) else { return false }
        lastLook = now
        guard progress.taken == taken else {
            taken = progress.taken
            lastProgress = now
            return false
        }
        return now >= last + patience
    }

    private func nextLook(patience: UInt64) -> UInt64 {
        guard let lastProgress else { return .max }
        return min(lastLook + max(patience / Self.looks, 1), lastProgress + patience)
    }
}
