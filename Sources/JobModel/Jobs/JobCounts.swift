/// The number of a job's images in each state.
///
/// JSON: an object with a number for each state.
public struct JobCounts: Codable, Sendable, Hashable {
    /// Images waiting for a worker.
    public var queued: Int
    /// Images leased to a worker.
    public var running: Int
    /// Images that were protected.
    public var done: Int
    /// Images that could not be protected.
    public var failed: Int
    /// Images set aside after repeated crashes or interruptions.
    public var quarantined: Int
    /// Images cancelled on request.
    public var cancelled: Int

    /// Creates the counts; without arguments, all are zero.
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

    /// The number of the job's images.
    public var total: Int {
        queued + running + done + failed + quarantined + cancelled
    }

    /// The number of images in a state.
    public subscript(state: ImageState) -> Int {
        get { self[keyPath: Self.path(to: state)] }
        set { self[keyPath: Self.path(to: state)] = newValue }
    }

    /// Moves images from one state to another.
    ///
    /// - Parameters:
    ///   - count: The number of images, at most the number in `old`.
    ///   - old: The state before.
    ///   - new: The state after, which `old` must be able to become.
    /// - Returns: Whether the move is possible; if not, nothing changes.
    public mutating func move(_ count: Int = 1, from old: ImageState, to new: ImageState) -> Bool {
        guard old.canBecome(new), count >= 0, self[old] >= count else { return false }
        self[old] -= count
        self[new] += count
        return true
    }

    /// The job's state, derived from the counts alone.
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
