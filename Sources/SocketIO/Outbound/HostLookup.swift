import CLinux
import Glibc

/// Finds the addresses of hosts, through the system's resolver.
public enum HostLookup {
    /// Returns the addresses of a host, in the order in which to try them; blocks.
    ///
    /// - Parameters:
    ///   - host: A name or a numeric address.
    ///   - port: The port of the addresses.
    /// - Returns: At least one address.
    /// - Throws: ``OutboundError/hostUnknown``.
    public static func addresses(
        of host: String,
        port: UInt16
    ) throws(OutboundError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &first) == 0 else { throw .hostUnknown }
        defer { freeaddrinfo(first) }
        var found: [SocketAddress] = []
        var next = first
        while let entry = next {
            if let address = address(in: entry.pointee), !found.contains(address) {
                found.append(address)
            }
            next = entry.pointee.ai_next
        }
        guard !found.isEmpty else { throw .hostUnknown }
        return found
    }

    private static func address(in entry: addrinfo) -> SocketAddress? {
        var raw = clinux_address()
        guard let bytes = entry.ai_addr,
            Int(entry.ai_addrlen) <= MemoryLayout.size(ofValue: raw.storage)
        else { return nil }
        memcpy(&raw.storage, bytes, Int(entry.ai_addrlen))
        raw.length = entry.ai_addrlen
        return SocketAddress(raw)
    }
}
