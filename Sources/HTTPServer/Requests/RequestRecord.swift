public import HTTPTypes
public import HTTPWire

/// The outcome of one request, for logs and metrics.
public struct RequestRecord: Sendable, Equatable {
    /// The request's identifier.
    public var id: String
    /// The client's numeric address: the peer's, or the one that a trusted proxy gives.
    public var peer: String
    /// The method; `nil` for a request whose head was refused.
    public var method: HTTPRequest.Method?
    /// The path without the query, visible ASCII only; empty for a refused head.
    public var path: String
    /// What was to answer it; `nil` for a refused head.
    public var route: RouteSummary?
    /// The place in the client's trace; `nil` if the request named none.
    public var trace: TraceParent?
    /// The status sent; `nil` if the peer disconnected first.
    public var status: Int?
    /// The number of request body bytes delivered to the handler.
    public var receivedBytes: UInt64
    /// The number of response body bytes given to the socket.
    public var sentBytes: UInt64
    /// The time from the complete head to the end of the response.
    public var duration: Duration
    /// Whether the whole response was produced.
    public var isComplete: Bool

    /// Creates a record, so that observers can be tested without a server.
    public init(
        id: String,
        peer: String,
        method: HTTPRequest.Method?,
        path: String,
        route: RouteSummary? = nil,
        trace: TraceParent? = nil,
        status: Int?,
        receivedBytes: UInt64,
        sentBytes: UInt64,
        duration: Duration,
        isComplete: Bool
    ) {
        self.id = id
        self.peer = peer
        self.method = method
        self.path = path
        self.route = route
        self.trace = trace
        self.status = status
        self.receivedBytes = receivedBytes
        self.sentBytes = sentBytes
        self.duration = duration
        self.isComplete = isComplete
    }
}
