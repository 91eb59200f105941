public import HTTPTypes

/// A response as a handler builds it.
///
/// The server sets `Content-Length`, `Transfer-Encoding`, `Connection`, `Date` and `X-Request-Id`.
/// A handler answers HEAD as it would GET: the server keeps the fields and omits the body, without
/// running a stream.
public struct ServerResponse: Sendable {
    /// A final status, 200 to 599.
    public var status: HTTPResponse.Status
    /// The fields; `Connection: close` ends the connection after the response.
    public var fields: HTTPFields
    /// The body.
    public var body: ResponseBody
    /// An object kept until the whole response has been sent or the connection is lost.
    ///
    /// Releasing its last reference can, for example, end the counting of a request under way. A
    /// connection whose response has a permit is not closed to make room.
    public var permit: (any Sendable)?

    /// Creates a response.
    public init(status: HTTPResponse.Status, fields: HTTPFields = [:], body: ResponseBody = .none) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// The body of a response.
public enum ResponseBody: Sendable {
    /// No body; `Content-Length: 0` if the status allows one.
    case none
    /// These bytes.
    case bytes([UInt8])
    /// Bytes produced while they are sent.
    ///
    /// With a length, exactly that many bytes must be written; without one, the chunked coding is
    /// used. An error thrown midway cuts the connection, so that the peer can tell that the body is
    /// incomplete.
    case stream(length: UInt64?, @Sendable (ResponseWriter) async throws -> Void)
}

/// Sends the bytes of a streamed response.
public struct ResponseWriter: Sendable {
    private let send: @Sendable ([UInt8]) async throws -> Void

    /// Creates a writer over a function that takes bytes, so that handlers can be tested without a
    /// server.
    public init(_ send: @escaping @Sendable ([UInt8]) async throws -> Void) {
        self.send = send
    }

    /// Sends bytes and waits until the socket has taken them all.
    ///
    /// A slow reader therefore costs one piece of memory.
    ///
    /// - Throws: ``ConnectionClosed`` if the peer is gone, `ResponseMisuse` for more bytes than
    ///   announced.
    public func write(_ bytes: [UInt8]) async throws {
        try await send(bytes)
    }
}

/// The peer is gone or the connection was dropped; the response will not be read.
public struct ConnectionClosed: Error, Sendable, Equatable {
    /// Creates the error.
    public init() {}
}
