public import HTTPTypes

/// A response as a handler makes it.
///
/// `Content-Length`, `Transfer-Encoding`, `Connection`, `Date` and `X-Request-Id` are set by the server. A handler answers HEAD
/// as it would GET: the server keeps the fields and leaves the body away, without running a stream.
public struct ServerResponse: Sendable {
    /// A final status, 200 to 599.
    public var status: HTTPResponse.Status
    /// The fields; `Connection: close` ends the connection after the response.
    public var fields: HTTPFields
    /// The body.
    public var body: ResponseBody
    /// Kept until the whole response has left, or the connection is lost; what counts requests under way ends with its last reference.
    ///
    /// A connection whose response has one is not closed to make room.
    public var lease: (any Sendable)?

    /// Creates a response.
    public init(status: HTTPResponse.Status, fields: HTTPFields = [:], body: ResponseBody = .none) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// The body of a response.
public enum ResponseBody: Sendable {
    /// No body; `Content-Length: 0` where the status allows one.
    case none
    /// These bytes.
    case bytes([UInt8])
    /// Bytes that are made while they are sent. With a length, exactly that many must be written; without one the chunked
    /// coding is used. An error thrown in the middle cuts the connection, so that the peer sees that the body is incomplete.
    case stream(length: UInt64?, @Sendable (ResponseWriter) async throws -> Void)
}

/// Sends the bytes of a streamed response.
public struct ResponseWriter: Sendable {
    private let send: @Sendable ([UInt8]) async throws -> Void

    /// Creates a writer over a function that takes the bytes; handlers can so be tested without a server.
    public init(_ send: @escaping @Sendable ([UInt8]) async throws -> Void) {
        self.send = send
    }

    /// Sends bytes, and waits until the socket has taken them all: a slow reader costs one piece of memory.
    ///
    /// - Throws: ``ConnectionClosed`` when the peer is gone, `ResponseMisuse` for more bytes than announced.
    public func write(_ bytes: [UInt8]) async throws {
        try await send(bytes)
    }
}

/// The peer is gone, or the connection was given up; nobody reads the response.
public struct ConnectionClosed: Error, Sendable, Equatable {
    /// Creates the error.
    public init() {}
}
