import HTTPServer
import SocketIO

/// What `serve` tells a person who starts it, on standard output: first where the page is.
public enum Banner {
    /// Writes the banner.
    ///
    /// - Parameters:
    ///   - address: Where the service listens.
    ///   - isEncrypted: Whether it speaks TLS there.
    ///   - token: The token of the sign-in link; `nil` if there is none.
    /// - Returns: Lines, each with its newline.
    static func text(at address: SocketAddress, isEncrypted: Bool, token: String?) -> String {
        guard let page = page(at: address, isEncrypted: isEncrypted) else {
            return "The page is at / of \(address), for a proxy to pass on.\n"
        }
        guard let token else { return "\(page)\n" }
        return """
            \(page)
            This link signs you in there, once and within an hour: \(page)#sign-in=\(token)

            """
    }

    /// Returns the page's address as this machine reaches it; `nil` for a Unix-domain socket.
    private static func page(at address: SocketAddress, isEncrypted: Bool) -> String? {
        guard case .internet(let host, let port) = address else { return nil }
        // Who listens on every address is reached at the loopback one as well.
        let reachable = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host
        let shown = reachable.contains(":") ? "[\(reachable)]" : reachable
        return "\(isEncrypted ? "https" : "http")://\(shown):\(port)/"
    }
}
