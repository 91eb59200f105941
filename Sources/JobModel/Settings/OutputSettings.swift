/// How protected pictures are delivered: format, its settings, and the largest side.
///
/// All values are in range and fit each other. Values that a lossy format needs are always there,
/// so that a job keeps its meaning when a default changes. JSON: `{"format", "quality", "chroma",
/// "max_side"}`, without what does not apply; nothing at all for ``standard``, which is all that
/// earlier releases had.
public struct OutputSettings: Sendable, Hashable {
    /// The permitted qualities of lossy formats.
    public static let qualities = 1...100
    /// The permitted largest sides in pixels; WebP has no longer ones.
    public static let maxSides = 64...16_383
    /// The quality of requests that name none.
    public static let standardQuality = 92

    /// A PNG of the photo's own size.
    public static let standard = OutputSettings(unchecked: .png, nil, nil, nil)

    /// The file format.
    public let format: OutputFormat
    /// The encoder's quality, 1 to 100; `nil` for PNG.
    public let quality: Int?
    /// The resolution of colour; `nil` for PNG.
    public let chroma: ChromaSampling?
    /// The longer side in pixels to which larger photos are scaled before they are protected, or
    /// `nil` to keep the photo's size.
    public let maxSide: Int?

    /// Creates settings, checks them and fills in what a lossy format needs.
    ///
    /// JPEG has 4:4:4 unless another chroma is named: the mask puts most of the change into blue,
    /// which 4:2:0 would blur. WebP knows nothing but 4:2:0.
    ///
    /// - Parameters:
    ///   - format: The file format.
    ///   - quality: The quality, or `nil` for the default.
    ///   - chroma: The resolution of colour, or `nil` for the format's default.
    ///   - maxSide: The longer side of larger photos in pixels, or `nil` for any.
    /// - Throws: ``SettingsFault/Code/qualityInvalid``, ``SettingsFault/Code/chromaInvalid`` or
    ///   ``SettingsFault/Code/maxSideInvalid``.
    public init(
        format: OutputFormat = .png,
        quality: Int? = nil,
        chroma: ChromaSampling? = nil,
        maxSide: Int? = nil
    ) throws(SettingsFault) {
        guard maxSide.map(Self.maxSides.contains) ?? true else {
            throw SettingsFault(.maxSideInvalid, Self.maxSideRule)
        }
        guard quality.map(Self.qualities.contains) ?? true else {
            throw SettingsFault(.qualityInvalid, Self.qualityRule)
        }
        switch format {
        case .png:
            guard quality == nil else {
                throw SettingsFault(
                    .qualityInvalid,
                    """
                    A PNG is lossless and has no quality; leave quality out, or choose format=jpeg \
                    or format=webp.
                    """
                )
            }
            guard chroma == nil else {
                throw SettingsFault(
                    .chromaInvalid,
                    "A PNG has colour at full resolution; leave chroma out, or choose format=jpeg."
                )
            }
            self.init(unchecked: .png, nil, nil, maxSide)
        case .jpeg:
            self.init(
                unchecked: .jpeg,
                quality ?? Self.standardQuality,
                chroma ?? .full,
                maxSide
            )
        case .webp:
            guard chroma != .full else {
                throw SettingsFault(
                    .chromaInvalid,
                    "A lossy WebP has no chroma but 4:2:0; choose format=jpeg for 4:4:4."
                )
            }
            self.init(unchecked: .webp, quality ?? Self.standardQuality, .half, maxSide)
        }
    }

    private init(
        unchecked format: OutputFormat,
        _ quality: Int?,
        _ chroma: ChromaSampling?,
        _ maxSide: Int?
    ) {
        self.format = format
        self.quality = quality
        self.chroma = chroma
        self.maxSide = maxSide
    }

    /// The rule for qualities.
    public static let qualityRule = "The quality must be a whole number from 1 to 100."
    /// The rule for largest sides.
    public static let maxSideRule = "The largest side must be a whole number from 64 to 16383."
}

extension OutputSettings: Codable {
    private enum CodingKeys: String, CodingKey {
        case format, quality, chroma
        case maxSide = "max_side"
    }

    /// Decodes settings and checks them; without keys they are ``standard``.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            format: container.decodeIfPresent(OutputFormat.self, forKey: .format) ?? .png,
            quality: container.decodeIfPresent(Int.self, forKey: .quality),
            chroma: container.decodeIfPresent(ChromaSampling.self, forKey: .chroma),
            maxSide: container.decodeIfPresent(Int.self, forKey: .maxSide)
        )
    }

    /// Encodes what differs from ``standard``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if format != .png { try container.encode(format, forKey: .format) }
        try container.encodeIfPresent(quality, forKey: .quality)
        try container.encodeIfPresent(chroma, forKey: .chroma)
        try container.encodeIfPresent(maxSide, forKey: .maxSide)
    }
}
