import SocketIO

/// Where the operator lets webhooks go.
public struct WebhookPolicy: Sendable, Equatable {
    /// The ports of the public internet that take webhooks.
    static let ports: Set<UInt16> = [443, 8443]

    /// The hosts of the operator's own network, as `HOST` or `HOST:PORT`.
    private let localHosts: Set<String>

    /// Creates a policy.
    ///
    /// - Parameter localHosts: Hosts of the operator's own network: these may be reached by http,
    ///   at private addresses and at any port, or at the one that is named.
    public init(localHosts: [String] = []) {
        self.localHosts = Set(localHosts.map { $0.lowercased() })
    }

    /// Whether the operator has listed an address's host.
    private func isLocal(_ url: WebhookURL) -> Bool {
        let name = url.host.contains(":") ? "[\(url.host)]" : url.host
        return localHosts.contains(name) || localHosts.contains("\(name):\(url.port)")
    }

    /// Why an address is refused, as far as it tells by itself; `nil` if it may be tried.
    public func refusal(of url: WebhookURL) -> String? {
        guard !isLocal(url) else { return nil }
        guard url.isEncrypted else {
            return
                "The url must begin with https://, since its host is not one that the operator has listed."
        }
        guard Self.ports.contains(url.port) else {
            return
                "The url's port must be 443 or 8443, since its host is not one that the operator has listed."
        }
        guard !AddressBlock.isAddress(url.host) || PublicAddress.contains(url.host) else {
            return "The url's host must be on the public internet."
        }
        return nil
    }

    /// Returns whether a connection may be made to an address that a host's name has led to.
    func allows(_ address: SocketAddress, for url: WebhookURL) -> Bool {
        isLocal(url) || PublicAddress.contains(address.host)
    }
}
