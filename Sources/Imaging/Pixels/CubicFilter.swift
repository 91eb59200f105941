/// The weights that shrink one dimension by a cubic filter, as Pillow's `BICUBIC` computes them.
///
/// The filter is that of Keys with a = -0.5, widened by the scale, so that every source sample
/// counts. It has no function whose last digit differs between machines. The weights of each output
/// sample sum to 1.
struct CubicFilter: Sendable {
    /// The source samples of each output sample.
    let windows: [Range<Int>]
    /// The weights of each output sample's window.
    let weights: [[Float]]

    /// Computes the weights.
    ///
    /// - Parameters:
    ///   - inputCount: The number of source samples.
    ///   - outputCount: The number of output samples, at most as many.
    init(from inputCount: Int, to outputCount: Int) {
        precondition(1...inputCount ~= outputCount, "the filter shrinks")
        let scale = Double(inputCount) / Double(outputCount)
        let support = 2 * scale
        var (windows, weights): ([Range<Int>], [[Float]]) = ([], [])
        for output in 0..<outputCount {
            let center = (Double(output) + 0.5) * scale
            let start = max(0, Int(center - support + 0.5))
            let end = min(inputCount, Int(center + support + 0.5))
            let raw = (start..<end).map { Self.weight((Double($0) - center + 0.5) / scale) }
            let sum = raw.reduce(0, +)
            windows.append(start..<end)
            weights.append(raw.map { Float($0 / sum) })
        }
        (self.windows, self.weights) = (windows, weights)
    }

    /// The filter at a distance in output samples.
    private static func weight(_ distance: Double) -> Double {
        let (x, a) = (abs(distance), -0.5)
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
        return 0
    }
}
