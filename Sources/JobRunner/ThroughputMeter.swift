import JobModel
import Synchronization

/// Measures the workers' speed, for estimates of how long things will take.
public final class ThroughputMeter: Sendable {
    private let throughput = Mutex(Throughput())

    /// Creates a meter without measurements.
    public init() {}

    /// The speed of one codec, see `Throughput`; `nil` before the first measurement.
    public var pixelsPerSecond: Double? {
        throughput.withLock(\.pixelsPerSecond)
    }

    /// Records a codec's work, see `Throughput.record`.
    public func record(pixels: Int, busy: Duration) {
        throughput.withLock { $0.record(pixels: pixels, busy: busy) }
    }
}
