import CKernels
import Glibc
import Imaging
import Testing

@testable import DeepHiding

/// The kernel of every instruction set of this machine against the plain reference.
@Suite struct KernelTests {
    static let sets = InstructionSet.allCases.filter(\.isSupported)

    /// Sides around the vectors' lengths, and single rows, columns and pixels.
    @Test(arguments: [
        (1, 1), (1, 7), (2, 2), (3, 5), (4, 1), (7, 3), (8, 8), (9, 4), (15, 2), (16, 3), (17, 5), (31, 2), (33, 3),
        (49, 1), (64, 2), (65, 2),
    ])
    func convolutionEqualsTheReference(width: Int, height: Int) {
        var generator = SplitMix64(state: UInt64(width * 1000 + height))
        for (inputs, outputs) in [(1, 1), (12, 12), (3, 4), (5, 7), (2, 9), (7, 32)] {
            let convolution = Reference.Convolution(inputs: inputs, outputs: outputs, using: &generator)
            let planes = Fixtures.noise(width: width, height: height, channels: inputs, seed: generator.next()).samples
            let expected = Reference.convolve(planes.map(Double.init), convolution, width: width, height: height)
            for set in Self.sets {
                let bands = BandImage(planes, width: width, height: height, channels: inputs)
                // What was in the output before must not matter, beside its margins, which are zero.
                var output = BandImage(width: width, height: height, channels: outputs)
                output.fill(7)
                let zeros = [Float](repeating: 0, count: plm_band_floats(width, 1, inputs))
                plm_convolve(
                    set.kernel,
                    convolution.packed,
                    inputs,
                    outputs,
                    bands.floats,
                    &output.floats,
                    width,
                    height,
                    zeros
                )
                let difference = largestDifference(output.planes, expected.map(Float.init))
                #expect(difference < 1e-4, "\(set) \(width)x\(height) \(inputs)->\(outputs)")
                #expect(output.marginsAreZero, "\(set) \(width)x\(height) wrote beside the picture")
            }
        }
    }

    /// Shapes for which all rows are done at once, and others for which the ring of rows turns; growths that fill no tile.
    @Test(arguments: [(1, 1, 1), (2, 3, 5), (16, 16, 4), (17, 9, 3), (5, 41, 8), (96, 14, 2), (23, 50, 3), (40, 33, 1)])
    func denseSubmoduleEqualsTheReference(width: Int, height: Int, growth: Int) {
        var generator = SplitMix64(state: UInt64(width * 7919 + height * 31 + growth))
        let convolutions = Weights.Convolution.all(growth: growth).map {
            Reference.Convolution(inputs: $0.inputs, outputs: $0.outputs, using: &generator)
        }
        let packed = convolutions.flatMap(\.packed)
        let input = Fixtures.noise(width: width, height: height, channels: 12, seed: generator.next()).samples
        let target = Fixtures.noise(width: width, height: height, channels: 12, seed: generator.next()).samples
        let output = Reference.dense(input.map(Double.init), convolutions, width: width, height: height)
        let clamp = 1.7
        let couplings: [(plm_coupling, (Double, Double) -> Double)] = [
            (PLM_ADD, { $0 + $1 }),
            (PLM_SUBTRACT, { $0 - $1 }),
            (PLM_SCALE, { $0 * exp(clamp * tanh($1 / 2)) }),
            (PLM_UNSCALE, { $0 / exp(clamp * tanh($1 / 2)) }),
        ]
        for set in Self.sets {
            for (coupling, reference) in couplings {
                let source = BandImage(input, width: width, height: height, channels: 12)
                var result = BandImage(target, width: width, height: height, channels: 12)
                var scratch = [Float](repeating: .nan, count: plm_dense_scratch_floats(width, height, growth))
                plm_dense_prepare(&scratch, width, height, growth)
                plm_dense(
                    set.kernel,
                    packed,
                    growth,
                    source.floats,
                    &result.floats,
                    width,
                    height,
                    coupling,
                    Float(clamp),
                    &scratch
                )
                let expected = zip(target, output).map { Float(reference(Double($0), $1)) }
                #expect(largestDifference(result.planes, expected) < 1e-4, "\(set) coupling \(coupling)")
                #expect(result.marginsAreZero, "\(set) wrote beside the picture")
            }
        }
    }

