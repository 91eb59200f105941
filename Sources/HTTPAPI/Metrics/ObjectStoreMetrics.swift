import BlobStorage
import Telemetry

/// The metrics of a node's requests to an object store.
struct ObjectStoreMetrics: Sendable {
    private let requests: Counter
    private let seconds: Histogram
    private let retries: Counter
    private let failures: Counter

    init(_ registry: MetricRegistry) {
        requests = registry.counter(
            "palimpsest_object_store_requests_total",
            help: "Requests by operation and status; the status is 'none' without an answer.",
            labels: ["operation", "status"]
        )
        seconds = registry.histogram(
            "palimpsest_object_store_request_duration_seconds",
            help: "Time from sending a request to the end of its answer.",
            buckets: Histogram.stepBuckets,
            labels: ["operation"]
        )
        retries = registry.counter(
            "palimpsest_object_store_retries_total",
            help: "Requests that failed and were sent again.",
            labels: ["operation"]
        )
        failures = registry.counter(
            "palimpsest_object_store_failures_total",
            help: "Requests that failed and were given up.",
            labels: ["operation"]
        )
        // Export these series from the start, so that the first event shows as an increase.
        for operation in StorageExchange.Operation.allCases {
            seconds.announce([operation.rawValue])
            retries.increment(by: 0, [operation.rawValue])
            failures.increment(by: 0, [operation.rawValue])
        }
    }

    /// Counts a request.
    func count(_ exchange: StorageExchange) {
        let operation = exchange.operation.rawValue
        requests.increment([operation, exchange.status.map(String.init) ?? "none"])
        seconds.observe(exchange.duration, [operation])
        switch exchange.end {
        case .answered: break
        case .repeated: retries.increment([operation])
        case .failed: failures.increment([operation])
        }
    }
}
