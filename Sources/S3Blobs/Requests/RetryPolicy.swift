/// When a request that failed is sent again.
struct RetryPolicy: Sendable {
    /// How often a request is sent at most.
    var attempts = 5
    /// How long after its beginning a request is sent again at most: who waits for it had better
    /// hear that the store does not answer.
    var patience = Duration.seconds(10)
    /// The first pause, which doubles each time.
    var firstPause = Duration.milliseconds(100)

    /// Whether another attempt may succeed after an answer with this status.
    ///
    /// Stores answer 429 and 503 (`SlowDown`) when there is too much to do.
    static func isTransient(_ status: Int) -> Bool {
        [408, 425, 429, 500, 502, 503, 504].contains(status)
    }

    /// Returns the pause after an attempt.
    ///
    /// It is random between half and one and a half, so that those whom one outage has stopped do
    /// not come back at once.
    ///
    /// - Parameters:
    ///   - attempt: The number of attempts so far, at least one.
    ///   - time: How long ago the first one began.
    ///   - fraction: A random number from 0 to 1.
    /// - Returns: `nil` if there is no further attempt.
    func pause(after attempt: Int, within time: Duration, fraction: Double) -> Duration? {
        guard attempt < attempts, time < patience else { return nil }
        return firstPause * (1 << (attempt - 1)) * (0.5 + fraction)
    }
}
