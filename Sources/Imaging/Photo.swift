/// A decoded picture: upright 8-bit or 16-bit samples and their colour space.
///
/// The EXIF orientation is already applied; alpha is not premultiplied. Sample `c` of the pixel at
/// column `x` of row `y` begins at
/// `samples[((y * width + x) * layout.channels + c) * depth.byteCount]`.
public struct Photo: Sendable, Equatable {
    /// Columns, at least 1.
    public let width: Int

    /// Rows, at least 1.
    public let height: Int

    /// The samples of a pixel.
    public let layout: PixelLayout

    /// The number of bits per sample.
    public let depth: SampleDepth

    /// The bytes of the `height * width * layout.channels` samples, interleaved.
    ///
    /// Its count must not be changed.
    public var samples: [UInt8]

    /// The source's ICC profile byte for byte, or an equivalent one built from other statements.
    public var iccProfile: [UInt8]?

    /// The code points of the source's colours, which take precedence over a profile.
    public var codePoints: ColorCodePoints?

    /// The source's gamma and chromaticities, if it has neither of them.
    public var colorimetry: Colorimetry?

    /// Whether EXIF alone states the colours; PNG viewers ignore that.
    public var hasColorsByEXIF = false

    /// The source's colour statements that cannot be used.
    public var colorOmissions: [Omission] = []

    /// What the delivered format cannot hold of the samples.
    public var sampleOmissions: [Omission] = []

    /// The source's metadata.
    public var metadata: PhotoMetadata

    /// The format that the picture was decoded from.
    public let sourceFormat: ImageFormat

    /// Creates a photo from samples.
    ///
    /// - Precondition: The sizes are positive and `samples` has exactly the bytes of
    ///   `height * width * layout.channels` samples.
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

    /// Sets the colours of the samples.
    mutating func set(_ colors: PhotoColors) {
        iccProfile = colors.iccProfile
        codePoints = colors.codePoints
        colorimetry = colors.colorimetry
        hasColorsByEXIF = colors.isByEXIF
        colorOmissions = colors.omissions
    }

    /// Returns a photo of other samples with everything else that is known of this one.
    func with(
        samples: [UInt8],
        width: Int? = nil,
        height: Int? = nil,
        layout: PixelLayout? = nil,
        depth: SampleDepth? = nil
    ) -> Photo {
        var photo = Photo(
            width: width ?? self.width,
            height: height ?? self.height,
            layout: layout ?? self.layout,
            depth: depth ?? self.depth,
            samples: samples,
            iccProfile: iccProfile,
            metadata: metadata,
            sourceFormat: sourceFormat
        )
        photo.codePoints = codePoints
        photo.colorimetry = colorimetry
        photo.hasColorsByEXIF = hasColorsByEXIF
        photo.colorOmissions = colorOmissions
        photo.sampleOmissions = sampleOmissions
        return photo
    }

    /// Bytes per pixel.
    public var pixelBytes: Int { layout.channels * depth.byteCount }

    /// Bytes per row.
    public var rowBytes: Int { width * pixelBytes }
}
