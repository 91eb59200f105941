/// An image item, with everything needed to decode it.
struct HEIFImage {
    /// How an image is stored or derived.
    enum Kind: String {
        case hevc = "hvc1"
        case av1 = "av01"
        /// Assembled from tiles (ISO/IEC 23008-12, 6.6.2.3).
        case grid
        /// Another image unchanged (6.6.2.1).
        case identity = "iden"
        /// Assembled from layers (6.6.2.2).
        case overlay = "iovl"

        /// Whether the image is derived from others.
        var isDerived: Bool {
            switch self {
            case .hevc, .av1: false
            case .grid, .identity, .overlay: true
            }
        }
    }

    struct Size: Equatable {
        var width: Int
        var height: Int
    }

    /// The item's ID.
    let number: Int
    let kind: Kind
    /// The properties that a decoder needs, in file order.
    let properties: [HEIFProperties.Property]
    /// The stored size, before rotation and cropping.
    let size: Size
    /// The IDs of the images that it is derived from.
    let parts: [Int]
    /// The byte ranges of its data.
    let ranges: [Range<Int>]
    /// Whether its stream has more than 8 bits per sample.
    let isDeep: Bool

    /// Interprets an item as an image.
    ///
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/unsupported`` for images that no decoder
    ///   here can read, or ``ImagingError/Code/corrupt`` or ``ImagingError/Code/truncated``.
    init(_ number: Int, in container: inout HEIFContainer) throws(ImagingError) {
        guard let item = container.items[number] else {
            throw ImagingError(
                .corrupt,
                "The picture's file is damaged: a part of the picture is not there."
            )
        }
        if item.isProtected {
            throw ImagingError(
                .unsupported,
                "The picture is encrypted; decrypt it first."
            )
        }
        guard let kind = Kind(rawValue: item.type) else {
            throw HEIFUnsupported.item(of: item.type)
        }
        let properties = try HEIFImageProperties(container.properties.all(of: number), kind: kind)
        self.number = number
        self.kind = kind
        self.properties = properties.needed
        size = properties.size
        isDeep = properties.isDeep
        parts = kind.isDerived ? container.references.targets(of: "dimg", from: number) : []
        ranges = kind == .identity ? [] : try container.places.ranges(of: number)
        guard kind == .identity || !ranges.isEmpty else {
            throw ImagingError(.truncated, "The picture's file does not hold the picture itself.")
        }
    }

    /// The properties that rotate, mirror or crop it.
    var transformations: [HEIFProperties.Property] {
        properties.filter { ["irot", "imir", "clap"].contains($0.type) }
    }

    /// Whether it is cropped.
    var isCut: Bool { properties.contains { $0.type == "clap" } }

    /// Its size after rotation.
    var turnedSize: Size {
        let turns = properties.filter { $0.type == "irot" && ($0.content.first ?? 0) & 1 == 1 }
            .count
        return turns & 1 == 1 ? Size(width: size.height, height: size.width) : size
    }
}
