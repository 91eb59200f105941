import Queue
import Telemetry

/// The metrics of the nodes that share a database; the one that leads tells them.
struct ClusterMetrics: Sendable {
    /// For how long a node that has fallen silent is told of.
    static let memory: Duration = .seconds(3600)
    /// A node that was not heard of for longer is not counted.
    private static let lifetime: Duration = .seconds(30)

    private let nodes: Gauge
    private let silence: Gauge
    private let connections: Gauge
    private let maxConnections: Gauge

    init(_ registry: MetricRegistry) {
        nodes = registry.gauge(
            "palimpsest_cluster_nodes",
            help: "Nodes that were heard of within 30 seconds.",
            labels: ["role", "version"]
        )
        silence = registry.gauge(
            "palimpsest_cluster_node_silence_seconds",
            help: "Time since a node was last heard of, for an hour; one that stopped is left out.",
            labels: ["node", "role"]
        )
        connections = registry.gauge(
            "palimpsest_cluster_database_connections",
            help: "Connections of the database's server, of all its users."
        )
        maxConnections = registry.gauge(
            "palimpsest_cluster_database_connections_max",
            help: "The most connections that the database's server takes."
        )
    }

    /// Updates the metrics.
    func set(_ census: ClusterCensus) {
        let alive = census.nodes.filter { $0.silence < Self.lifetime }
        nodes.replace(
            with: Dictionary(grouping: alive) { [$0.role.rawValue, $0.version] }
                .mapValues { Double($0.count) }
        )
        silence.replace(
            with: Dictionary(
                census.nodes.map { ([$0.name, $0.role.rawValue], $0.silence / .seconds(1)) },
                uniquingKeysWith: max
            )
        )
        connections.set(Double(census.connections))
        maxConnections.set(Double(census.maxConnections))
    }
}
