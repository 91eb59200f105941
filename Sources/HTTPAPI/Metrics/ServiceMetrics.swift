import BlobStorage
import CodecHost
import CodecProtocol
import Cryptography
import HTTPServer
import HTTPTypes
import JobRunner
import Operations
import POSIX
import Queue
import Telemetry

/// All metrics of the service, and the endpoint that serves them.
///
/// No label contains anything that a client chose: no key, name, class or path.
///
/// What is of the whole cluster is read from the database, and would be the same on all nodes, so
/// that a sum over them would count it as often as there are nodes. Therefore only the node that
/// leads tells it; a node that has a database of its own always leads.
struct ServiceMetrics: Sendable {
    /// The parts of the service that each scrape queries.
    struct Sources: Sendable {
        let api: API
        let pool: CodecPool
        /// The node's name.
        let node: String
        /// Returns whether the node leads.
        let isLeading: @Sendable () -> Bool
    }

    /// What is each node's own.
    private let registry = MetricRegistry()
    /// What is of all nodes together.
    private let clusterRegistry = MetricRegistry()
    private let node: NodeMetrics
    private let queue: QueueMetrics
    private let cluster: ClusterMetrics?
    private let database: DatabaseMetrics?
    private let objectStore: ObjectStoreMetrics?
    private let http: HTTPMetrics
    private let work: WorkMetrics
    private let machine: MachineMetrics
    private let connections: Gauge
    private let ready: Gauge
    private let info: Gauge
    private let version: ProgramVersion

    /// Registers the metrics.
    ///
    /// - Parameter identity: What the node is; metrics of what it has not are left out.
    init(_ identity: NodeIdentity) {
        version = identity.version
        info = registry.gauge(
            "palimpsest_build_info",
            help:
                "Always 1; the labels give version, commit and weights, one series per weights file.",
            labels: ["version", "commit", "model_sha256"]
        )
        ready = registry.gauge(
            "palimpsest_ready",
            help: "1 while the service accepts requests, 0 once it is stopping."
        )
        http = HTTPMetrics(registry)
        connections = registry.gauge(
            "palimpsest_http_connections",
            help: "Open connections of the API."
        )
        work = WorkMetrics(registry)
        machine = MachineMetrics(registry)
        node = NodeMetrics(registry, identity)
        queue = QueueMetrics(clusterRegistry)
        cluster = identity.database.isShared ? ClusterMetrics(clusterRegistry) : nil
        database = identity.database.isShared ? DatabaseMetrics(registry) : nil
        objectStore = identity.blobs.kind == "s3" ? ObjectStoreMetrics(registry) : nil
    }

    /// Records the beginning of a request.
    func begin(_ route: RouteSummary) {
        http.begin(route)
    }

    /// Records the end of a request.
    func end(_ record: RequestRecord) {
        http.end(record)
    }

    /// Counts an attempt at an image.
    func count(_ attempt: ImageAttempt) {
        work.count(attempt)
    }

    /// Counts what became of leases.
    func count(_ event: LeaseEvent) {
        work.count(event)
    }

    /// Counts a request to an object store.
    func count(_ exchange: StorageExchange) {
        objectStore?.count(exchange)
    }

    /// Returns the current metrics in the Prometheus text format.
    ///
    /// - Throws: Faults of the disk, and of a store that is this node's alone.
    func text(_ sources: Sources, connectionCount: Int = 0) async throws -> String {
        let (api, pool) = (sources.api, sources.pool)
        let clusterText = try await clusterText(api.store, isLeading: sources.isLeading)
        let (disk, process) = try await api.disk.run { [space = api.space] in
            (try space.diskSpace(), ProcessStatistics.current())
        }
        work.set(pool)
        machine.set(disk, minFreeBytes: api.settings.minFreeBytes)
        if let process { machine.set(process) }
        connections.set(Double(connectionCount))
        ready.set(api.lifecycle.isReady ? 1 : 0)
        for model in pool.loadedModels {
            info.set(1, [version.number, version.commit, model.sha256.hex])
        }
        node.set(name: sources.node, leads: sources.isLeading())
        if let link = api.store.link { database?.set(link) }
        return registry.prometheusText() + clusterText
    }

    /// Returns what this node tells of the whole cluster: nothing unless it leads.
    func clusterText(
        _ store: any Store,
        isLeading: @Sendable () -> Bool
    ) async throws -> String {
        guard isLeading() else { return "" }
        do {
            queue.set(try await store.statistics(), now: store.currentTime)
            if let cluster, let census = try await store.census(within: ClusterMetrics.memory) {
                cluster.set(census)
            }
        } catch  where cluster != nil {
            // The database is away; what the node tells of itself says so.
            return ""
        }
        // Another one may lead since.
        return isLeading() ? clusterRegistry.prometheusText() : ""
    }

    /// Returns the router of the metrics endpoint.
    ///
    /// - Parameters:
    ///   - sources: What each scrape queries.
    ///   - connectionCount: Returns the number of open connections of the API.
    /// - Returns: The router.
    func router(
        _ sources: Sources,
        connectionCount: @escaping @Sendable () -> Int
    ) -> Router {
        var router = Router()
        router.on(.get, "/metrics") { _, _ in
            let text = try await text(sources, connectionCount: connectionCount())
            let fields: HTTPFields = [.contentType: "text/plain; version=0.0.4; charset=utf-8"]
            return ServerResponse(status: .ok, fields: fields, body: .bytes(Array(text.utf8)))
        }
        return router
    }
}
