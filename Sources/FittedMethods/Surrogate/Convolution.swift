import CKernels
import Imaging

/// A convolution with zero padding that keeps the size, or halves it, and its gradient by the input.
///
/// Batch normalisation is folded into weights and bias.
struct Convolution: Sendable {
    let inputs: Int
    let outputs: Int
    /// 1 or 3.
    let kernel: Int
    /// 1 or 2.
    let stride: Int
    /// (outputs, inputs, kernel, kernel).
    let weights: [Float]
    /// One for each output.
    let bias: [Float]
    /// The weights as the gradient needs them: for each input and phase the taps of every output.
    private let transposed: [Float]

    private struct Tap {
        let row: Int
        let column: Int
    }

    /// Creates a convolution from its weights.
    init(
        inputs: Int,
        outputs: Int,
        kernel: Int,
        stride: Int,
        weights: [Float],
        bias: [Float]
    ) {
        precondition(weights.count == outputs * inputs * kernel * kernel)
        precondition(bias.count == outputs)
        self.inputs = inputs
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        self.weights = weights
        self.bias = bias
        var transposed: [Float] = []
        for input in 0..<inputs {
            for taps in Self.tapsByPhase(kernel: kernel, stride: stride) {
                for output in 0..<outputs {
                    transposed += taps.map {
                        weights[((output * inputs + input) * kernel + $0.row) * kernel + $0.column]
                    }
                }
            }
        }
        self.transposed = transposed
    }

    /// Columns or rows of the result, of `side` of the input.
    func size(_ side: Int) -> Int { (side - 1) / stride + 1 }

    /// Convolves planes.
    func forward(_ input: PlanarImage) -> PlanarImage {
        let layout = TapLayout(width: input.width, height: input.height, of: self)
        let laid = layout.scatter(input, slack: layout.reach(kernel: kernel))
        let taps = Self.tapsByPhase(kernel: kernel, stride: 1)[0]
        let offsets = (0..<inputs).flatMap { input in
            taps.map { tap in
                let plane = input * layout.phases + layout.phase(row: tap.row, column: tap.column)
                return plane * layout.planeCount + layout.start(row: tap.row, column: tap.column)
            }
        }
        let run = layout.planeCount
        var sums = [Float](repeating: 0, count: outputs * run)
        let runs = Runs(of: laid, at: offsets, count: run)
        for output in 0..<outputs {
            runs.sum(
                weights,
                from: output * offsets.count,
                startingAt: bias[output],
                to: &sums,
                at: output * run
            )
        }
        let (width, height) = layout.output
        var samples: [Float] = []
        samples.reserveCapacity(outputs * width * height)
        for output in 0..<outputs {
            for y in 0..<height {
                let from = output * run + y * layout.rowCount
                samples += sums[from..<from + width]
            }
        }
        return PlanarImage(width: width, height: height, channels: outputs, samples: samples)
    }

    /// Returns the gradient by the input, of the gradient by the result.
    ///
    /// - Parameters:
    ///   - gradient: By the result, of the result's shape.
    ///   - width: Columns of the input.
    ///   - height: Rows of the input.
    /// - Returns: The gradient by the input, of the input's shape.
    func backward(_ gradient: PlanarImage, width: Int, height: Int) -> PlanarImage {
        let layout = TapLayout(width: width, height: height, of: self)
        // Zeros before and behind every output's run, as far as weights reach back.
        let lead = layout.reach(kernel: kernel)
        let run = lead + layout.planeCount
        var source = [Float](repeating: 0, count: outputs * run)
        for output in 0..<outputs {
            for y in 0..<gradient.height {
                let from = (output * gradient.height + y) * gradient.width
                let to = output * run + lead + y * layout.rowCount
                source.replaceSubrange(
                    to..<to + gradient.width,
                    with: gradient.samples[from..<from + gradient.width]
                )
            }
        }
        let phases = Self.tapsByPhase(kernel: kernel, stride: stride)
        var laid = [Float](repeating: 0, count: inputs * phases.count * layout.planeCount)
        // Where the taps of a phase begin is the same for all inputs.
        let runs = phases.map { taps in
            let offsets = (0..<outputs).flatMap { output in
                taps.map { output * run + lead - layout.start(row: $0.row, column: $0.column) }
            }
            return Runs(of: source, at: offsets, count: layout.planeCount)
        }
        var first = 0
        for plane in 0..<inputs * phases.count {
            let runs = runs[plane % phases.count]
            runs.sum(
                transposed,
                from: first,
                startingAt: 0,
                to: &laid,
                at: plane * layout.planeCount
            )
            first += runs.tapCount
        }
        return layout.gather(laid, channels: inputs)
    }

    /// The kernel's taps by the phase of the input that they meet.
    private static func tapsByPhase(kernel: Int, stride: Int) -> [[Tap]] {
        var phases = [[Tap]](repeating: [], count: stride * stride)
        for row in 0..<kernel {
            for column in 0..<kernel {
                phases[(row % stride) * stride + column % stride].append(
                    Tap(row: row, column: column)
                )
            }
        }
        return phases
    }
}

/// Equally long runs of samples, of which weighted sums are made.
private struct Runs {
    private let samples: [Float]
    private let offsets: [Int]
    private let count: Int

    /// The number of runs.
    var tapCount: Int { offsets.count }

    /// Names the runs of `count` samples that begin at `offsets`.
    init(of samples: [Float], at offsets: [Int], count: Int) {
        precondition(offsets.allSatisfy { $0 >= 0 && $0 + count <= samples.count })
        self.samples = samples
        self.offsets = offsets
        self.count = count
    }

    /// Writes the sum of the runs, each times its weight, from the weight at `first` on.
    func sum(
        _ weights: [Float],
        from first: Int,
        startingAt start: Float,
        to target: inout [Float],
        at place: Int
    ) {
        precondition(first + offsets.count <= weights.count && place + count <= target.count)
        target.withUnsafeMutableBufferPointer { target in
            weights.withUnsafeBufferPointer { weights in
                guard let target = target.baseAddress, let weights = weights.baseAddress else {
                    return
                }
                plm_weighted_sum(
                    InstructionSet.preferred.kernel,
                    samples,
                    offsets,
                    weights + first,
                    offsets.count,
                    start,
                    target + place,
                    count
                )
            }
        }
    }
}
