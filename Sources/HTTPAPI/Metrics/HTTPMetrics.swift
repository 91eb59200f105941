import HTTPServer
import HTTPTypes
import Telemetry

/// The metrics of requests.
///
/// They are labelled by the route's pattern, never by the path, which contains identifiers of jobs.
struct HTTPMetrics: Sendable {
    /// The label for a missing route, method or status.
    private static let none = "none"
    private static let methods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
    ]

    private let requests: Counter
    private let seconds: Histogram
    private let inFlight: Gauge
    private let received: Counter
    private let sent: Counter

    init(_ registry: MetricRegistry) {
        requests = registry.counter(
            "palimpsest_http_requests_total",
            help:
                "Requests by method, route and status; the status is 'none' if the client disconnected first.",
            labels: ["method", "route", "status"]
        )
        seconds = registry.histogram(
            "palimpsest_http_request_duration_seconds",
            help:
                "From the complete head of a request to the end of its response, streams and waits included.",
            buckets: Histogram.secondsBuckets,
            labels: ["route"]
        )
        inFlight = registry.gauge(
            "palimpsest_http_requests_in_flight",
            help: "Requests whose response has not ended, by route.",
            labels: ["route"]
        )
        received = registry.counter(
            "palimpsest_http_received_bytes_total",
            help: "Bytes of request bodies received."
        )
        sent = registry.counter(
            "palimpsest_http_sent_bytes_total",
            help: "Bytes of response bodies sent."
        )
    }

    /// Records the beginning of a request.
    func begin(_ route: RouteSummary) {
        inFlight.add(1, [route.pattern ?? Self.none])
    }

    /// Records the end of a request; one whose head was refused never began.
    func end(_ record: RequestRecord) {
        let route = record.route.map { $0.pattern ?? Self.none }
        if let route { inFlight.add(-1, [route]) }
        let method = record.method.map {
            Self.methods.contains($0.rawValue) ? $0.rawValue : "other"
        }
        let status = record.status.map(String.init)
        requests.increment([method ?? Self.none, route ?? Self.none, status ?? Self.none])
        seconds.observe(record.duration, [route ?? Self.none])
        received.increment(by: Double(record.receivedBytes))
        sent.increment(by: Double(record.sentBytes))
    }
}
