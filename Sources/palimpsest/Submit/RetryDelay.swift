/// How long to wait before a request is sent again.
///
/// As long as the server says; else a second, twice as long each time, a minute at the most. What went well begins anew.
struct RetryDelay {
    private static let most: Duration = .seconds(60)
    /// What a server may ask for at once.
    private static let mostAsked: Duration = .seconds(600)

    private let patience: Duration
    private var waited: Duration = .zero
    private var next: Duration = .seconds(1)

    /// Starts with nothing waited.
    ///
    /// - Parameter patience: How long to wait altogether.
    init(patience: Duration) {
        self.patience = patience
    }

    /// The next wait.
    ///
    /// - Parameter asked: The seconds that the server asks for.
    /// - Returns: How long; `nil` when there is no patience left.
    mutating func take(asked: Int?) -> Duration? {
        let delay = asked.map { min(.seconds(max($0, 1)), Self.mostAsked) } ?? next
        guard waited + delay <= patience else { return nil }
        waited += delay
        next = min(next * 2, Self.most)
        return delay
    }
}
