import Testing

@testable import Telemetry

@Suite struct MetricsTests {
    @Test func `The text is that of Prometheus' format`() {
        let registry = MetricRegistry()
        let requests = registry.counter(
            "http_requests_total",
            help: "Requests.\nAll \\ of them.",
            labels: ["status", "path"]
        )
        let queued = registry.gauge("images_queued", help: "Images waiting.")
        registry.gauge("ratio", help: "Asked.") { 0.25 }
        let time = registry.histogram(
            "wait_seconds",
            help: "Waits.",
            buckets: [0.1, 1],
            labels: ["kind"]
        )
        requests.increment(["200", "/"])
        requests.increment(by: 2, ["404", "a\"b\\c\nd"])
        requests.increment(["200", "/"])
        queued.set(5)
        queued.add(-7)
        time.observe(0.1, ["x"])
        time.observe(.milliseconds(500), ["x"])
        time.observe(99, ["x"])
        #expect(
            registry.prometheusText() == #"""
                # HELP http_requests_total Requests.\nAll \\ of them.
                # TYPE http_requests_total counter
                http_requests_total{status="200",path="/"} 2
                http_requests_total{status="404",path="a\"b\\c\nd"} 2
                # HELP images_queued Images waiting.
                # TYPE images_queued gauge
                images_queued -2
                # HELP ratio Asked.
                # TYPE ratio gauge
                ratio 0.25
                # HELP wait_seconds Waits.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{kind="x",le="0.1"} 1
                wait_seconds_bucket{kind="x",le="1"} 2
                wait_seconds_bucket{kind="x",le="+Inf"} 3
                wait_seconds_sum{kind="x"} 99.6
                wait_seconds_count{kind="x"} 3

                """#
        )
    }

    @Test
    func `A metric without labels is there from the start, one with labels when it is used`() {
        let registry = MetricRegistry()
        _ = registry.counter("a_total", help: "A.")
        _ = registry.counter("b_total", help: "B.", labels: ["l"])
        #expect(registry.prometheusText().contains("\na_total 0\n"))
        #expect(!registry.prometheusText().contains("b_total{"))
    }

    @Test func `What is not among new values of a gauge is no longer told`() {
        let registry = MetricRegistry()
        let gauge = registry.gauge("g", help: "G.", labels: ["node"])
        gauge.replace(with: [["a"]: 1, ["b"]: 2])
        gauge.replace(with: [["b"]: 3])
        #expect(registry.prometheusText().hasSuffix("# TYPE g gauge\ng{node=\"b\"} 3\n"))
        gauge.replace(with: [:])
        #expect(registry.prometheusText().hasSuffix("# TYPE g gauge\n"))
    }

    @Test func `Ever new label values do not grow without end`() {
        let registry = MetricRegistry()
        let counter = registry.counter("c_total", help: "C.", labels: ["peer"])
        for number in 0..<2000 { counter.increment(["p\(number)"]) }
        let lines = registry.prometheusText().split(separator: "\n").filter {
            $0.hasPrefix("c_total{")
        }
        #expect(lines.count == MetricRegistry.maxSeries + 1)
        #expect(lines.contains("c_total{peer=\"other\"} 1500"))
    }

    @Test func `Numbers are written as Prometheus reads them`() {
        #expect(format(3) == "3")
        #expect(format(-0.5) == "-0.5")
        #expect(format(.infinity) == "+Inf")
        #expect(format(-.infinity) == "-Inf")
        #expect(format(.nan) == "NaN")
        #expect(Double(format(1e300)) == 1e300)
    }

    @Test func `Counting from many tasks loses nothing`() async {
        let registry = MetricRegistry()
        let counter = registry.counter("n_total", help: "N.")
        let histogram = registry.histogram("h", help: "H.", buckets: [1])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        counter.increment()
                        histogram.observe(2)
                    }
                }
            }
        }
        let text = registry.prometheusText()
        #expect(text.contains("n_total 8000\n"))
        #expect(text.contains("h_bucket{le=\"1\"} 0\n"))
        #expect(text.contains("h_count 8000\n"))
    }
}
