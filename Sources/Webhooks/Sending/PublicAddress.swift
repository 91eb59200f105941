import SocketIO

/// Which addresses are the public internet's, and not the operator's own network.
///
/// Whoever has a key chooses where webhooks go. Without this, they could be sent to what only the
/// service's machine can reach: its loopback, its neighbours, a cloud's metadata.
enum PublicAddress {
    /// From IANA's registries of special-purpose addresses (RFC 6890), and multicast.
    private static let special = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        // Protocol assignments with Teredo, documentation, and 6to4, which holds an IPv4 address.
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    ].compactMap(AddressBlock.init)

    /// What IPv6 has assigned to the internet.
    ///
    /// Everything else is refused: loopback, link-local and private addresses, multicast, and the
    /// prefixes that hold an IPv4 address, such as 64:ff9b::/96 of NAT64.
    private static let global = AddressBlock("2000::/3")

    /// Returns whether a numeric address is a public one.
    static func contains(_ host: String) -> Bool {
        guard AddressBlock.isAddress(host), !special.contains(where: { $0.contains(host) }) else {
            return false
        }
        // An IPv4-mapped address counts as the IPv4 address in it.
        return AddressBlock.network(of: host).count == 4 || global?.contains(host) == true
    }
}
