/// When an image that was not finished is tried again.
///
/// Three counts are kept apart, because they mean different things: errors of the machine (a read failed, memory ran out), crashes
/// (the process that had the image died) and interruptions (the whole service was killed or cut off, by which any image may be
/// hit). An orderly release counts as none of them.
public struct RetryRule: Sendable, Equatable {
    /// What becomes of the image.
    public enum Verdict: Sendable, Equatable {
        /// It waits this long, then it may be claimed again.
        case retry(after: Duration)
        /// It has failed for good.
        case fail
        /// It is set aside.
        case quarantine
    }

    /// After how many errors an image fails.
    public var maxErrors = 5
    /// After how many crashes an image is set aside.
    public var maxCrashes = 2
    /// After how many interruptions an image is set aside.
    public var maxInterruptions = 5
    /// How long the first error makes an image wait; each further one doubles it.
    public var firstDelay: Duration = .seconds(1)
    /// The longest wait, before the jitter.
    public var maxDelay: Duration = .seconds(60)

    /// The longest wait with the jitter: an image that would wait longer waits for a clock that was set back.
    public var longestDelay: Duration { maxDelay + maxDelay / 10 }

    /// The rule of the service.
    public init() {}

    /// Decides after an error of the machine.
    ///
    /// - Parameters:
    ///   - errors: How many the image has had, this one included.
    ///   - jitter: 0 to 1, drawn at random; it adds up to a tenth to the wait, so that images that failed together do not all come
    ///     back together.
    /// - Returns: ``Verdict/retry(after:)`` until the errors reach ``maxErrors``, then ``Verdict/fail``.
    public func afterError(errors: Int, jitter: Double) -> Verdict {
        guard errors < maxErrors else { return .fail }
        let doublings = min(max(errors - 1, 0), 30)
        let delay = min(firstDelay * (1 << doublings), maxDelay)
        return .retry(after: delay + delay * (min(max(jitter, 0), 1) / 10))
    }

    /// Decides after a crash.
    ///
    /// - Parameter crashes: How many the image has had, this one included.
    /// - Returns: An immediate retry, or ``Verdict/quarantine``.
    public func afterCrash(crashes: Int) -> Verdict {
        crashes < maxCrashes ? .retry(after: .zero) : .quarantine
    }

    /// Decides after an interruption.
    ///
    /// - Parameter interruptions: How many the image has had, this one included.
    /// - Returns: An immediate retry, or ``Verdict/quarantine``.
    public func afterInterruption(interruptions: Int) -> Verdict {
        interruptions < maxInterruptions ? .retry(after: .zero) : .quarantine
    }
}
