import Methods

/// The images of all classes as a fitted weights file holds them.
struct ClassImages {
    /// The tensor's name.
    static let name = "class_images"
    private static let sides = 2...1024

    /// Columns and rows of an image.
    let side: Int
    private let values: [Float]

    /// Reads the tensor (`count`, 3, side, side).
    ///
    /// - Throws: `WeightsError` if it is missing, of another shape, or not in [0, 1].
    init(of file: SafetensorsFile, count: Int) throws(WeightsError) {
        guard let tensor = file.tensors[Self.name] else {
            throw WeightsError(.mismatched, "the tensor \(Self.name) is missing")
        }
        guard let side = tensor.shape.last, Self.sides ~= side,
            tensor.shape == [count, 3, side, side]
        else {
            throw WeightsError(
                .mismatched,
                "the tensor \(Self.name) does not have an image of 2 to 1024 pixels for each class"
            )
        }
        values = file.values(of: tensor)
        guard values.allSatisfy({ 0...1 ~= $0 }) else {
            throw WeightsError(.notFinite, "the tensor \(Self.name) is not between 0 and 1")
        }
        self.side = side
    }

    /// Returns an image as interleaved samples of 8 bits.
    func interleaved(_ index: Int) -> [UInt8] {
        let pixels = side * side
        var samples = [UInt8](repeating: 0, count: 3 * pixels)
        for channel in 0..<3 {
            for pixel in 0..<pixels {
                let value = values[(index * 3 + channel) * pixels + pixel]
                samples[pixel * 3 + channel] = UInt8((value * 255).rounded())
            }
        }
        return samples
    }
}
