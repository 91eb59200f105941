import CKernels
import Glibc
import Imaging
import Testing

@testable import DeepHiding

/// The kernel of every instruction set of this machine against the plain reference.
@Suite struct KernelTests {
    static let sets = InstructionSet.allCases.filter(\.isSupported)

    /// Shapes with less than a tile, with less than a block, and with several blocks; growths that fill no register block.
    @Test(arguments: [
        (1, 1, 1), (2, 3, 5), (4, 4, 12), (16, 16, 4), (17, 9, 3), (5, 41, 8), (96, 14, 2),
        (23, 50, 3), (40, 33, 1),
        (130, 9, 16), (3, 300, 2), (8, 8, 32), (20, 20, 9), (13, 64, 20),
    ])
    func denseSubmoduleEqualsTheReference(width: Int, height: Int, growth: Int) {
        check(
            plm_shape(width: width, height: height),
            growth: growth,
            seed: UInt64(width * 7919 + height * 31 + growth)
        )
    }

    /// Shapes that nobody chose.
    @Test(arguments: 0..<24)
    func randomShapesEqualTheReference(seed: Int) {
        var generator = SplitMix64(state: UInt64(seed) &* 1_000_003)
        let shape = plm_shape(
            width: Int.random(in: 1...70, using: &generator),
            height: Int.random(in: 1...40, using: &generator)
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
        let input = Fixtures.noise(
            width: width,
            height: height,
            channels: 12,
            seed: generator.next()
        ).samples
        let target = Fixtures.noise(
            width: width,
            height: height,
            channels: 12,
            seed: generator.next()
        ).samples
        let outputs = modules.map {
            Reference.dense(input.map(Double.init), $0, width: width, height: height)
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
                let changed = KernelRun(set: set, shape: shape, growth: growth, clamp: Float(clamp))
                    .dense(
                        zip(modules, results).map { ($0.flatMap(\.packed), $1.0) },
                        input: input,
                        target: target
                    )
                var expected = target.map(Double.init)
                for (output, result) in zip(outputs, results) {
                    expected = zip(expected, output).map(result.1)
                }
                #expect(
                    largestDifference(changed, expected.map(Float.init)) < 1e-4,
                    "\(set) \(shape) growth \(growth), couplings \(run)"
                )
            }
        }
    }

    /// The scale over its whole range, infinities and non-numbers included: always finite, positive and within 1e-6.
    @Test(arguments: sets)
    func scaleIsExactAndBounded(set: InstructionSet) {
        // A network that gives a bias as the output, whatever its input: exact in any transform.
        let values: [Float] =
            [0, -0.0, 1e-30, 87, -87, 88.5, -104, 1000, -1000, 1e30, -1e30, .infinity, -.infinity]
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
            let scales = KernelRun(
                set: set,
                shape: plm_shape(width: 1, height: 1),
                growth: 1,
                clamp: 2
            )
            .dense(
                [(packed, PLM_SCALE)],
                input: [Float](repeating: 0, count: 12),
                target: [Float](repeating: 1, count: 12)
            )
            for (value, scale) in zip(biases, scales) {
                let expected = exp(2 * tanh(Double(value) / 2))
                #expect(
                    abs(Double(scale) / expected - 1) < 1e-6,
                    "E(\(value)) is \(scale), not \(expected)"
                )
            }
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

/// Calls the kernel on planes, in memory that holds nothing but non-numbers before.
private struct KernelRun {
    let set: InstructionSet
    let shape: plm_shape
    let growth: Int
    let clamp: Float

    /// Runs one or two sub-modules and returns the planes of the changed target.
    func dense(
        _ modules: [(packed: [Float], coupling: plm_coupling)],
        input: [Float],
        target: [Float]
    ) -> [Float] {
        let weights = modules.map { module in
            AlignedFloats(count: module.packed.count) {
                $0.update(from: module.packed, count: module.packed.count)
            }
        }
        let submodules = zip(weights, modules).map {
            plm_submodule(packed: $0.start, coupling: $1.coupling)
        }
        let source = branch(of: input)
        var changed = branch(of: target)
        var scratch = [Float](repeating: .nan, count: plm_scratch_floats(shape, growth))
        plm_prepare(&scratch, shape)
        withExtendedLifetime(weights) {
            plm_dense(
                set.kernel,
                shape,
                growth,
                submodules,
                submodules.count,
                source,
                &changed,
                clamp,
                &scratch
            )
        }
        var planes = [Float](repeating: 0, count: 12 * shape.width * shape.height)
        plm_branch_get(changed, shape, &planes)
        return planes
    }

    private func branch(of planes: [Float]) -> [Float] {
        var branch = [Float](repeating: .nan, count: plm_branch_floats(shape))
        plm_branch_clear(&branch, shape)
        plm_branch_put(planes, &branch, shape)
        return branch
    }
}
