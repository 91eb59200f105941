import CKernels
import Glibc
import Imaging
import Testing

@testable import DeepHiding

/// The kernel of every instruction set of this machine against the plain reference.
@Suite struct KernelTests {
    static let sets = InstructionSet.allCases.filter(\.isSupported)

    /// Shapes with less than a tile, with less than a block, and with several blocks; growths that fill no register block;
    /// images side by side that share blocks.
    @Test(arguments: [
        (1, 1, 1, 1), (2, 3, 1, 5), (4, 4, 1, 12), (16, 16, 1, 4), (17, 9, 1, 3), (5, 41, 1, 8), (96, 14, 1, 2), (23, 50, 1, 3),
        (40, 33, 1, 1), (130, 9, 1, 16), (3, 300, 1, 2), (8, 8, 1, 32), (1, 1, 40, 2), (16, 16, 5, 4), (3, 2, 7, 5),
        (12, 12, 3, 7), (33, 5, 4, 3),
    ])
    func denseSubmoduleEqualsTheReference(width: Int, height: Int, images: Int, growth: Int) {
        let shape = plm_shape(width: width, height: height, images: images)
        check(shape, growth: growth, seed: UInt64(width * 7919 + height * 31 + images * 7 + growth))
    }

    /// Shapes that nobody chose.
    @Test(arguments: 0..<24)
    func randomShapesEqualTheReference(seed: Int) {
        var generator = SplitMix64(state: UInt64(seed) &* 1_000_003)
        let shape = plm_shape(
            width: Int.random(in: 1...70, using: &generator),
            height: Int.random(in: 1...24, using: &generator),
            images: Int.random(in: 1...3, using: &generator)
        )
        check(shape, growth: Int.random(in: 1...20, using: &generator), seed: generator.next())
    }

