/// The properties of one image that are needed to decode it.
struct HEIFImageProperties {
    let needed: [HEIFProperties.Property]
    let size: HEIFImage.Size
    let isDeep: Bool

    /// Properties passed to decoders, besides the stream's configuration (ISO/IEC 23008-12, 6.5).
    private static let known: Set<String> = [
        "ispe", "pixi", "colr", "irot", "imir", "clap", "pasp", "auxC",
    ]

    /// Purely descriptive properties, which change no samples.
    ///
    /// They can be dropped even if marked essential (ISO/IEC 23008-12, 6.5; AV1 image format, 2.3).
    private static let descriptions: Set<String> = [
        "clli", "mdcv", "cclv", "amve", "reve", "ndwt", "udes", "altt", "crtt", "mdft", "rloc",
        "a1lx", "subs", "tols",
        "aebr", "wbbr", "fobr", "afbr", "dobr", "pano", "ster", "cmin", "cmex", "free", "skip",
    ]

    /// Selects from all properties of an image.
    init(_ all: [HEIFProperties.Property], kind: HEIFImage.Kind) throws(ImagingError) {
        let configuration: String? =
            switch kind {
            case .hevc: "hvcC"
            case .av1: "av1C"
            case .grid, .identity, .overlay: nil
            }
        var needed: [HEIFProperties.Property] = []
        for property in all {
            if property.type == configuration || Self.known.contains(property.type) {
                if Self.isReadable(property) { needed.append(property) }
            } else {
                try Self.checkUnknown(property)
            }
        }
        self.needed = needed
        let sizes = needed.filter { $0.type == "ispe" }
        guard sizes.count == 1, let size = Self.size(sizes[0].content) else {
            throw ImagingError(
                .corrupt,
                "The picture's file is damaged: it does not give exactly one size for each of its images."
            )
        }
        self.size = size
        guard let configuration else {
            isDeep = false
            return
        }
        let configurations = needed.filter { $0.type == configuration }
        guard configurations.count == 1,
            let isDeep = Self.isDeep(configurations[0].content, kind: kind)
        else {
            throw ImagingError(
                .corrupt,
                "The picture's file is damaged: it does not say how an image is to be decoded."
            )
        }
        self.isDeep = isDeep
    }

    /// Whether a property can be read; QuickTime's colour description cannot, but the stream states
    /// the colours too.
    private static func isReadable(_ property: HEIFProperties.Property) -> Bool {
        property.type != "colr"
            || ["nclx", "prof", "rICC"].contains { property.content.starts(with: $0.utf8) }
    }

    private static func checkUnknown(_ property: HEIFProperties.Property) throws(ImagingError) {
        switch property.type {
        case "lsel":
            // Selects one of several layers; this value means the best one (ISO/IEC 23008-12,
            // 6.5.11).
            guard property.content.elementsEqual([0xFF, 0xFF]) else { throw HEIFUnsupported.layers }
        case "a1op":
            // Selects an operating point; decoders use the first by default (AV1 image format,
            // 2.3.2.1).
            guard property.content.elementsEqual([0]) else { throw HEIFUnsupported.layers }
        default:
            if property.isEssential, !descriptions.contains(property.type) {
                throw HEIFUnsupported.property
            }
        }
    }

    private static func size(_ content: ArraySlice<UInt8>) -> HEIFImage.Size? {
        var reader = BigEndianReader(content)
        guard reader.skip(4), let width = reader.number(4), let height = reader.number(4),
            width > 0, height > 0
        else {
            return nil
        }
        return HEIFImage.Size(width: width, height: height)
    }

    /// Reads the bit depth from the configuration (ISO/IEC 14496-15, 8.3.3.1; AV1 in ISO base media
    /// files, 2.3.3).
    private static func isDeep(_ content: ArraySlice<UInt8>, kind: HEIFImage.Kind) -> Bool? {
        let (place, mask): (Int, UInt8) = kind == .hevc ? (17, 7) : (2, 0x40)
        return content.dropFirst(place).first.map { $0 & mask != 0 }
    }
}
