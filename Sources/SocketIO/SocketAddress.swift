import CLinux
import Glibc

/// A numeric IPv4 or IPv6 address with a port.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The numeric address: `127.0.0.1`, `::1`.
    public let host: String

    /// The port in host byte order; 0 asks the system for a free one.
    public let port: UInt16

    /// Creates an address; names are not looked up.
    ///
    /// - Throws: ``SocketError`` with `EINVAL` when `host` is not numeric.
    public init(host: String, port: UInt16) throws(SocketError) {
        self.host = host
        self.port = port
        _ = try raw()
    }

    init?(_ raw: clinux_address) {
        var (raw, text) = (raw, [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN)))
        let port = clinux_address_format(&raw, &text, socklen_t(text.count))
        guard let port = UInt16(exactly: port) else { return nil }
        host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.port = port
    }

    func raw() throws(SocketError) -> clinux_address {
        var address = clinux_address()
        guard clinux_address_parse(&address, host, port) == 0 else {
            throw SocketError(operation: "parse address", number: EINVAL)
        }
        return address
    }

    /// `127.0.0.1:8080`, `[::1]:8080`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
