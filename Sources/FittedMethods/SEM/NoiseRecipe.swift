import Methods

/// How the noise for one picture is found; `methods.sem.noise.Recipe` in `Training` has the same.
struct NoiseRecipe: Sendable {
    /// Signed steps of descent, 1...100; together they are twice the bound long.
    let steps: Int
    /// Shifts and perturbations that one step averages, 1...20.
    let draws: Int
    /// The largest random perturbation that the noise must stand, in levels, 0...32.
    let radius: Float
    /// The largest shift, as a share of the shorter side, 0...0.25.
    let shift: Float

    /// Reads the recipe from a file's metadata.
    ///
    /// - Throws: `WeightsError`.
    init(_ metadata: [String: String]) throws(WeightsError) {
        steps = try Self.number("noise_steps", in: metadata, 1...100)
        draws = try Self.number("draws", in: metadata, 1...20)
        radius = try Self.number("radius", in: metadata, 0...32)
        shift = try Self.number("shift", in: metadata, 0...0.25)
    }

    private static func number<Number: LosslessStringConvertible & Comparable>(
        _ name: String,
        in metadata: [String: String],
        _ range: ClosedRange<Number>
    ) throws(WeightsError) -> Number {
        guard let number = metadata[name].flatMap({ Number($0) }), range ~= number else {
            throw WeightsError(
                .unsupported,
                "the metadata's \(name) is not between \(range.lowerBound) and \(range.upperBound)"
            )
        }
        return number
    }
}
