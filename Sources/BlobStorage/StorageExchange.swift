/// A request to a storage that is reached over the network, and what came of it, for metrics.
public struct StorageExchange: Sendable, Equatable {
    /// Receives each exchange, on the thread that made it; must not block.
    public typealias Observer = @Sendable (StorageExchange) -> Void

    /// What was asked.
    public enum Operation: String, Sendable, CaseIterable {
        /// To store an object.
        case put
        /// To send an object, or a part of it.
        case get
        /// To tell the size of an object.
        case head
        /// To remove an object.
        case delete
        /// To list a page of keys.
        case list
    }

    /// What followed.
    public enum End: Sendable, CaseIterable {
        /// It was answered, if only by the word that there is no such object.
        case answered
        /// It failed, and was sent again.
        case repeated
        /// It failed, and whoever asked was told so.
        case failed
    }

    /// What was asked.
    public let operation: Operation
    /// The status of the answer; `nil` if there was none.
    public let status: Int?
    /// From the first byte sent to the last one received.
    public let duration: Duration
    /// What followed.
    public let end: End

    /// For storages: an exchange.
    public init(operation: Operation, status: Int?, duration: Duration, end: End) {
        self.operation = operation
        self.status = status
        self.duration = duration
        self.end = end
    }
}
