import JobModel

/// A message between the service and a codec process.
///
///     magic "PLM1" | header length, 32 bits | body length, 64 bits | header, JSON | body
///
/// Both lengths are little-endian. Frames follow each other without a gap.
public struct CodecFrame: Sendable, Equatable {
    /// The JSON that describes the message.
    public var header: [UInt8]
    /// The bytes of pictures and attachments, one after the other.
    public var body: [UInt8]

    /// Creates a frame.
    public init(header: [UInt8], body: [UInt8] = []) {
        self.header = header
        self.body = body
    }

    /// The number of bytes before the header.
    public static let prefixCount = 16

    static let magic: [UInt8] = Array("PLM1".utf8)

    /// Returns the bytes before the header.
    ///
    /// - Parameters:
    ///   - headerCount: The header's length in bytes.
    ///   - bodyCount: The body's length in bytes.
    /// - Returns: ``prefixCount`` bytes.
    public static func prefix(headerCount: UInt32, bodyCount: UInt64) -> [UInt8] {
        magic + (0..<4).map { UInt8(truncatingIfNeeded: headerCount >> ($0 * 8)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: bodyCount >> ($0 * 8)) }
    }
}

/// The longest permitted parts of a frame.
public struct CodecLimits: Sendable, Equatable {
    /// The most bytes of a header.
    public var maxHeaderBytes: UInt64
    /// The most bytes of a body.
    public var maxBodyBytes: UInt64

    /// Creates limits; the defaults are the protocol's, 256 KiB and 512 MiB.
    public init(maxHeaderBytes: UInt64 = 256 << 10, maxBodyBytes: UInt64 = 512 << 20) {
        self.maxHeaderBytes = maxHeaderBytes
        self.maxBodyBytes = maxBodyBytes
    }

    /// Returns the same limits for the first answer of a process with some models, whose body is
    /// their measured protections.
    public func ofGreeting(models count: Int) -> CodecLimits {
        CodecLimits(
            maxHeaderBytes: maxHeaderBytes,
            maxBodyBytes: UInt64(count * JSONObject.maxBytes)
        )
    }
}
