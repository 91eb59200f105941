import CLinux

/// Numeric addresses that begin alike, such as `10.0.0.0/8`, `2001:db8::/32` or `127.0.0.1`; or
/// `unix`, the peers of Unix-domain sockets.
public struct AddressBlock: Sendable, Equatable {
    /// The address's bytes, 4 or 16; none for `unix`.
    private let bytes: [UInt8]
    /// How many bits count.
    private let bits: Int

    /// Reads a block; `nil` for what is none.
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

    /// Whether a peer's host is one of them.
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

    /// The peers on this machine.
    public static let thisMachine = ["127.0.0.0/8", "::1", "unix"].compactMap(AddressBlock.init)

    /// The bytes of an address by which one subscriber is told from another: all of an IPv4
    /// address, the 64 bits of an IPv6 one's network.
    public static func network(of host: String) -> [UInt8] {
        let bytes = bytes(of: host) ?? []
        return bytes.count == 16 ? Array(bytes.prefix(8)) : bytes
    }

    /// Whether a text is a numeric address.
    public static func isAddress(_ text: String) -> Bool { bytes(of: text) != nil }

    private static func bytes(of host: String) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = clinux_address_bytes(host, &buffer)
        return count > 0 ? Array(buffer.prefix(Int(count))) : nil
    }
}
