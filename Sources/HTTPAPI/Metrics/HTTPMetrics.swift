import HTTPServer
import HTTPTypes
import Synchronization
import Telemetry

/// What is counted about requests: by the route's pattern, never by the path, which holds names of jobs.
struct HTTPMetrics: Sendable {
    /// Stands for a route, or a method, that there is not.
    private static let none = "none"
    private static let methods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
    ]

    /// The routes of the requests that are under way, by the requests' identifiers.
    private final class Ledger: Sendable {
        let routes = Mutex<[String: String]>([:])
    }

    private let requests: Counter
    private let seconds: Histogram
    private let inFlight: Gauge
    private let received: Counter
    private let sent: Counter
    private let ledger = Ledger()

    init(_ registry: MetricRegistry) {
        requests = registry.counter(
            "palimpsest_http_requests_total",
            help:
                "Requests by method, route and status; without a status the peer went away first.",
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
            help: "Bytes of request bodies, uploads."
        )
        sent = registry.counter(
            "palimpsest_http_sent_bytes_total",
            help: "Bytes of response bodies."
        )
    }

    /// Notes that a request has begun.
    ///
    /// - Parameters:
    ///   - id: The request's identifier.
    ///   - route: The pattern that it matches, if there is one.
    func begin(_ id: String, route: String?) {
        let route = route ?? Self.none
        ledger.routes.withLock { $0[id] = route }
        inFlight.add(1, [route])
    }

    /// Counts a request that has ended; one whose head was refused never began.
    func end(_ record: RequestRecord) {
        let route = ledger.routes.withLock { $0.removeValue(forKey: record.id) }
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
