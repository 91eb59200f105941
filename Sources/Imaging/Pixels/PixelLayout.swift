/// The samples of a pixel, in memory order.
public enum PixelLayout: String, Sendable, CaseIterable {
    /// One luminance sample.
    case gray
    /// Luminance, then alpha (not premultiplied).
    case grayAlpha
    /// Red, green, blue.
    case rgb
    /// Red, green, blue, then alpha (not premultiplied).
    case rgba

    /// Samples per pixel, alpha included: 1...4.
    public var channels: Int {
        switch self {
        case .gray: 1
        case .grayAlpha: 2
        case .rgb: 3
        case .rgba: 4
        }
    }

    /// Colour samples per pixel, which precede alpha: 1 or 3.
    public var colorChannels: Int {
        switch self {
        case .gray, .grayAlpha: 1
        case .rgb, .rgba: 3
        }
    }

    /// Whether the last sample of a pixel is alpha.
    public var hasAlpha: Bool {
        switch self {
        case .gray, .rgb: false
        case .grayAlpha, .rgba: true
        }
    }
}
