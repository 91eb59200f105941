/// One message between the service and a codec process.
///
///     magic "PLM1" | header length, 32 bits | body length, 64 bits | header, JSON | body
///
/// Both numbers are little-endian. Nothing stands between two frames.
public struct CodecFrame: Sendable, Equatable {
    /// The JSON that says what this is.
    public var header: [UInt8]
    /// Pictures, one after the other.
    public var body: [UInt8]

    /// Puts a frame together.
    public init(header: [UInt8], body: [UInt8] = []) {
        self.header = header
        self.body = body
    }

    /// How many bytes stand before the header.
    public static let prefixCount = 16

    static let magic: [UInt8] = Array("PLM1".utf8)

    /// The bytes before the header.
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

/// How long the parts of a frame may be.
public struct CodecLimits: Sendable, Equatable {
    /// The most bytes of a header.
    public var maxHeaderBytes: UInt64
    /// The most bytes of a body.
    public var maxBodyBytes: UInt64

    /// Sets limits; without arguments those of the protocol, 256 KiB and 512 MiB.
    public init(maxHeaderBytes: UInt64 = 256 << 10, maxBodyBytes: UInt64 = 512 << 20) {
        self.maxHeaderBytes = maxHeaderBytes
        self.maxBodyBytes = maxBodyBytes
    }
}
