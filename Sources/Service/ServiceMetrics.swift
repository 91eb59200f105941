import HTTPServer
import HTTPTypes
import JobModel
import JobStore
import Telemetry
import Workers

/// What the service counts, and the answer to a scraper.
struct ServiceMetrics: Sendable {
    private let registry = MetricRegistry()
    private let requests: Counter
    private let seconds: Histogram
    private let received: Counter
    private let sent: Counter
    private let images: Gauge
    private let codecs: Gauge

    /// Makes the metrics.
    init() {
        requests = registry.counter("palimpsest_http_requests_total", help: "Requests by status.", labels: ["status"])
        seconds = registry.histogram(
            "palimpsest_http_request_seconds",
            help: "From the complete head of a request to the end of its response.",
            buckets: Histogram.secondsBuckets
        )
        received = registry.counter("palimpsest_http_received_bytes_total", help: "Bytes of request bodies.")
        sent = registry.counter("palimpsest_http_sent_bytes_total", help: "Bytes of response bodies.")
        images = registry.gauge("palimpsest_images", help: "Images that are kept, by state.", labels: ["state"])
        codecs = registry.gauge("palimpsest_codecs_ready", help: "Codec processes that take pictures.")
    }

    /// Counts a request.
    func count(_ record: RequestRecord) {
        requests.increment([record.status.map(String.init) ?? "none"])
        seconds.observe(record.duration)
        received.increment(by: Double(record.receivedBytes))
        sent.increment(by: Double(record.sentBytes))
    }

    /// The text of all metrics, with the queue and the codecs as they are now.
    ///
    /// - Throws: Faults of the store.
    func text(store: JobStore, pool: CodecPool) async throws -> String {
        let counts = try await store.imageCounts()
        for state in ImageState.allCases { images.set(Double(counts[state]), [state.rawValue]) }
        codecs.set(Double(pool.readiness.readyCount))
        return registry.prometheusText()
    }

    /// What is served where the metrics are.
    func router(store: JobStore, pool: CodecPool) -> Router {
        var router = Router()
        router.on(.get, "/metrics") { _, _ in
            let text = try await text(store: store, pool: pool)
            let fields: HTTPFields = [.contentType: "text/plain; version=0.0.4; charset=utf-8"]
            return ServerResponse(status: .ok, fields: fields, body: .bytes(Array(text.utf8)))
        }
        return router
    }
}
