/// The bounds within which a peer may make this side remember or wait for bytes.
///
/// Every field is a number of bytes or of things, inclusive: a request that uses exactly the limit is accepted, one more is
/// refused with the ``HTTPFault`` that the field's comment names.
public struct HTTPLimits: Sendable, Equatable {
    /// Bytes of a request head, from its first byte to the empty line: ``HTTPFault/headTooLarge(maxBytes:)`` (431).
    public var maxHeadBytes: Int

    /// Bytes of a request line with its CRLF: ``HTTPFault/requestLineTooLong`` (414).
    public var maxRequestLineBytes: Int

    /// Field lines of a request head: ``HTTPFault/tooManyFields(maxFields:)`` (431).
    public var maxFields: Int

    /// Bytes of a request body after its framing is taken away: ``HTTPFault/bodyTooLarge`` (413).
    public var maxBodyBytes: UInt64

    /// Bytes of chunk extensions and trailer lines over one whole body: ``HTTPFault/chunkOverheadTooLarge`` (400).
    public var maxChunkOverheadBytes: Int

    /// Bytes of body handed out, or kept while nobody asks for them, at once.
    public var maxBodyPieceBytes: Int

    /// Bytes of an unread body that are read away after an early answer so that the connection can be kept.
    public var maxDiscardedBodyBytes: UInt64

    /// Requests after which a connection is closed in good order.
    public var maxRequestsPerConnection: Int

    /// Creates the limits; every parameter has the project's default.
    public init(
        maxHeadBytes: Int = 16 << 10,
        maxRequestLineBytes: Int = 8 << 10,
        maxFields: Int = 100,
        maxBodyBytes: UInt64 = 1 << 30,
        maxChunkOverheadBytes: Int = 16 << 10,
        maxBodyPieceBytes: Int = 128 << 10,
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
