/// The pixels that a codec processes per second of work, as a moving average.
public struct Throughput: Sendable, Equatable {
    /// The work after which an older measurement counts for half or less.
    private static let memory: Duration = .seconds(120)

    private var pixels = 0.0
    private var seconds = 0.0

    /// Creates an average without measurements.
    public init() {}

    /// Records work done by a codec.
    ///
    /// - Parameters:
    ///   - pixels: The pixels of the images protected, as counted by ``ImageCost``; more than 0.
    ///   - busy: How long the work took.
    public mutating func record(pixels: Int, busy: Duration) {
        guard pixels > 0, busy > .zero else { return }
        let kept = Self.memory / (Self.memory + busy)
        self.pixels = self.pixels * kept + Double(pixels)
        seconds = seconds * kept + busy / .seconds(1)
    }

    /// The average; `nil` without measurements.
    public var pixelsPerSecond: Double? {
        seconds > 0 ? pixels / seconds : nil
    }
}
