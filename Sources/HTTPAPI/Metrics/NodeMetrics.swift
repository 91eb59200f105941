import Operations
import Queue
import Telemetry

/// The metrics of what a node is, and of whether it leads.
struct NodeMetrics: Sendable {
    private let info: Gauge
    private let leads: Gauge?
    private let identity: NodeIdentity

    init(_ registry: MetricRegistry, _ identity: NodeIdentity) {
        self.identity = identity
        info = registry.gauge(
            "palimpsest_node_info",
            help: "Always 1; the labels give the node's name, what it does, and what it works on.",
            labels: ["node", "role", "version", "database", "blobs"]
        )
        // A worker never leads, and its 0 would tell nobody anything.
        leads =
            identity.role == .server
            ? registry.gauge(
                "palimpsest_node_leads",
                help: "1 on the node that leads, which alone tells what is of the whole cluster."
            ) : nil
    }

    /// Updates the metrics.
    func set(name: String, leads isLeading: Bool) {
        info.set(
            1,
            [
                name, identity.role.rawValue, identity.version.number, identity.database.kind,
                identity.blobs.kind,
            ]
        )
        leads?.set(isLeading ? 1 : 0)
    }
}
