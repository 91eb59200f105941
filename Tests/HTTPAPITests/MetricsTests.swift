import HTTPServer
import HTTPTypes
import JobModel
import JobRunner
import Queue
import Telemetry
import Testing

@testable import HTTPAPI

@Suite("Metrics") struct MetricsTests {
    private func lines(_ registry: MetricRegistry, _ name: String) -> [String] {
        registry.prometheusText().split(separator: "\n").map(String.init).filter {
            $0.hasPrefix(name)
        }
    }

    private func record(
        _ id: String,
        _ method: HTTPRequest.Method?,
        path: String,
        _ route: RouteSummary?,
        status: Int?
    ) -> RequestRecord {
        RequestRecord(
            id: id,
            peer: "127.0.0.1",
            method: method,
            path: path,
            route: route,
            status: status,
            receivedBytes: 3,
            sentBytes: 5,
            duration: .milliseconds(20),
            isComplete: true
        )
    }

    @Test("A request is counted by its route's pattern, and nothing of its path is shown")
    func requests() {
        let registry = MetricRegistry()
        let metrics = HTTPMetrics(registry)
        let jobs = RouteSummary(pattern: "/v1/jobs/{id}"), nothing = RouteSummary()
        metrics.begin(jobs)
        metrics.begin(jobs)
        metrics.begin(nothing)
        #expect(
            lines(registry, "palimpsest_http_requests_in_flight{") == [
                "palimpsest_http_requests_in_flight{route=\"/v1/jobs/{id}\"} 2",
                "palimpsest_http_requests_in_flight{route=\"none\"} 1",
            ]
        )
        metrics.end(record("1", .get, path: "/v1/jobs/job_secret", jobs, status: 200))
        metrics.end(record("3", HTTPRequest.Method("BREW"), path: "/secret", nothing, status: 404))
        metrics.end(record("2", .delete, path: "/v1/jobs/job_secret", jobs, status: nil))
        // A head that was refused.
        metrics.end(record("4", nil, path: "", nil, status: 400))
        #expect(
            lines(registry, "palimpsest_http_requests_total{") == [
                "palimpsest_http_requests_total{method=\"DELETE\",route=\"/v1/jobs/{id}\",status=\"none\"} 1",
                "palimpsest_http_requests_total{method=\"GET\",route=\"/v1/jobs/{id}\",status=\"200\"} 1",
                "palimpsest_http_requests_total{method=\"none\",route=\"none\",status=\"400\"} 1",
                "palimpsest_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 1",
            ]
        )
        #expect(
            lines(registry, "palimpsest_http_requests_in_flight{").allSatisfy { $0.hasSuffix(" 0") }
        )
        #expect(
            lines(registry, "palimpsest_http_received_bytes_total") == [
                "palimpsest_http_received_bytes_total 12"
            ]
        )
        #expect(!registry.prometheusText().contains("secret"))
    }

    @Test("Attempts are counted by outcome and stage, and every outcome is there from the start")
    func attempts() {
        let registry = MetricRegistry()
        let metrics = WorkMetrics(registry)
        #expect(
            lines(registry, "palimpsest_image_attempts_total{").count
                == ImageAttempt.Outcome.allCases.count
        )
        metrics.count(
            ImageAttempt(outcome: .protected, pixels: 1200, seconds: [.queue: 7, .network: 0.2])
        )
        metrics.count(ImageAttempt(outcome: .crashed, pixels: 0, seconds: [.queue: 1]))
        #expect(
            lines(registry, "palimpsest_protected_pixels_total") == [
                "palimpsest_protected_pixels_total 1200"
            ]
        )
        let attempts = lines(registry, "palimpsest_image_attempts_total{")
        #expect(attempts.contains("palimpsest_image_attempts_total{outcome=\"crashed\"} 1"))
        #expect(attempts.contains("palimpsest_image_attempts_total{outcome=\"failed\"} 0"))
        let stages = lines(registry, "palimpsest_image_stage_duration_seconds_count")
        #expect(
            stages.contains("palimpsest_image_stage_duration_seconds_count{stage=\"network\"} 1")
        )
        #expect(!stages.contains { $0.contains("queue") })
        let sum = lines(registry, "palimpsest_image_queue_duration_seconds_sum")
        #expect(sum == ["palimpsest_image_queue_duration_seconds_sum 8"])
    }

    @Test("Looks into the queue and leases are counted, none of either among them")
    func leases() {
        let registry = MetricRegistry()
        let metrics = WorkMetrics(registry)
        func counts() -> [String] {
            lines(registry, "palimpsest_queue_looks_total")
                + lines(registry, "palimpsest_leases")
        }
        #expect(counts().count == 4 && counts().allSatisfy { $0.hasSuffix(" 0") })
        for event in [LeaseEvent.claimed(2), .claimed(0), .claimed(0), .lost(3), .expired(5)] {
            metrics.count(event)
        }
        #expect(
            counts() == [
                "palimpsest_queue_looks_total{found=\"image\"} 1",
                "palimpsest_queue_looks_total{found=\"nothing\"} 2",
                "palimpsest_leases_lost_total 3", "palimpsest_leases_expired_total 5",
            ]
        )
    }

    @Test(
        "The queue's age is that of the oldest job with images in it, and ends are counted beyond the erasure of their job"
    )
    func store() async throws {
        let fixture = try await Fixture()
        let registry = MetricRegistry()
        let metrics = QueueMetrics(registry)
        func update() async throws {
            metrics.set(try await fixture.store.statistics(), now: fixture.store.currentTime)
        }
        try await update()
        #expect(
            lines(registry, "palimpsest_queue_oldest") == ["palimpsest_queue_oldest_age_seconds 0"]
        )
        #expect(lines(registry, "palimpsest_images_ended_total{").count == 4)
        let path = try await fixture.upload([1])
        fixture.clock.advance(seconds: 90)
        _ = try await fixture.upload([2])
        try await update()
        #expect(
            lines(registry, "palimpsest_queue_oldest") == ["palimpsest_queue_oldest_age_seconds 90"]
        )
        #expect(lines(registry, "palimpsest_jobs{").contains("palimpsest_jobs{state=\"queued\"} 2"))
        try await fixture.work()
        #expect(try await fixture.send(.delete, path).status == 204)
        try await update()
        #expect(
            lines(registry, "palimpsest_queue_oldest") == ["palimpsest_queue_oldest_age_seconds 0"]
        )
        #expect(
            lines(registry, "palimpsest_images{").contains("palimpsest_images{state=\"done\"} 1")
        )
        #expect(
            lines(registry, "palimpsest_images_ended_total{").contains(
                "palimpsest_images_ended_total{state=\"done\"} 2"
            )
        )
    }
}
