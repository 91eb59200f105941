import HTTPTypes
import SocketIO

/// Determines a request's client address behind proxies.
///
/// Each proxy appends the address of its own peer to `X-Forwarded-For`; anything before that is
/// hearsay. The list is therefore read from its end, and only as far as a trusted proxy wrote the
/// entry.
struct ProxyTrust: Sendable {
    let proxies: [AddressBlock]

    /// Returns the client's numeric address.
    ///
    /// - Parameters:
    ///   - peer: The host at the other end of the connection.
    ///   - fields: The request's fields.
    /// - Returns: The address; `peer` itself unless a trusted proxy says otherwise.
    func client(peer: String, fields: HTTPFields) -> String {
        guard isTrusted(peer), let name = HTTPField.Name("X-Forwarded-For") else { return peer }
        var client = peer
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let entries = fields[values: name].joined(separator: ",").utf8.split(
            separator: UInt8(ascii: ",")
        )
        for entry in entries.reversed() {
            let host = String(
                decoding: entry.drop(while: isBlank).reversed().drop(while: isBlank).reversed(),
                as: UTF8.self
            )
            guard AddressBlock.isAddress(host) else { break }
            client = host
            guard isTrusted(host) else { break }
        }
        return client
    }

    private func isTrusted(_ host: String) -> Bool { proxies.contains { $0.contains(host) } }
}
