import Synchronization

/// The values of one metric, one per combination of label values.
final class MetricSeries<Value: Sendable>: Sendable {
    private let labels: [String]
    private let zero: Value
    private let values: Mutex<[[String]: Value]>

    init(labels: [String], zero: Value) {
        self.labels = labels
        self.zero = zero
        // A metric without labels exists from the start; a label combination exists once it is
        // used.
        values = Mutex(labels.isEmpty ? [[]: zero] : [:])
    }

    func update(_ labelValues: [String], _ change: (inout Value) -> Void) {
        precondition(
            labelValues.count == labels.count,
            "a metric is given \(labelValues.count) label values"
        )
        values.withLock { values in
            if let known = values.index(forKey: labelValues) {
                return change(&values.values[known])
            }
            let hasRoom = values.count < MetricRegistry.maxSeries
            let key = hasRoom ? labelValues : labels.map { _ in "other" }
            change(&values[key, default: zero])
        }
    }

    func replace(with values: [[String]: Value]) {
        precondition(
            values.keys.allSatisfy { $0.count == labels.count },
            "a metric is given another number of label values"
        )
        let kept = values.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .prefix(MetricRegistry.maxSeries)
        self.values.withLock { $0 = Dictionary(uniqueKeysWithValues: kept.map { ($0, $1) }) }
    }

    /// All values, sorted by their labels.
    var all: [([MetricLabel], Value)] {
        values.withLock { $0 }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { key, value in (zip(labels, key).map { MetricLabel(name: $0, value: $1) }, value)
            }
    }
}

/// A number that only increases.
public struct Counter: Sendable {
    let series: MetricSeries<Double>

    /// Adds to the number.
    ///
    /// - Parameters:
    ///   - amount: The amount, not negative.
    ///   - labels: One value for each label of the counter.
    public func increment(by amount: Double = 1, _ labels: [String] = []) {
        precondition(amount >= 0, "a counter never falls")
        series.update(labels) { $0 += amount }
    }

    /// Raises the number to a total counted elsewhere; it never falls.
    ///
    /// - Parameters:
    ///   - total: The total, not negative.
    ///   - labels: One value for each label of the counter.
    public func raise(to total: Double, _ labels: [String] = []) {
        series.update(labels) { $0 = max($0, total) }
    }
}

/// A number that goes up and down.
public struct Gauge: Sendable {
    let series: MetricSeries<Double>

    /// Sets the number; `labels` has one value for each label of the gauge.
    public func set(_ value: Double, _ labels: [String] = []) {
        series.update(labels) { $0 = value }
    }

    /// Replaces all series of the gauge by these; the others are no longer told.
    ///
    /// - Parameter values: The numbers, by one value for each label of the gauge.
    public func replace(with values: [[String]: Double]) { series.replace(with: values) }

    /// Adds a positive or negative amount; `labels` has one value for each label of the gauge.
    public func add(_ amount: Double, _ labels: [String] = []) {
        series.update(labels) { $0 += amount }
    }
}

/// The distribution of observed values over buckets.
public struct Histogram: Sendable {
    let series: MetricSeries<HistogramValue>
    let buckets: [Double]

    /// Upper bounds for durations in seconds, from 5 ms to 2 min.
    public static let secondsBuckets: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
    ]

    /// Upper bounds for waits in seconds, from 10 ms to 4 h.
    public static let waitBuckets: [Double] = [
        0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400,
    ]

    /// Upper bounds for processing steps in seconds, from 1 ms to 1 min.
    public static let stepBuckets: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// Creates a series before anything is observed, so that its rate is known from the first value
    /// on.
    public func announce(_ labels: [String]) {
        series.update(labels) { _ in }
    }

    /// Records one value; `labels` has one value for each label of the histogram.
    public func observe(_ value: Double, _ labels: [String] = []) {
        let bucket = buckets.firstIndex { value <= $0 } ?? buckets.count
        series.update(labels) { histogram in
            histogram.counts[bucket] += 1
            histogram.sum += value
        }
    }

    /// Records a duration in seconds; `labels` has one value for each label of the histogram.
    public func observe(_ duration: Duration, _ labels: [String] = []) {
        let parts = duration.components
        observe(Double(parts.seconds) + Double(parts.attoseconds) * 1e-18, labels)
    }
}

/// The counts of one series of a histogram.
struct HistogramValue: Sendable {
    /// One count per bucket, the unbounded one last.
    var counts: [UInt64]
    var sum = 0.0

    init(bucketCount: Int) {
        counts = Array(repeating: 0, count: bucketCount + 1)
    }

    /// Returns the exposition samples, in which each bucket includes all smaller ones.
    func samples(buckets: [Double], labels: [MetricLabel]) -> [MetricSample] {
        var total: UInt64 = 0
        var samples: [MetricSample] = []
        for (end, count) in zip(buckets + [.infinity], counts) {
            total += count
            let labels = labels + [MetricLabel(name: "le", value: format(end))]
            samples.append(MetricSample(suffix: "_bucket", labels: labels, value: Double(total)))
        }
        samples.append(MetricSample(suffix: "_sum", labels: labels, value: sum))
        samples.append(MetricSample(suffix: "_count", labels: labels, value: Double(total)))
        return samples
    }
}
