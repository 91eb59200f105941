/// Bounds on a picture, checked before anything is allocated for it.
public struct ImageLimits: Sendable, Equatable {
    /// Maximum number of pixels (width times height).
    ///
    /// 108-megapixel phones produce up to 12032 x 9024.
    public var maxPixels = 110_000_000

    /// Maximum side length in pixels.
    public var maxSide = 65_500

    /// Maximum number of scans of a progressive JPEG; each costs a pass over all coefficients.
    public var maxJPEGScans = 100

    /// Maximum length of a carried ICC profile, in bytes.
    public var maxICCBytes = 4 << 20

    /// Maximum length of a carried EXIF structure and of an XMP packet, in bytes.
    public var maxMetadataBytes = 4 << 20

    /// Creates the defaults: 110 megapixels, sides up to 65,500, 100 scans, profiles and metadata
    /// up to 4 MiB each.
    public init() {}
}
