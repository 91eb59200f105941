/// What is known of a request before its handler runs.
public struct RouteSummary: Sendable, Equatable {
    /// The pattern that matches the path, for logs and metrics that must not hold the peer's text;
    /// `nil` if none does.
    public var pattern: String?
    /// Whether the handler takes only microseconds between its waits.
    ///
    /// It then runs on the connection's queue, which saves changes of threads. Others run on the
    /// threads of Swift's tasks, so that they do not hold up the queue's other connections.
    public var isBrief: Bool

    /// Creates a summary.
    public init(pattern: String? = nil, isBrief: Bool = false) {
        self.pattern = pattern
        self.isBrief = isBrief
    }
}
