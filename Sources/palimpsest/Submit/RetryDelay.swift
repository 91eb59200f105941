/// The delays between the attempts of one request.
///
/// A delay requested by the server is used, up to ten minutes. Otherwise delays start at one second
/// and double up to a minute. Every new request starts afresh.
struct RetryDelay {
    private static let most: Duration = .seconds(60)
    /// The longest delay that a server may request.
    private static let mostAsked: Duration = .seconds(600)

    private let patience: Duration
    private var waited: Duration = .zero
    private var next: Duration = .seconds(1)

    /// Starts with no time waited.
    ///
    /// - Parameter patience: The maximum total of the delays.
    init(patience: Duration) {
        self.patience = patience
    }

    /// Returns the next delay.
    ///
    /// - Parameter asked: The delay in seconds that the server requests, if any.
    /// - Returns: The delay, or `nil` if it would exceed the total.
    mutating func take(asked: Int?) -> Duration? {
        let delay = asked.map { min(.seconds(max($0, 1)), Self.mostAsked) } ?? next
        guard waited + delay <= patience else { return nil }
        waited += delay
        next = min(next * 2, Self.most)
        return delay
    }
}
