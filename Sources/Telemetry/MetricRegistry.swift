import Synchronization

/// The metrics of a process, and their Prometheus exposition format 0.0.4.
///
/// Metrics are created once, at startup, and held by whatever counts. Names and label names come
/// from the code, never from a peer. Label values may be anything, but a metric holds a bounded
/// number of them, see ``maxSeries``.
public final class MetricRegistry: Sendable {
    /// The maximum number of label combinations per metric; any beyond count under the value
    /// `other`.
    public static let maxSeries = 500

    private struct Entry: Sendable {
        let name: String
        let help: String
        let type: String
        let samples: @Sendable () -> [MetricSample]
    }

    private let entries = Mutex<[Entry]>([])

    /// Creates a registry without metrics.
    public init() {}

    /// Creates a counter, which only increases.
    ///
    /// - Parameters:
    ///   - name: `palimpsest_…_total`: letters, digits and `_`; unique.
    ///   - help: One sentence.
    ///   - labels: The names of its labels.
    /// - Returns: The counter.
    public func counter(_ name: String, help: String, labels: [String] = []) -> Counter {
        let series = MetricSeries<Double>(labels: labels, zero: 0)
        register(name, help, "counter", labels) {
            series.all.map { MetricSample(suffix: "", labels: $0, value: $1) }
        }
        return Counter(series: series)
    }

    /// Creates a gauge, which is set explicitly.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and `_`; unique.
    ///   - help: One sentence.
    ///   - labels: The names of its labels.
    /// - Returns: The gauge.
    public func gauge(_ name: String, help: String, labels: [String] = []) -> Gauge {
        let series = MetricSeries<Double>(labels: labels, zero: 0)
        register(name, help, "gauge", labels) {
            series.all.map { MetricSample(suffix: "", labels: $0, value: $1) }
        }
        return Gauge(series: series)
    }

    /// Creates a gauge whose value is queried at each scrape.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and `_`; unique.
    ///   - help: One sentence.
    ///   - value: Returns the current value, quickly.
    public func gauge(_ name: String, help: String, value: @escaping @Sendable () -> Double) {
        register(name, help, "gauge", []) { [MetricSample(suffix: "", labels: [], value: value())] }
    }

    /// Creates a histogram.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and `_`, ending in the unit; unique.
    ///   - help: One sentence.
    ///   - buckets: The upper bounds of the buckets, increasing; an unbounded one is added.
    ///   - labels: The names of its labels.
    /// - Returns: The histogram.
    public func histogram(
        _ name: String,
        help: String,
        buckets: [Double],
        labels: [String] = []
    ) -> Histogram {
        precondition(
            zip(buckets, buckets.dropFirst()).allSatisfy(<),
            "the buckets of \(name) must grow"
        )
        let series = MetricSeries<HistogramValue>(
            labels: labels,
            zero: HistogramValue(bucketCount: buckets.count)
        )
        register(name, help, "histogram", labels) {
            series.all.flatMap { labels, value in value.samples(buckets: buckets, labels: labels) }
        }
        return Histogram(series: series, buckets: buckets)
    }

    /// Returns the text for a scraper, `text/plain; version=0.0.4`, in the order of creation.
    public func prometheusText() -> String {
        var text = ""
        for entry in entries.withLock({ $0 }) {
            text +=
                "# HELP \(entry.name) \(escaped(entry.help, quotes: false))\n# TYPE \(entry.name) \(entry.type)\n"
            for sample in entry.samples() {
                text += entry.name + sample.suffix
                if !sample.labels.isEmpty {
                    let pairs = sample.labels.map {
                        "\($0.name)=\"\(escaped($0.value, quotes: true))\""
                    }
                    text += "{\(pairs.joined(separator: ","))}"
                }
                text += " \(format(sample.value))\n"
            }
        }
        return text
    }

    private func register(
        _ name: String,
        _ help: String,
        _ type: String,
        _ labels: [String],
        samples: @escaping @Sendable () -> [MetricSample]
    ) {
        precondition(
            ([name] + labels).allSatisfy(Self.isName),
            "a metric or label of \(name) has an illegal name"
        )
        entries.withLock { entries in
            precondition(!entries.contains { $0.name == name }, "the metric \(name) exists already")
            entries.append(Entry(name: name, help: help, type: type, samples: samples))
        }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, !("0"..."9").contains(first) else {
            return false
        }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": true
            default: false
            }
        }
    }
}

/// One line of the text.
struct MetricSample: Sendable {
    let suffix: String
    let labels: [MetricLabel]
    let value: Double
}

/// A label with its value.
struct MetricLabel: Sendable {
    let name: String
    let value: String
}

/// Formats a number for Prometheus; integers have no fraction.
func format(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value), value.magnitude < 1e15 { return String(whole) }
    return "\(value)"
}

private func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for character in text.unicodeScalars {
        switch character {
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\"" where quotes: result += "\\\""
        default: result.unicodeScalars.append(character)
        }
    }
    return result
}
