import CKernels

/// The weights that scale one dimension by a triangle filter, as Pillow's `BILINEAR` computes them.
///
/// When shrinking, the triangle is as wide as the scale, so that every source sample counts
/// (antialiasing). When enlarging, it is two samples wide: bilinear interpolation with repeated
/// edges. The weights of each output sample sum to 1.
struct TriangleFilter: Sendable {
    /// The number of output samples.
    let outputCount: Int
    /// The first source sample of each output sample; never decreasing.
    let starts: [Int]
    /// The number of source samples per output sample.
    let counts: [Int]
    /// The maximum of ``counts``.
    let maxCount: Int
    /// `outputCount` rows of `maxCount` weights, zero after the used ones.
    let weights: [Float]

    /// Computes the weights.
    ///
    /// - Parameters:
    ///   - inputCount: The number of source samples.
    ///   - window: The nonempty part of the source to scale, inside `0...inputCount`; `nil` for all
    ///     of it. Samples beyond its ends still count where the triangle reaches them, as with
    ///     Pillow's `box`.
    ///   - outputCount: The number of output samples.
    init(from inputCount: Int, in window: ClosedRange<Double>? = nil, to outputCount: Int) {
        precondition(inputCount > 0 && outputCount > 0, "sizes are positive")
        let window = window ?? 0...Double(inputCount)
        precondition(
            window.lowerBound >= 0 && window.upperBound <= Double(inputCount)
                && window.lowerBound < window.upperBound,
            "the window is a part of the source"
        )
        let scale = (window.upperBound - window.lowerBound) / Double(outputCount)
        let support = max(scale, 1)
        // Truncation matches Pillow's rounding here; all values are positive once clamped.
        let windows = (0..<outputCount).map { output in
            let center = window.lowerBound + (Double(output) + 0.5) * scale
            let start = max(0, Int(center - support + 0.5))
            let end = min(inputCount, Int(center + support + 0.5))
            return (center: center, start: start, count: end - start)
        }
        let maxCount = windows.reduce(1) { max($0, $1.count) }
        var weights = [Float](repeating: 0, count: outputCount * maxCount)
        for (output, window) in windows.enumerated() {
            let raw = (0..<window.count).map { index in
                max(0, 1 - abs((Double(window.start + index) - window.center + 0.5) / support))
            }
            let sum = raw.reduce(0, +)
            for (index, weight) in raw.enumerated() {
                weights[output * maxCount + index] = Float(weight / sum)
            }
        }
        self.outputCount = outputCount
        self.starts = windows.map(\.start)
        self.counts = windows.map(\.count)
        self.maxCount = maxCount
        self.weights = weights
    }

    /// Passes the weights in the kernel's form.
    func withKernel(_ body: (UnsafePointer<plm_filter>) -> Void) {
        starts.withUnsafeBufferPointer { starts in
            counts.withUnsafeBufferPointer { counts in
                weights.withUnsafeBufferPointer { weights in
                    var filter = plm_filter(
                        outputs: outputCount,
                        max_count: maxCount,
                        starts: starts.baseAddress,
                        counts: counts.baseAddress,
                        weights: weights.baseAddress
                    )
                    body(&filter)
                }
            }
        }
    }
}
