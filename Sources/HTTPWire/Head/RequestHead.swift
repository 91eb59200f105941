public import HTTPTypes

/// The minor version of HTTP/1 that a request uses.
public enum HTTPVersion: Sendable, Equatable {
    /// HTTP/1.0: neither chunked coding nor persistent connections.
    case http10
    /// HTTP/1.1 and later minor versions, which are treated as 1.1 (RFC 9110 section 2.5).
    case http11
}

/// A request head that has passed every check of ``RequestHeadDecoder``.
public struct RequestHead: Sendable, Equatable {
    /// The method, a token in its original case.
    public var method: HTTPRequest.Method

    /// The decoded target.
    public var target: RequestTarget

    /// The HTTP version.
    public var version: HTTPVersion

    /// The fields in the order received.
    public var fields: HTTPFields

    /// Creates a head, mainly for tests.
    public init(
        method: HTTPRequest.Method,
        target: RequestTarget,
        version: HTTPVersion,
        fields: HTTPFields
    ) {
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
    }

    /// Whether the connection must end after this exchange: the peer asks for it or uses HTTP/1.0.
    public var asksToClose: Bool {
        version == .http10
            || fields[values: .connection].contains { value in
                Grammar.listMembers(value).contains("close")
            }
    }

    /// Whether the peer waits for `100 Continue` before it sends the body
    /// (RFC 9110 section 10.1.1).
    public var expectsContinue: Bool {
        version == .http11 && fields.contains(.expect)
    }
}
