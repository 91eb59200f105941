/// The 32 bytes of a SHA-256 hash.
///
/// Two digests are compared in time that depends on their bytes; secrets are compared with ``ConstantTime``.
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
        let digits = Array(hex.utf8)
        guard digits.count == 2 * Self.byteCount else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        for position in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(ofDigit: digits[position]),
                let low = Self.value(ofDigit: digits[position + 1])
            else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    /// The digest as 64 lower-case hexadecimal digits.
    public var hex: String {
        let alphabet = Array("0123456789abcdef".utf8)
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * Self.byteCount)
        for byte in bytes {
            digits.append(alphabet[Int(byte >> 4)])
            digits.append(alphabet[Int(byte & 15)])
        }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension SHA256Digest: CustomStringConvertible {
    /// The same as ``hex``.
    public var description: String { hex }
}
