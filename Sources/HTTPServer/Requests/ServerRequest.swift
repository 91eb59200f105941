public import HTTPTypes
public import HTTPWire

/// A request as a handler sees it.
public struct ServerRequest: Sendable {
    /// The method.
    public var method: HTTPRequest.Method
    /// The decoded target.
    public var target: RequestTarget
    /// The fields.
    public var fields: HTTPFields
    /// The body, to be read at most once.
    public var body: RequestBody
    /// The client's numeric address without the port: the peer's, or the one a trusted proxy gives.
    public var peer: String
    /// An identifier for logs, also sent back as `X-Request-Id`.
    public var id: String
    /// Signals that the client will send nothing more.
    public var clientEnd: ClientEnd
    /// Whether all ordinary connections are taken, so that only urgent requests should be served.
    public var isOnReserve: Bool

    /// Creates a request, so that handlers can be tested without a server.
    public init(
        method: HTTPRequest.Method,
        target: RequestTarget,
        fields: HTTPFields = [:],
        body: RequestBody = RequestBody([]),
        peer: String = "127.0.0.1",
        id: String = "test",
        clientEnd: ClientEnd = ClientEnd(),
        isOnReserve: Bool = false
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
        self.peer = peer
        self.id = id
        self.clientEnd = clientEnd
        self.isOnReserve = isOnReserve
    }

    /// The request's place in the client's trace; `nil` if it names none, or a malformed one.
    public var trace: TraceParent? {
        fields[.traceParent].flatMap { TraceParent($0) }
    }

    /// The media type of the body, if present and well formed.
    public var contentType: MediaType? {
        fields[.contentType].flatMap { MediaType($0) }
    }
}
