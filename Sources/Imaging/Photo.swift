/// A decoded picture: upright 8-bit samples and the colour profile that gives them meaning.
///
/// The EXIF orientation has been applied already; alpha is not premultiplied. Sample `c` of the pixel at column `x` of
/// row `y` is `samples[(y * width + x) * layout.channels + c]`.
public struct Photo: Sendable, Equatable {
    /// Columns, at least 1.
    public let width: Int

    /// Rows, at least 1.
    public let height: Int

    /// Which samples a pixel has.
    public let layout: PixelLayout

    /// The samples, `height * width * layout.channels` of them, interleaved.
    ///
    /// Its count must not be changed.
    public var samples: [UInt8]

    /// The ICC profile of the source, byte for byte.
    public var iccProfile: [UInt8]?

    /// What the picture was decoded from.
    public let sourceFormat: ImageFormat

    /// Makes a photo of given samples.
    ///
    /// - Precondition: The sizes are positive and `samples` has exactly `height * width * layout.channels` elements.
    public init(
        width: Int,
        height: Int,
        layout: PixelLayout,
        samples: [UInt8],
        iccProfile: [UInt8]? = nil,
        sourceFormat: ImageFormat = .unknown
    ) {
        precondition(width > 0 && height > 0, "a photo has at least one pixel")
        precondition(samples.count == width * height * layout.channels, "as many samples as the sizes say")
        self.width = width
        self.height = height
        self.layout = layout
        self.samples = samples
        self.iccProfile = iccProfile
        self.sourceFormat = sourceFormat
    }
}
