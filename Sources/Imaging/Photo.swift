/// A decoded picture: upright samples of 8 or 16 bits and the colour profile that gives them meaning.
///
/// The EXIF orientation has been applied already; alpha is not premultiplied. Sample `c` of the pixel at column `x` of
/// row `y` begins at `samples[((y * width + x) * layout.channels + c) * depth.byteCount]`.
public struct Photo: Sendable, Equatable {
    /// Columns, at least 1.
    public let width: Int

    /// Rows, at least 1.
    public let height: Int

    /// Which samples a pixel has.
    public let layout: PixelLayout

    /// How many bits a sample has.
    public let depth: SampleDepth

    /// The bytes of the `height * width * layout.channels` samples, interleaved.
    ///
    /// Its count must not be changed.
    public var samples: [UInt8]

    /// The ICC profile of the source, byte for byte, or one made here that says what the source says in another way.
    public var iccProfile: [UInt8]?

    /// The code points of the source's colours, which count for more than a profile.
    public var codePoints: ColorCodePoints?

    /// What the source says of its colours with neither of them.
    public var colorimetry: Colorimetry?

    /// Whether nothing but EXIF says what the colours are, which viewers of PNG do not look at.
    public var hasColorsByEXIF = false

    /// What the source says of its colours that cannot be used.
    public var colorOmissions: [Omission] = []

    /// What the source says beside its pixels.
    public var metadata: PhotoMetadata

    /// What the picture was decoded from.
    public let sourceFormat: ImageFormat

    /// Makes a photo of given samples.
    ///
    /// - Precondition: The sizes are positive and `samples` has exactly the bytes of `height * width * layout.channels` samples.
    public init(
        width: Int,
        height: Int,
        layout: PixelLayout,
        depth: SampleDepth = .eight,
        samples: [UInt8],
        iccProfile: [UInt8]? = nil,
        metadata: PhotoMetadata = PhotoMetadata(),
        sourceFormat: ImageFormat = .unknown
    ) {
        precondition(width > 0 && height > 0, "a photo has at least one pixel")
        precondition(
            samples.count == width * height * layout.channels * depth.byteCount,
            "as many samples as the sizes say"
        )
        self.width = width
        self.height = height
        self.layout = layout
        self.depth = depth
        self.samples = samples
        self.iccProfile = iccProfile
        self.metadata = metadata
        self.sourceFormat = sourceFormat
    }

    /// Gives the samples their meaning.
    mutating func set(_ colors: PhotoColors) {
        iccProfile = colors.iccProfile
        codePoints = colors.codePoints
        colorimetry = colors.colorimetry
        hasColorsByEXIF = colors.isByEXIF
        colorOmissions = colors.omissions
    }

    /// Bytes of a pixel.
    public var pixelBytes: Int { layout.channels * depth.byteCount }

    /// Bytes of a row.
    public var rowBytes: Int { width * pixelBytes }
}