    private func check(_ shape: plm_shape, growth: Int, seed: UInt64) {
        var generator = SplitMix64(state: seed)
        let (width, height) = (shape.width, shape.height)
        let modules = (0..<2).map { _ in
            Weights.Convolution.all(growth: growth).map {
                Reference.Convolution(inputs: $0.inputs, outputs: $0.outputs, using: &generator)
            }
        }
        func noise() -> [[Float]] {
            (0..<shape.images).map { _ in
                Fixtures.noise(width: width, height: height, channels: 12, seed: generator.next()).samples
            }
        }
        let inputs = noise(), targets = noise()
        let outputs = inputs.map { input in
            modules.map { Reference.dense(input.map(Double.init), $0, width: width, height: height) }
        }
        let clamp = 1.7
        let couplings: [(plm_coupling, (Double, Double) -> Double)] = [
            (PLM_ADD, { $0 + $1 }),
            (PLM_SUBTRACT, { $0 - $1 }),
            (PLM_SCALE, { $0 * exp(clamp * tanh($1 / 2)) }),
            (PLM_UNSCALE, { $0 / exp(clamp * tanh($1 / 2)) }),
        ]
        // Each alone, and pairs in the two orders of the network.
        let runs = [[0], [1], [2], [3], [2, 0], [1, 3]]
        for set in Self.sets {
            for run in runs {
                let results = run.map { couplings[$0] }
                let changed = KernelRun(set: set, shape: shape, growth: growth, clamp: Float(clamp)).dense(
                    zip(modules, results).map { ($0.flatMap(\.packed), $1.0) },
                    inputs: inputs,
                    targets: targets
                )
                for image in 0..<shape.images {
                    var expected = targets[image].map(Double.init)
                    for (output, result) in zip(outputs[image], results) { expected = zip(expected, output).map(result.1) }
                    #expect(
                        largestDifference(changed[image], expected.map(Float.init)) < 1e-4,
                        "\(set) \(shape) growth \(growth), couplings \(run), image \(image)"
                    )
                }
            }
        }
    }

    /// The scale over its whole range, infinities and non-numbers included: always finite, positive and within 1e-6.
    @Test(arguments: sets)
    func scaleIsExactAndBounded(set: InstructionSet) {
        // A network that gives a bias as the output, whatever its input: exact in any transform.
        let values: [Float] = [0, -0.0, 1e-30, 87, -87, 88.5, -104, 1000, -1000, 1e30, -1e30, .infinity, -.infinity]
            + (0..<83).map { Float($0 - 41) * 0.21 }
        for start in stride(from: 0, to: values.count, by: 12) {
            let biases = Array(values[start..<start + 12])
            let packed = Weights.Convolution.all(growth: 1).flatMap { shape in
                Reference.Convolution(
                    inputs: shape.inputs,
                    outputs: shape.outputs,
                    weights: [Float](repeating: 0, count: shape.outputs * shape.inputs * 9),
                    bias: shape.outputs == 12 ? biases : [0]
                ).packed
            }
            let scales = KernelRun(set: set, shape: plm_shape(width: 1, height: 1, images: 1), growth: 1, clamp: 2)
                .dense([(packed, PLM_SCALE)], inputs: [[Float](repeating: 0, count: 12)], targets: [[Float](repeating: 1, count: 12)])
            for (value, scale) in zip(biases, scales[0]) {
                let expected = exp(2 * tanh(Double(value) / 2))
                #expect(abs(Double(scale) / expected - 1) < 1e-6, "E(\(value)) is \(scale), not \(expected)")
            }
        }
    }

    /// A non-number in one image does not reach the image beside it.
    @Test(arguments: sets)
    func imagesDoNotSeeEachOther(set: InstructionSet) {
        var generator = SplitMix64(state: 99)
        let packed = Weights.Convolution.all(growth: 3).flatMap {
            Reference.Convolution(inputs: $0.inputs, outputs: $0.outputs, using: &generator).packed
        }
        let run = { (images: [[Float]]) in
            KernelRun(set: set, shape: plm_shape(width: 7, height: 6, images: images.count), growth: 3, clamp: 2)
                .dense([(packed, PLM_ADD)], inputs: images, targets: images)
        }
        let good = Fixtures.noise(width: 7, height: 6, channels: 12, seed: 1).samples
        let bad = [Float](repeating: .nan, count: good.count)
        #expect(run([bad, good, bad])[1] == run([good])[0])
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

/// Calls the kernel on planes, in memory that holds nothing but non-numbers before.
private struct KernelRun {
    let set: InstructionSet
    let shape: plm_shape
    let growth: Int
    let clamp: Float

    /// Runs one or two sub-modules and returns the planes of the changed targets.
    func dense(_ modules: [(packed: [Float], coupling: plm_coupling)], inputs: [[Float]], targets: [[Float]]) -> [[Float]] {
        let weights = modules.map { module in
            AlignedFloats(count: module.packed.count) { $0.update(from: module.packed, count: module.packed.count) }
        }
        let submodules = zip(weights, modules).map { plm_submodule(packed: $0.start, coupling: $1.coupling) }
        let input = branch(of: inputs)
        var target = branch(of: targets)
        var scratch = [Float](repeating: .nan, count: plm_scratch_floats(shape, growth))
        plm_prepare(&scratch, shape)
        withExtendedLifetime(weights) {
            plm_dense(set.kernel, shape, growth, submodules, submodules.count, input, &target, clamp, &scratch)
        }
        return targets.indices.map { image in
            var planes = [Float](repeating: 0, count: 12 * shape.width * shape.height)
            plm_branch_get(target, shape, image, &planes)
            return planes
        }
    }

    private func branch(of images: [[Float]]) -> [Float] {
        var branch = [Float](repeating: .nan, count: plm_branch_floats(shape))
        plm_branch_clear(&branch, shape)
        for (index, planes) in images.enumerated() { plm_branch_put(planes, &branch, shape, index) }
        return branch
    }
}
