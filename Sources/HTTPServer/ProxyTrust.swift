import HTTPTypes
import SocketIO

/// Who a request comes from, where proxies stand between.
///
/// Each proxy appends the address that it was spoken to from to `X-Forwarded-For`; what comes before is hearsay. So the list is read from
/// its end, and only as long as it was a trusted proxy that wrote the entry.
struct ProxyTrust: Sendable {
    let proxies: [AddressBlock]

    /// The client's numeric address.
    ///
    /// - Parameters:
    ///   - peer: The host that the connection comes from.
    ///   - fields: The request's fields.
    /// - Returns: The address; the peer itself if no trusted proxy says otherwise.
    func client(peer: String, fields: HTTPFields) -> String {
        guard isTrusted(peer), let name = HTTPField.Name("X-Forwarded-For") else { return peer }
        var client = peer
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let entries = fields[values: name].joined(separator: ",").utf8.split(separator: UInt8(ascii: ","))
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
