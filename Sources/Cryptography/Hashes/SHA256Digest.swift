/// The 32 bytes of a SHA-256 hash.
///
/// Comparing digests takes time that depends on their bytes, so do not compare a secret one.
public struct SHA256Digest: Sendable, Hashable {
    /// The length of a digest in bytes.
    public static let byteCount = 32

    /// The digest's 32 bytes, in the order of FIPS 180-4.
    public let bytes: [UInt8]

    /// Creates a digest from bytes.
    ///
    /// - Parameter bytes: Exactly 32 bytes; anything else gives `nil`.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Parses 64 hexadecimal digits of either case.
    ///
    /// - Parameter hex: Only the digits, without prefix or spaces; anything else gives `nil`.
    public init?(hex: String) {
        guard let bytes = Hexadecimal.decode(hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// The digest as 64 lower-case hexadecimal digits.
    public var hex: String { Hexadecimal.encode(bytes) }
}

extension SHA256Digest: CustomStringConvertible {
    /// The same as ``hex``.
    public var description: String { hex }
}
