import CLinux

/// A block of numeric addresses in CIDR notation, or `unix`, the peers of Unix-domain sockets.
///
/// Examples are `10.0.0.0/8`, `2001:db8::/32` and the single address `127.0.0.1`.
public struct AddressBlock: Sendable, Equatable {
    /// The address's bytes, 4 or 16; empty for `unix`.
    private let bytes: [UInt8]
    /// The length of the prefix in bits.
    private let bits: Int

    /// Parses a block; `nil` if the text is not one.
    public init?(_ text: String) {
        if text == "unix" {
            (bytes, bits) = ([], 0)
            return
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = Self.bytes(of: String(parts[0])) else { return nil }
        self.bytes = bytes
        guard parts.count == 2 else {
            bits = 8 * bytes.count
            return
        }
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(parts[1]),
            (0...8 * bytes.count).contains(bits)
        else {
            return nil
        }
        self.bits = bits
    }

    /// Returns whether the block contains a peer's host.
    public func contains(_ host: String) -> Bool {
        guard !bytes.isEmpty else { return host == "unix" }
        guard let other = Self.bytes(of: host), other.count == bytes.count else { return false }
        for (index, pair) in zip(bytes, other).enumerated() {
            let counted = min(max(bits - 8 * index, 0), 8)
            guard counted > 0 else { return true }
            guard pair.0 >> (8 - counted) == pair.1 >> (8 - counted) else { return false }
        }
        return true
    }

    /// The addresses of peers on this machine.
    public static let thisMachine = ["127.0.0.0/8", "::1", "unix"].compactMap(AddressBlock.init)

    /// Returns the bytes that identify a subscriber: all of an IPv4 address, or the /64 of an IPv6
    /// address.
    public static func network(of host: String) -> [UInt8] {
        let bytes = bytes(of: host) ?? []
        return bytes.count == 16 ? Array(bytes.prefix(8)) : bytes
    }

    /// Returns whether a text is a numeric address.
    public static func isAddress(_ text: String) -> Bool { bytes(of: text) != nil }

    private static func bytes(of host: String) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = clinux_address_bytes(host, &buffer)
        return count > 0 ? Array(buffer.prefix(Int(count))) : nil
    }
}
