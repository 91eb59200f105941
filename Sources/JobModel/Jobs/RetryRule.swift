/// Decides when an unfinished image is tried again.
///
/// There are three separate counts, because they mean different things. Errors are the machine's: a
/// read failed or memory ran out. Crashes are deaths of the process working on the image.
/// Interruptions are deaths of the whole service, or expired leases, which may hit any image. An
/// orderly release counts as none of them.
public struct RetryRule: Sendable, Equatable {
    /// What happens to the image.
    public enum Verdict: Sendable, Equatable {
        /// It may be claimed again after this delay.
        case retry(after: Duration)
        /// It fails permanently.
        case fail
        /// It is quarantined.
        case quarantine
    }

    /// The number of errors at which an image fails.
    public var maxErrors = 5
    /// The number of crashes at which an image is quarantined.
    public var maxCrashes = 2
    /// The number of interruptions at which an image is quarantined.
    public var maxInterruptions = 5
    /// The delay after the first error; it doubles with each further error.
    public var firstDelay: Duration = .seconds(1)
    /// The maximum delay without jitter.
    public var maxDelay: Duration = .seconds(60)

    /// The maximum delay with jitter; a longer wait means that the clock was set back.
    public var longestDelay: Duration { maxDelay + maxDelay / 10 }

    /// Creates the rule of the service.
    public init() {}

    /// Decides after a machine error.
    ///
    /// - Parameters:
    ///   - errors: The number of errors so far, including this one.
    ///   - jitter: A random number from 0 to 1. It extends the delay by up to a tenth, so that
    ///     images that failed together do not all return together.
    /// - Returns: ``Verdict/retry(after:)`` until the errors reach ``maxErrors``, then
    ///   ``Verdict/fail``.
    public func afterError(errors: Int, jitter: Double) -> Verdict {
        guard errors < maxErrors else { return .fail }
        let doublings = min(max(errors - 1, 0), 30)
        let delay = min(firstDelay * (1 << doublings), maxDelay)
        return .retry(after: delay + delay * (min(max(jitter, 0), 1) / 10))
    }

    /// Decides after a crash.
    ///
    /// - Parameter crashes: The number of crashes so far, including this one.
    /// - Returns: An immediate retry, or ``Verdict/quarantine``.
    public func afterCrash(crashes: Int) -> Verdict {
        crashes < maxCrashes ? .retry(after: .zero) : .quarantine
    }

    /// Decides after an interruption.
    ///
    /// - Parameter interruptions: The number of interruptions so far, including this one.
    /// - Returns: An immediate retry, or ``Verdict/quarantine``.
    public func afterInterruption(interruptions: Int) -> Verdict {
        interruptions < maxInterruptions ? .retry(after: .zero) : .quarantine
    }
}
