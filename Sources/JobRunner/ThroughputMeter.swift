import JobModel
import Synchronization

/// What the workers measure of their own speed, for those who tell how long things will take.
public final class ThroughputMeter: Sendable {
    private let throughput = Mutex(Throughput())

    /// Starts with nothing measured.
    public init() {}

    /// The speed of one codec, see `Throughput`; `nil` as long as nothing was measured.
    public var pixelsPerSecond: Double? {
        throughput.withLock(\.pixelsPerSecond)
    }

    /// Notes that a codec did some work, see `Throughput.record`.
    public func record(pixels: Int, busy: Duration) {
        throughput.withLock { $0.record(pixels: pixels, busy: busy) }
    }
}