    /// The scale over its whole range, infinities and non-numbers included: always finite, positive and within 1e-6.
    @Test(arguments: sets)
    func scaleIsExactAndBounded(set: InstructionSet) {
        let growth = 1, width = 16, height = 1
        // A network that gives its own input back as the output: the last convolution is the identity.
        var convolutions: [Float] = []
        for shape in Weights.Convolution.all(growth: growth) {
            var weights = [Float](repeating: 0, count: shape.outputs * shape.inputs * 9)
            if shape.outputs == 12 { for i in 0..<12 { weights[(i * shape.inputs + i) * 9 + 4] = 1 } }
            let bias = [Float](repeating: 0, count: shape.outputs)
            convolutions += Weights.pack(weights, bias, inputs: shape.inputs, outputs: shape.outputs)
        }
        var values: [Float] = [0, -0.0, 1e-30, 87, -87, 88.5, -104, 1000, -1000, 1e30, -1e30]
        while values.count < 12 * 16 { values.append(Float(values.count - 96) * 0.21) }
        let source = BandImage(values, width: width, height: height, channels: 12)
        var result = BandImage([Float](repeating: 1, count: 192), width: width, height: height, channels: 12)
        var scratch = [Float](repeating: 0, count: plm_dense_scratch_floats(width, height, growth))
        plm_dense_prepare(&scratch, width, height, growth)
        plm_dense(
            set.kernel,
            convolutions,
            growth,
            source.floats,
            &result.floats,
            width,
            height,
            PLM_SCALE,
            2,
            &scratch
        )
        for (value, scale) in zip(values, result.planes) {
            let expected = exp(2 * tanh(Double(value) / 2))
            #expect(abs(Double(scale) / expected - 1) < 1e-6, "E(\(value)) is \(scale), not \(expected)")
        }
    }

    @Test func anOverrideThatTheMachineLacksIsIgnored() {
        #expect(InstructionSet.preferred.isSupported)
        #expect(InstructionSet.portable.isSupported)
        if let wanted = getenv(InstructionSet.overrideVariable).flatMap({
            InstructionSet(rawValue: String(cString: $0))
        }),
            wanted.isSupported
        {
            #expect(InstructionSet.preferred == wanted)
        }
    }
}

/// A band image of the kernel, filled from planes and read back.
private struct BandImage {
    var floats: [Float]
    let width: Int
    let height: Int
    let channels: Int

    init(width: Int, height: Int, channels: Int) {
        (self.width, self.height, self.channels) = (width, height, channels)
        floats = [Float](repeating: 0, count: plm_band_floats(width, height, channels))
    }

    init(_ planes: [Float], width: Int, height: Int, channels: Int) {
        self.init(width: width, height: height, channels: channels)
        for (index, value) in zip(offsets, planes) { floats[index] = value }
    }

    /// Where each element of the planes lies, in the planes' order.
    private var offsets: [Int] {
        let pitch = plm_pitch(width)
        return (0..<channels).flatMap { channel in
            (0..<height).flatMap { y in
                (0..<width).map { x in (y * channels + channel) * pitch + Int(PLM_MARGIN) + x }
            }
        }
    }

    mutating func fill(_ value: Float) {
        for index in offsets { floats[index] = value }
    }

    var planes: [Float] { offsets.map { floats[$0] } }

    var marginsAreZero: Bool {
        var rest = self
        rest.fill(0)
        return rest.floats.allSatisfy { $0 == 0 }
    }
}
