import CKernels
import Methods

/// The weights of a network, validated and packed for the kernel.
struct Weights: Sendable {
    /// The shape of one convolution of a sub-module.
    struct Convolution {
        let name: String
        let inputs: Int
        let outputs: Int

        /// Returns the five convolutions of a sub-module with the given growth.
        static func all(growth: Int) -> [Convolution] {
            let channels = Int(PLM_WAVELET_CHANNELS), count = Int(PLM_CONVOLUTIONS)
            return (1...count).map { k in
                Convolution(
                    name: "conv\(k)",
                    inputs: channels + (k - 1) * growth,
                    outputs: k < count ? growth : channels
                )
            }
        }

        /// The number of floats of the packed convolution.
        var packedCount: Int { plm_packed_floats(inputs, outputs) }
    }

    /// The sub-modules of a coupling block, in the order in which they are packed.
    private enum Submodule: Int, CaseIterable {
        case phi, rho, eta
    }

    let metadata: WeightsMetadata

    /// The packed convolutions, five per sub-module: phi, rho and eta of block 0, then of block 1,
    /// and so on.
    private let packed: AlignedFloats

    /// The number of floats of one packed sub-module.
    private let submoduleCount: Int

    /// Reads a weights file.
    ///
    /// - Parameter file: A file with exactly the tensors
    ///   `blocks.{i}.{phi,rho,eta}.conv{1...5}.{weight,bias}` for the number of blocks and the
    ///   growth in its metadata.
    /// - Throws: ``WeightsError``.
    init(_ file: SafetensorsFile) throws(WeightsError) {
        let metadata = try WeightsMetadata(file.metadata)
        let convolutions = Convolution.all(growth: metadata.growth)
        guard
            file.tensors.count == metadata.blocks * Submodule.allCases.count * convolutions.count
                * 2
        else {
            throw WeightsError(
                .mismatched,
                "there are not as many tensors as the blocks of the metadata need"
            )
        }
        self.metadata = metadata
        submoduleCount = convolutions.reduce(0) { $0 + $1.packedCount }
        packed = try AlignedFloats(
            count: metadata.blocks * Submodule.allCases.count * submoduleCount
        ) {
            packed throws(WeightsError) in
            var to = packed
            for block in 0..<metadata.blocks {
                for submodule in Submodule.allCases {
                    for convolution in convolutions {
                        let name = "blocks.\(block).\(submodule).\(convolution.name)"
                        let shape = [convolution.outputs, convolution.inputs, 3, 3]
                        let weights = try file.values(named: "\(name).weight", shape: shape)
                        let bias = try file.values(
                            named: "\(name).bias",
                            shape: [convolution.outputs]
                        )
                        plm_pack(weights, bias, convolution.inputs, convolution.outputs, to)
                        to += convolution.packedCount
                    }
                }
            }
        }
    }

    // MARK: - Sub-modules with the effect of their outputs; valid as long as these weights

    func phi(_ block: Int, _ coupling: plm_coupling) -> plm_submodule {
        submodule(.phi, block, coupling)
    }
    func rho(_ block: Int, _ coupling: plm_coupling) -> plm_submodule {
        submodule(.rho, block, coupling)
    }
    func eta(_ block: Int, _ coupling: plm_coupling) -> plm_submodule {
        submodule(.eta, block, coupling)
    }

    private func submodule(
        _ submodule: Submodule,
        _ block: Int,
        _ coupling: plm_coupling
    ) -> plm_submodule {
        precondition(0..<metadata.blocks ~= block)
        return plm_submodule(
            packed: packed.start + (block * Submodule.allCases.count + submodule.rawValue)
                * submoduleCount,
            coupling: coupling
        )
    }
}
