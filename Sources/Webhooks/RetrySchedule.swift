/// When a message is sent again that was not accepted.
///
/// The pauses are those that Standard Webhooks recommends, some three days in all.
public enum RetrySchedule {
    private static let pauses: [Duration] = [
        .seconds(5), .seconds(5 * 60), .seconds(30 * 60), .seconds(2 * 3600), .seconds(5 * 3600),
        .seconds(10 * 3600), .seconds(14 * 3600), .seconds(20 * 3600), .seconds(24 * 3600),
    ]

    /// How often a message is sent at most.
    public static let maxAttempts = pauses.count + 1

    /// Returns the pause after an attempt that failed.
    ///
    /// A part of it is random, so that the messages that one outage has held back do not come back
    /// all at once.
    ///
    /// - Parameters:
    ///   - attempts: How often the message was sent, at least once.
    ///   - fraction: A random number from 0 to 1.
    /// - Returns: The pause, up to a fifth longer than recommended; `nil` if the message is given
    ///   up.
    public static func pause(afterAttempts attempts: Int, fraction: Double) -> Duration? {
        guard pauses.indices.contains(attempts - 1) else { return nil }
        return pauses[attempts - 1] * (1 + 0.2 * min(max(fraction, 0), 1))
    }
}
