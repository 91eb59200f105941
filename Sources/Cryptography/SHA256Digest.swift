/// The 32 bytes of a SHA-256 hash.
///
/// Two digests are compared in time that depends on their bytes, and so are not to be compared where one is a secret.
public struct SHA256Digest: Sendable, Hashable {
    /// How many bytes a digest has.
    public static let byteCount = 32

    /// The digest's 32 bytes, in the order of FIPS 180-4.
    public let bytes: [UInt8]

    /// Makes a digest of bytes that were read from somewhere.
    ///
    /// - Parameter bytes: Exactly 32 bytes; anything else gives `nil`.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Reads 64 hexadecimal digits, of either case.
    ///
    /// - Parameter hex: The digits alone: no prefix, no space; anything else gives `nil`.
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
