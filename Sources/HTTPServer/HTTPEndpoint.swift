/// Where a server listens.
public enum HTTPEndpoint: Sendable, Equatable, CustomStringConvertible {
    /// An IPv4 or IPv6 literal and a port; port 0 lets the system choose.
    case internet(address: String, port: UInt16)
    /// A Unix-domain socket to which the process's owner and group may connect.
    case unix(path: String)
    /// The listening socket passed by systemd.
    case systemd

    /// The form used in settings: `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/palimpsest.sock`,
    /// `systemd`.
    public var description: String {
        switch self {
        case .internet(let address, let port):
            (address.contains(":") ? "[\(address)]" : address) + ":\(port)"
        case .unix(let path): "unix:\(path)"
        case .systemd: "systemd"
        }
    }
}
