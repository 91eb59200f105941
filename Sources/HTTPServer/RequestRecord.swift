public import HTTPTypes

/// What became of one request, for logs and metrics.
public struct RequestRecord: Sendable, Equatable {
    /// The request's identifier.
    public var id: String
    /// The client's numeric address: the peer's, or what a trusted proxy says.
    public var peer: String
    /// The method; `nil` for a request whose head was refused.
    public var method: HTTPRequest.Method?
    /// The path without the query, visible ASCII only; empty for a refused head.
    public var path: String
    /// The status answered; `nil` when the peer went away first.
    public var status: Int?
    /// The bytes of the request's body as they were handed out.
    public var receivedBytes: UInt64
    /// The bytes of the response body that were given to the socket.
    public var sentBytes: UInt64
    /// From the complete head to the response's end.
    public var duration: Duration
    /// Whether the response was given out as a whole.
    public var isComplete: Bool

    /// Describes a request; observers can so be tested without a server.
    public init(
        id: String,
        peer: String,
        method: HTTPRequest.Method?,
        path: String,
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
        self.status = status
        self.receivedBytes = receivedBytes
        self.sentBytes = sentBytes
        self.duration = duration
        self.isComplete = isComplete
    }
}
