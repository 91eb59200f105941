/// How many pixels a codec gets through in a second of work: a moving average over the last minutes that it was busy.
public struct Throughput: Sendable, Equatable {
    /// What was measured longer ago than so much work counts for half, or less.
    private static let memory: Duration = .seconds(120)

    private var pixels = 0.0
    private var seconds = 0.0

    /// Starts with nothing measured.
    public init() {}

    /// Notes that a codec did some work.
    ///
    /// - Parameters:
    ///   - pixels: The pixels of the images that it protected, as ``ImageCost`` counts them; more than 0.
    ///   - busy: How long that took.
    public mutating func record(pixels: Int, busy: Duration) {
        guard pixels > 0, busy > .zero else { return }
        let kept = Self.memory / (Self.memory + busy)
        self.pixels = self.pixels * kept + Double(pixels)
        seconds = seconds * kept + busy / .seconds(1)
    }

    /// The average; `nil` as long as nothing was measured.
    public var pixelsPerSecond: Double? {
        seconds > 0 ? pixels / seconds : nil
    }
}
