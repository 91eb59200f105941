/// How many images of a job are in each state.
///
/// JSON: one number a state.
public struct JobCounts: Codable, Sendable, Hashable {
    /// Images waiting.
    public var queued: Int
    /// Images leased to a worker.
    public var running: Int
    /// Images protected.
    public var done: Int
    /// Images that could not be protected.
    public var failed: Int
    /// Images set aside after crashes.
    public var quarantined: Int
    /// Images stopped on request.
    public var cancelled: Int

    /// Counts images; without arguments, none.
    public init(
        queued: Int = 0,
        running: Int = 0,
        done: Int = 0,
        failed: Int = 0,
        quarantined: Int = 0,
        cancelled: Int = 0
    ) {
        self.queued = queued
        self.running = running
        self.done = done
        self.failed = failed
        self.quarantined = quarantined
        self.cancelled = cancelled
    }

    /// All images of the job.
    public var total: Int {
        queued + running + done + failed + quarantined + cancelled
    }

    /// How many images are in a state.
    public subscript(state: ImageState) -> Int {
        get { self[keyPath: Self.path(to: state)] }
        set { self[keyPath: Self.path(to: state)] = newValue }
    }

    /// Records that images went from one state to another.
    ///
    /// - Parameters:
    ///   - count: How many, at most as many as there are in `old`.
    ///   - old: The state they had.
    ///   - new: The state they have, which `old` can become.
    /// - Returns: Whether that is possible; if not, nothing is recorded.
    public mutating func move(_ count: Int = 1, from old: ImageState, to new: ImageState) -> Bool {
        guard old.canBecome(new), count >= 0, self[old] >= count else { return false }
        self[old] -= count
        self[new] += count
        return true
    }

    /// The job's state, which follows from the counts alone.
    public var state: JobState {
        if queued == total { return .queued }
        if queued > 0 || running > 0 { return .running }
        if done > 0 { return .done }
        return cancelled > 0 ? .cancelled : .failed
    }

    /// The share of a job's pixels that belongs to images which have not ended, taking all images to
    /// be alike.
    public func unfinishedShare(of pixels: Int64) -> Int64 {
        total > 0 ? pixels / Int64(total) * Int64(queued + running) : 0
    }

    private static func path(to state: ImageState) -> WritableKeyPath<JobCounts, Int> {
        switch state {
        case .queued: \.queued
        case .running: \.running
        case .done: \.done
        case .failed: \.failed
        case .quarantined: \.quarantined
        case .cancelled: \.cancelled
        }
    }
}
