/// What a picture may claim before anything is allocated for it.
public struct ImageLimits: Sendable, Equatable {
    /// Most pixels (width times height).
    ///
    /// Phones of 108 megapixels have up to 12032 x 9024.
    public var maxPixels = 110_000_000

    /// Longest side, in pixels.
    public var maxSide = 65_500

    /// Most scans of a progressive JPEG; each one costs a pass over all coefficients.
    public var maxJPEGScans = 100

    /// Longest ICC profile that is carried, in bytes.
    public var maxICCBytes = 4 << 20

    /// Longest EXIF structure and longest XMP packet that are carried, in bytes.
    public var maxMetadataBytes = 4 << 20

    /// The defaults: 110 megapixels, sides up to 65,500, 100 scans, profiles up to 4 MiB, metadata up to 4 MiB.
    public init() {}
}
