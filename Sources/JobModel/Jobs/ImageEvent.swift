/// What can happen to an image.
public enum ImageEvent: Sendable, Hashable {
    /// A worker leases it.
    case claimed
    /// It is protected; the picture is on disk.
    case protected
    /// It cannot be protected, now or ever.
    case refused(ImageFailure)
    /// The machine failed, not the image; the jitter, 0 to 1, is drawn at random, see ``RetryRule/afterError(errors:jitter:)``.
    case machineFailed(ImageFailure, jitter: Double)
    /// The process that had it died, or its lease ran out.
    case crashed
    /// The whole service was killed while it had the image.
    case interrupted
    /// It was given back in an orderly way, and nobody is to blame.
    case released
    /// Its owner stopped the job.
    case cancelled
    /// Its owner wants it to be tried again.
    case retried
}

/// How often what went wrong with an image, see ``RetryRule``.
public struct ImageFaults: Sendable, Hashable {
    /// Errors of the machine.
    public var errors: Int
    /// Deaths of the process that had it.
    public var crashes: Int
    /// Deaths of the whole service.
    public var interruptions: Int

    /// Counts faults; without arguments, none.
    public init(errors: Int = 0, crashes: Int = 0, interruptions: Int = 0) {
        self.errors = errors
        self.crashes = crashes
        self.interruptions = interruptions
    }

    /// Whether the image may be what ended a process, so that it must not share one with others.
    public var isSuspect: Bool { crashes > 0 || interruptions > 0 }
}
