/// Bounds on how much a peer may make the server store or wait for.
///
/// Every bound is inclusive and counts bytes or items. A request that reaches the limit exactly is
/// accepted; one more is refused with the ``HTTPFault`` named at the field.
public struct HTTPLimits: Sendable, Equatable {
    /// Bytes of a request head, from its first byte through the empty line.
    ///
    /// Beyond it: ``HTTPFault/headTooLarge(maxBytes:)`` (431).
    public var maxHeadBytes: Int

    /// Bytes of a request line, CRLF included: ``HTTPFault/requestLineTooLong`` (414).
    public var maxRequestLineBytes: Int

    /// Field lines of a request head: ``HTTPFault/tooManyFields(maxFields:)`` (431).
    public var maxFields: Int

    /// Bytes of a request body without its framing: ``HTTPFault/bodyTooLarge(limit:)`` (413).
    public var maxBodyBytes: UInt64

    /// Bytes of chunk extensions and trailer lines over a whole body.
    ///
    /// Beyond it: ``HTTPFault/chunkOverheadTooLarge`` (400).
    public var maxChunkOverheadBytes: Int

    /// Bytes of body handed out at once, or buffered while the handler asks for none.
    public var maxBodyPieceBytes: Int

    /// Bytes of an unread body that are discarded after an early answer to keep the connection.
    public var maxDiscardedBodyBytes: UInt64

    /// Requests after which a connection is closed in an orderly way.
    public var maxRequestsPerConnection: Int

    /// Creates the limits; the defaults are the project's.
    public init(
        maxHeadBytes: Int = 16 << 10,
        maxRequestLineBytes: Int = 8 << 10,
        maxFields: Int = 100,
        maxBodyBytes: UInt64 = 1 << 30,
        maxChunkOverheadBytes: Int = 16 << 10,
        maxBodyPieceBytes: Int = 256 << 10,
        maxDiscardedBodyBytes: UInt64 = 256 << 10,
        maxRequestsPerConnection: Int = 1000
    ) {
        self.maxHeadBytes = maxHeadBytes
        self.maxRequestLineBytes = maxRequestLineBytes
        self.maxFields = maxFields
        self.maxBodyBytes = maxBodyBytes
        self.maxChunkOverheadBytes = maxChunkOverheadBytes
        self.maxBodyPieceBytes = maxBodyPieceBytes
        self.maxDiscardedBodyBytes = maxDiscardedBodyBytes
        self.maxRequestsPerConnection = maxRequestsPerConnection
    }
}
