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
struct ServiceMetrics: Sendable {
    /// The parts of the service that each scrape queries.
    struct Sources: Sendable {
        let api: API
        let pool: CodecPool
        /// Returns the number of open connections of the API.
        let connectionCount: @Sendable () -> Int
    }

    private let registry = MetricRegistry()
    private let http: HTTPMetrics
    private let work: WorkMetrics
    private let machine: MachineMetrics
    private let connections: Gauge
    private let ready: Gauge
    private let info: Gauge
    private let version: ProgramVersion

    /// Registers the metrics.
    ///
    /// - Parameter version: The version of the program.
    init(version: ProgramVersion) {
        self.version = version
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
    }

    /// Records the beginning of a request.
    func begin(_ request: ServerRequest, by router: Router) {
        http.begin(request.id, route: router.pattern(for: request))
    }

    /// Records the end of a request.
    func end(_ record: RequestRecord) {
        http.end(record)
    }

    /// Counts an attempt at an image.
    func count(_ attempt: ImageAttempt) {
        work.count(attempt)
    }

    /// Returns the current metrics in the Prometheus text format.
    ///
    /// - Throws: Faults of the store and of the disk.
    func text(_ sources: Sources) async throws -> String {
        let (api, pool) = (sources.api, sources.pool)
        let statistics = try await api.store.statistics()
        let (disk, process) = try await api.disk.run { [space = api.space] in
            (try space.diskSpace(), ProcessStatistics.current())
        }
        work.set(statistics, now: api.store.currentTime)
        work.set(pool)
        machine.set(
            disk,
            minFreeBytes: api.settings.minFreeBytes,
            database: statistics.databaseBytes
        )
        if let process { machine.set(process) }
        connections.set(Double(sources.connectionCount()))
        ready.set(api.lifecycle.isReady ? 1 : 0)
        for model in pool.loadedModels {
            info.set(1, [version.number, version.commit, model.sha256.hex])
        }
        return registry.prometheusText()
    }

    /// Returns the router of the metrics endpoint.
    func router(_ sources: Sources) -> Router {
        var router = Router()
        router.on(.get, "/metrics") { _, _ in
            let text = try await text(sources)
            let fields: HTTPFields = [.contentType: "text/plain; version=0.0.4; charset=utf-8"]
            return ServerResponse(status: .ok, fields: fields, body: .bytes(Array(text.utf8)))
        }
        return router
    }
}
