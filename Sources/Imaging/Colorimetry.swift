/// What a PNG says of its colours where it has no profile and does not say that they are sRGB (W3C PNG, 11.3.2.1 and 11.3.2.2).
public struct Colorimetry: Sendable, Equatable {
    /// The exponent by which samples become light, inverted, times 100,000.
    public let gamma: UInt32?

    /// The chromaticities x and y of white, red, green and blue, times 100,000; eight numbers.
    public let chromaticities: [UInt32]?

    /// Puts the two together; `nil` where neither is told.
    init?(gamma: UInt32?, chromaticities: [UInt32]?) {
        guard gamma != nil || chromaticities != nil else { return nil }
        self.gamma = gamma
        self.chromaticities = chromaticities
    }
}
