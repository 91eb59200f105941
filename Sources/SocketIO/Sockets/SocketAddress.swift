import CLinux
import Glibc

/// The address of a socket: a numeric IPv4 or IPv6 address with a port, or a path in the file
/// system.
public enum SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// A numeric address, such as `127.0.0.1` or `::1`, and a port in host byte order.
    ///
    /// Port 0 asks the system for a free one.
    case internet(host: String, port: UInt16)
    /// A Unix-domain socket.
    case unix(path: String)

    /// Creates an internet address without looking up names.
    ///
    /// - Throws: ``SocketError`` with `EINVAL` if `host` is not numeric.
    public init(host: String, port: UInt16) throws(SocketError) {
        self = .internet(host: host, port: port)
        _ = try raw()
    }

    /// Converts a system address.
    ///
    /// It is `nil` for other address families, and for a Unix-domain socket without a path, such as
    /// a client's.
    init?(_ raw: clinux_address) {
        var (raw, text) = (raw, [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN)))
        if raw.storage.ss_family == sa_family_t(AF_UNIX) {
            let path = clinux_address_path(&raw).map { String(cString: $0) } ?? ""
            guard !path.isEmpty else { return nil }
            self = .unix(path: path)
            return
        }
        let port = clinux_address_format(&raw, &text, socklen_t(text.count))
        guard let port = UInt16(exactly: port) else { return nil }
        let host = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        self = .internet(host: host, port: port)
    }

    /// The numeric address; `unix` for a Unix-domain socket.
    public var host: String {
        switch self {
        case .internet(let host, _): host
        case .unix: "unix"
        }
    }

    /// The port; 0 for a Unix-domain socket.
    public var port: UInt16 {
        switch self {
        case .internet(_, let port): port
        case .unix: 0
        }
    }

    func raw() throws(SocketError) -> clinux_address {
        var address = clinux_address()
        switch self {
        case .internet(let host, let port):
            guard clinux_address_parse(&address, host, port) == 0 else {
                throw SocketError(operation: "parse address", number: EINVAL)
            }
        case .unix(let path):
            guard clinux_address_unix(&address, path) == 0 else {
                throw SocketError(operation: "parse address", number: ENAMETOOLONG)
            }
        }
        return address
    }

    /// The form used in settings: `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/palimpsest.sock`.
    public var description: String {
        switch self {
        case .internet(let host, let port):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
