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
        stem = try file.convolution("stem", inputs: 3, kernel: 3, stride: 1)
        var stages: [Stage] = []
        var channels = stem.outputs
        while file.has("stages.\(stages.count).first.weight"), stages.count < Self.maxStages {
            let name = "stages.\(stages.count)"
            let isWider = file.has("\(name).shortcut.weight")
            let first = try file.convolution(
                "\(name).first",
                inputs: channels,
                kernel: 3,
                stride: isWider ? 2 : 1
            )
            let second = try file.convolution(
                "\(name).second",
                inputs: first.outputs,
                kernel: 3,
                stride: 1
            )
            let shortcut =
                isWider
                ? try file.convolution(
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
        head = try file.values(named: "head.weight", shape: [classes, channels])
        headBias = try file.values(named: "head.bias", shape: [classes])
        let shortcuts = stages.count { $0.shortcut != nil }
        guard file.tensors.count == 2 * (2 + 2 * stages.count + shortcuts) else {
            throw WeightsError(.mismatched, "there are tensors that the network does not have")
        }
    }
}

extension SafetensorsFile {
    fileprivate func has(_ name: String) -> Bool { tensors[name] != nil }

    fileprivate func convolution(
        _ name: String,
        inputs: Int,
        kernel: Int,
        stride: Int
    ) throws(WeightsError) -> Convolution {
        let outputs = tensors["\(name).weight"]?.shape.first ?? 1
        guard 1...512 ~= outputs else {
            throw WeightsError(.unsupported, "\(name) does not have 1 to 512 channels")
        }
        let shape = [outputs, inputs, kernel, kernel]
        return Convolution(
            inputs: inputs,
            outputs: outputs,
            kernel: kernel,
            stride: stride,
            weights: try values(named: "\(name).weight", shape: shape),
            bias: try values(named: "\(name).bias", shape: [outputs])
        )
    }
}
