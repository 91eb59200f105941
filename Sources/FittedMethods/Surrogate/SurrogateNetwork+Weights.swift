import Methods

extension SurrogateNetwork {
    private static let maxStages = 8

    /// Loads a network from the tensors `stem`, `stages.{i}.first`, `stages.{i}.second`,
    /// `stages.{i}.shortcut` and `head`, each with `.weight` and `.bias`.
    ///
    /// A stage has a shortcut if it changes the number of channels, and then halves the size.
    ///
    /// - Parameters:
    ///   - file: A file with these tensors and no others.
    ///   - classes: The number of classes.
    /// - Throws: `WeightsError`.
    init(_ file: SafetensorsFile, classes: Int) throws(WeightsError) {
        let tensors = CheckedTensors(file)
        stem = try tensors.convolution("stem", inputs: 3, kernel: 3, stride: 1)
        var stages: [Stage] = []
        var channels = stem.outputs
        while tensors.has("stages.\(stages.count).first.weight"), stages.count < Self.maxStages {
            let name = "stages.\(stages.count)"
            let isWider = tensors.has("\(name).shortcut.weight")
            let first = try tensors.convolution(
                "\(name).first",
                inputs: channels,
                kernel: 3,
                stride: isWider ? 2 : 1
            )
            let second = try tensors.convolution(
                "\(name).second",
                inputs: first.outputs,
                kernel: 3,
                stride: 1
            )
            let shortcut =
                isWider
                ? try tensors.convolution(
                    "\(name).shortcut",
                    inputs: channels,
                    kernel: 1,
                    stride: 2
                ) : nil
            guard second.outputs == shortcut?.outputs ?? channels else {
                throw WeightsError(.mismatched, "\(name) adds planes of different numbers")
            }
            stages.append(Stage(first: first, second: second, shortcut: shortcut))
            channels = second.outputs
        }
        self.stages = stages
        head = try tensors.values("head.weight", shape: [classes, channels])
        headBias = try tensors.values("head.bias", shape: [classes])
        try tensors.requireNoOthers()
    }
}

/// The tensors of a file, each checked as it is read.
private final class CheckedTensors {
    private static let channels = 1...512

    private let file: SafetensorsFile
    private var unread: Set<String>

    init(_ file: SafetensorsFile) {
        self.file = file
        unread = Set(file.tensors.keys)
    }

    func has(_ name: String) -> Bool { file.tensors[name] != nil }

    /// Returns the elements of a tensor, which must have this shape and be finite.
    func values(_ name: String, shape: [Int]) throws(WeightsError) -> [Float] {
        guard let tensor = file.tensors[name] else {
            throw WeightsError(.mismatched, "the tensor \(name) is missing")
        }
        guard tensor.shape == shape else {
            throw WeightsError(.mismatched, "the tensor \(name) does not have the shape \(shape)")
        }
        let values = file.values(of: tensor)
        guard values.allSatisfy(\.isFinite) else {
            throw WeightsError(
                .notFinite,
                "the tensor \(name) has an element that is infinite or not a number"
            )
        }
        unread.remove(name)
        return values
    }

    func convolution(
        _ name: String,
        inputs: Int,
        kernel: Int,
        stride: Int
    ) throws(WeightsError) -> Convolution {
        let outputs = file.tensors["\(name).weight"]?.shape.first ?? 1
        guard Self.channels ~= outputs else {
            throw WeightsError(.unsupported, "\(name) does not have 1 to 512 channels")
        }
        return Convolution(
            inputs: inputs,
            outputs: outputs,
            kernel: kernel,
            stride: stride,
            weights: try values("\(name).weight", shape: [outputs, inputs, kernel, kernel]),
            bias: try values("\(name).bias", shape: [outputs])
        )
    }

    func requireNoOthers() throws(WeightsError) {
        guard unread.isEmpty else {
            throw WeightsError(.mismatched, "there are tensors that the network does not have")
        }
    }
}
