/// The colours of a PNG with neither a profile nor sRGB (W3C PNG, 11.3.2.1 and 11.3.2.2).
public struct Colorimetry: Sendable, Equatable {
    /// The encoding gamma (the inverse of the decoding exponent), times 100,000.
    public let gamma: UInt32?

    /// The chromaticities x and y of white, red, green and blue, times 100,000: eight numbers.
    public let chromaticities: [UInt32]?

    /// Creates colorimetry; `nil` if both parts are missing.
    init?(gamma: UInt32?, chromaticities: [UInt32]?) {
        guard gamma != nil || chromaticities != nil else { return nil }
        self.gamma = gamma
        self.chromaticities = chromaticities
    }
}
