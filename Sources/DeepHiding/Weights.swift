import CKernels

/// The weights of a network, checked and reordered for the kernel.
struct Weights: Sendable {
    /// The three sub-modules of a coupling block; each is its five packed convolutions, one after the other.
    struct Block: Sendable {
        let phi: [Float]
        let rho: [Float]
        let eta: [Float]
    }

    /// The shape of one convolution of a sub-module.
    struct Convolution {
        let name: String
        let inputs: Int
        let outputs: Int

        /// The five convolutions of a sub-module of a given growth.
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
    }

    let metadata: WeightsMetadata
    let blocks: [Block]

    /// Reads a weights file.
    ///
    /// - Parameter bytes: A safetensors file with exactly the tensors `blocks.{i}.{phi,rho,eta}.conv{1...5}.{weight,bias}`
    ///   of the blocks and the growth that its metadata tells.
    /// - Throws: ``WeightsError``.
    init(_ bytes: [UInt8]) throws(WeightsError) {
        let file = try SafetensorsFile(bytes)
        metadata = try WeightsMetadata(file.metadata)
        let convolutions = Convolution.all(growth: metadata.growth)
        guard file.tensors.count == metadata.blocks * 3 * convolutions.count * 2 else {
            throw WeightsError(.mismatched, "there are not as many tensors as the blocks of the metadata need")
        }
        var blocks: [Block] = []
        for index in 0..<metadata.blocks {
            blocks.append(
                Block(
                    phi: try Self.submodule("blocks.\(index).phi", convolutions, of: file),
                    rho: try Self.submodule("blocks.\(index).rho", convolutions, of: file),
                    eta: try Self.submodule("blocks.\(index).eta", convolutions, of: file)
                )
            )
        }
        self.blocks = blocks
    }

    /// Reads and packs one sub-module.
    private static func submodule(
        _ name: String,
        _ convolutions: [Convolution],
        of file: SafetensorsFile
    ) throws(WeightsError) -> [Float] {
        var packed: [Float] = []
        for convolution in convolutions {
            let (inputs, outputs) = (convolution.inputs, convolution.outputs)
            let prefix = "\(name).\(convolution.name)"
            let weights = try tensor("\(prefix).weight", shape: [outputs, inputs, 3, 3], of: file)
            let bias = try tensor("\(prefix).bias", shape: [outputs], of: file)
            packed += Self.pack(weights, bias, inputs: inputs, outputs: outputs)
        }
        return packed
    }

    /// Reorders one convolution for the kernel.
    ///
    /// - Precondition: `weights` has `outputs * inputs * 9` elements and `bias` has `outputs`.
    static func pack(_ weights: [Float], _ bias: [Float], inputs: Int, outputs: Int) -> [Float] {
        precondition(weights.count == outputs * inputs * 9 && bias.count == outputs)
        let count = plm_packed_floats(inputs, outputs)
        return [Float](unsafeUninitializedCapacity: count) { packed, initialized in
            plm_pack(weights, bias, inputs, outputs, packed.baseAddress)
            initialized = count
        }
    }

    /// The elements of a tensor that must be there, of this shape and finite.
    private static func tensor(
        _ name: String,
        shape: [Int],
        of file: SafetensorsFile
    ) throws(WeightsError) -> [Float] {
        guard let tensor = file.tensors[name] else {
            throw WeightsError(.mismatched, "the tensor \(name) is missing")
        }
        guard tensor.shape == shape else {
            throw WeightsError(.mismatched, "the tensor \(name) does not have the shape \(shape)")
        }
        let values = file.values(of: tensor)
        guard values.allSatisfy(\.isFinite) else {
            throw WeightsError(.notFinite, "the tensor \(name) has an element that is infinite or not a number")
        }
        return values
    }
}
