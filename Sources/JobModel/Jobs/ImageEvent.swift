/// An event in the life of an image.
public enum ImageEvent: Sendable, Hashable {
    /// A worker leased it.
    case claimed
    /// It was protected, and the picture is on disk.
    case protected
    /// It cannot be protected, now or later.
    case refused(ImageFailure)
    /// The machine failed, not the image.
    ///
    /// The random `jitter`, from 0 to 1, is passed to ``RetryRule/afterError(errors:jitter:)``.
    case machineFailed(ImageFailure, jitter: Double)
    /// The process working on it died.
    case crashed
    /// The whole service was killed while working on it, or its lease expired.
    case interrupted
    /// It was returned in an orderly way, without a fault.
    case released
    /// Its owner cancelled the job.
    case cancelled
    /// Its owner asked to try it again.
    case retried
}

/// The number of faults of each kind that an image has had; see ``RetryRule``.
public struct ImageFaults: Sendable, Hashable {
    /// The number of machine errors.
    public var errors: Int
    /// The number of deaths of the process working on it.
    public var crashes: Int
    /// The number of deaths of the whole service, and of expired leases.
    public var interruptions: Int

    /// Creates the counts; without arguments, all are zero.
    public init(errors: Int = 0, crashes: Int = 0, interruptions: Int = 0) {
        self.errors = errors
        self.crashes = crashes
        self.interruptions = interruptions
    }

    /// Whether the image may have killed a process, so that it must be processed alone.
    public var isSuspect: Bool { crashes > 0 || interruptions > 0 }
}
