/// What was measured on the samples before a lossy format changed them: on the PNG that the same
/// settings give.
///
/// JSON: `{"bound": 8, "linf": 8}`; the bound is null if the change was not clipped.
public struct LosslessFigures: Codable, Sendable, Equatable {
    /// The bound that the samples keep; `nil` if the change was not clipped.
    public var bound: Int?
    /// The largest change of a colour sample.
    public var maxAbsoluteDifference: Int

    private enum CodingKeys: String, CodingKey {
        case bound
        case maxAbsoluteDifference = "linf"
    }

    /// Creates figures.
    public init(bound: Int?, maxAbsoluteDifference: Int) {
        self.bound = bound
        self.maxAbsoluteDifference = maxAbsoluteDifference
    }

    /// Encodes both keys; a missing bound becomes null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(bound, forKey: .bound)
        try container.encode(maxAbsoluteDifference, forKey: .maxAbsoluteDifference)
    }
}
