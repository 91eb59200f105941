import HTTPServer
import HTTPWire
import Logging
import Queue
import SocketIO

/// What listens.
extension ProtectionService {
    /// Drains all servers at the same time, so that they share one grace period.
    static func drain(_ servers: [HTTPServer], grace: Duration) async {
        await withDiscardingTaskGroup { group in
            for server in servers { group.addTask { await server.drain(grace: grace) } }
        }
    }

    var tls: TLSConfiguration? {
        guard let certificate = settings.tlsCertificate, let key = settings.tlsKey else {
            return nil
        }
        return TLSConfiguration(
            certificateFile: certificate,
            keyFile: key,
            clientCAFile: settings.tlsClientCA
        )
    }

    /// Makes the API's server, unless this is a worker, and that of the metrics.
    func makeServers(
        _ sources: ServiceMetrics.Sources,
        _ metrics: ServiceMetrics,
        _ maxConnections: Int
    ) -> [(HTTPEndpoint, HTTPServer)] {
        var servers: [(HTTPEndpoint, HTTPServer)] = []
        let api = sources.api
        if role == .server {
            let server = makeServer(
                api,
                settings.bind,
                api.router(),
                metrics,
                maxConnections,
                tls: tls
            )
            servers.append((settings.bind, server))
        }
        if let endpoint = settings.metrics {
            var router = metrics.router(sources) { [server = servers.first?.1] in
                server?.connectionCount ?? 0
            }
            if role == .worker { api.addHealth(to: &router) }
            servers.append((endpoint, makeServer(api, endpoint, router, nil, maxConnections)))
        }
        return servers
    }

    func makeServer(
        _ api: API,
        _ endpoint: HTTPEndpoint,
        _ router: Router,
        _ metrics: ServiceMetrics?,
        _ maxConnections: Int,
        tls: TLSConfiguration? = nil
    ) -> HTTPServer {
        let proxies = settings.trustedProxies.compactMap(AddressBlock.init)
        let configuration = HTTPServerConfiguration(
            endpoint: endpoint,
            trustedProxies: proxies,
            tls: tls,
            limits: HTTPLimits(
                maxHeadBytes: settings.maxHeadBytes,
                maxFields: settings.maxHeadFields,
                maxBodyBytes: settings.maxBodyBytes
            ),
            maxConnections: maxConnections,
            reservedConnections: Settings.reservedConnections,
            maxConnectionsPerAddress: settings.maxConnectionsPerAddress,
            unboundedPeers: AddressBlock.thisMachine + proxies,
            defaultFields: API.defaultFields
        )
        return HTTPServer(
            configuration: configuration,
            logger: logger,
            observer: { metrics?.end($0) },
            loggedPath: { LoggedPath.make($0) },
            routing: { request in
                let route = router.summary(of: request)
                metrics?.begin(route)
                return route
            },
            handler: { request in await api.respond(to: request, by: router) }
        )
    }

    /// Returns the maximum number of connections, and warns if it is less than the setting.
    func connections(within limit: Int?) -> Int {
        let count = FileLimit.connections(wanted: settings.maxConnections, limit: limit)
        if let limit, count < settings.maxConnections {
            logger.warning(
                "fewer connections than configured, because the limit of open files is low",
                metadata: [
                    "connections": .stringConvertible(count),
                    "set": .stringConvertible(settings.maxConnections),
                    "open_files": .stringConvertible(limit),
                ]
            )
        }
        return count
    }

    /// Warns if keys and photos can be read on the way, because the API is reachable from other
    /// machines without TLS.
    ///
    /// A proxy with TLS on this machine reaches the service on loopback or a Unix-domain socket, so
    /// one that needs more is on another machine.
    func warnOfPlainHTTP(on address: SocketAddress) {
        let isReachable = !AddressBlock.thisMachine.contains { $0.contains(address.host) }
        guard tls == nil, isReachable else { return }
        logger.warning(
            """
            listening beyond loopback without TLS: keys and photos can be read on the way; set \
            --tls-certificate and --tls-key, or listen on loopback behind a proxy with TLS
            """,
            metadata: ["address": "\(address)"]
        )
    }
}
