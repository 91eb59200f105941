/// The parts of a HEIC or AVIF file that make up its picture.
///
/// These are the primary item, the images it is derived from, its alpha, and its EXIF and XMP.
/// Phones add much more: gain maps, depth maps, mattes, thumbnails, videos. All of that is ignored.
struct HEIFPicture {
    /// The constraints on a decoded stream.
    struct Stream: Equatable {
        let size: HEIFImage.Size
        /// Whether the stream may not be larger.
        let isExact: Bool
    }

    /// The images, the primary item first, each once.
    private(set) var images: [HEIFImage] = []
    /// The streams in libheif's decoding order; a stream decoded twice is listed twice.
    private(set) var streams: [Stream] = []
    /// The ID of the primary item's alpha item.
    private(set) var alpha: Int?
    /// The byte ranges of the EXIF item as stored.
    private(set) var exif: [Range<Int>] = []
    /// The byte ranges of the XMP item.
    private(set) var xmp: [Range<Int>] = []

    private var container: HEIFContainer
    private let bytes: [UInt8]
    private let limits: ImageLimits
    private var places: [Int: Int] = [:]
    private var visits = 0
    private var pixels = 0
    private var streamBytes = 0

    /// Bounded because libheif searches all items for each one.
    private static let maxImages = 8192
    /// The maximum number of tiles in a grid, twice to allow for alpha.
    private static let maxVisits = 2 * 65_536 + 16
    private static let maxDepth = 8

    /// The auxiliary types of alpha (ISO/IEC 23008-12, 6.5.8; AVC and MIAF).
    private static let alphaTypes = [
        "urn:mpeg:avc:2015:auxid:1", "urn:mpeg:hevc:2015:auxid:1",
        "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    ]

    /// Finds the parts of the picture.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - limits: The bounds on the picture.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/tooLarge``,
    ///   ``ImagingError/Code/truncated``, ``ImagingError/Code/corrupt`` or
    ///   ``ImagingError/Code/unsupported``.
    init(_ bytes: [UInt8], limits: ImageLimits) throws(ImagingError) {
        self.bytes = bytes
        self.limits = limits
        container = try HEIFContainer(bytes)
        let (primary, _) = try add(container.primary, isPart: false, depth: 0)
        try findAlpha(of: primary)
        try findMetadata()
    }

    /// Returns the concatenated bytes of some ranges; `nil` if they exceed `count`.
    func bytes(at ranges: [Range<Int>], atMost count: Int) -> [UInt8]? {
        guard ranges.reduce(0, { $0 + $1.count }) <= count else { return nil }
        return ranges.flatMap { bytes[$0] }
    }

    // MARK: - Images

    /// Adds an image and the images it is derived from.
    private mutating func add(
        _ number: Int,
        isPart: Bool,
        depth: Int
    ) throws(ImagingError) -> (image: HEIFImage, isDeep: Bool) {
        guard depth < Self.maxDepth else {
            throw ImagingError(
                .corrupt,
                "The picture's file is damaged: parts of the picture contain themselves."
            )
        }
        visits += 1
        guard visits <= Self.maxVisits else {
            throw ImagingError(.tooLarge, "The picture has too many parts.")
        }
        let image = try image(number)
        guard image.kind.isDerived else {
            try count(image)
            streams.append(Stream(size: image.size, isExact: !isPart))
            return (image, image.isDeep)
        }
        var parts: [HEIFImage] = []
        var isDeep = false
        for part in image.parts {
            let added = try add(part, isPart: isPart || image.kind != .identity, depth: depth + 1)
            parts.append(added.image)
            isDeep = isDeep || added.isDeep
        }
        try check(image, parts, isDeep: isDeep)
        return (image, isDeep)
    }

    private mutating func image(_ number: Int) throws(ImagingError) -> HEIFImage {
        if let place = places[number] { return images[place] }
        let image = try HEIFImage(number, in: &container)
        try limits.check(width: image.size.width, height: image.size.height)
        guard images.count < Self.maxImages else {
            throw ImagingError(.tooLarge, "The picture has more than \(Self.maxImages) parts.")
        }
        places[number] = images.count
        images.append(image)
        return image
    }

    /// Bounds the work of decoding.
    private mutating func count(_ image: HEIFImage) throws(ImagingError) {
        pixels += image.size.width * image.size.height
        guard pixels <= 4 * limits.maxPixels else {
            throw ImagingError(
                .tooLarge,
                "The parts of the picture have more than \(4 * limits.maxPixels) pixels together, four times what is allowed."
            )
        }
        streamBytes += image.ranges.reduce(0) { $0 + $1.count }
        guard streamBytes <= max(16 << 20, 4 * bytes.count) else {
            throw ImagingError(
                .tooLarge,
                "The parts of the picture have more bytes than its file can hold."
            )
        }
    }

    private func check(
        _ image: HEIFImage,
        _ parts: [HEIFImage],
        isDeep: Bool
    ) throws(ImagingError) {
        if image.kind == .identity {
            guard parts.count == 1 else {
                throw ImagingError(
                    .corrupt,
                    "The picture's file is damaged: it does not say what the picture is made from."
                )
            }
            return
        }
        // An overlay's 32-bit canvas size ends within these bytes.
        let start = image.ranges.lazy.flatMap { [bytes] in bytes[$0] }.prefix(18)
        guard let canvas = HEIFCanvas(Array(start), kind: image.kind), !parts.isEmpty else {
            throw ImagingError(
                .corrupt,
                "The picture's file is damaged: it does not say how large the whole of its parts is."
            )
        }
        try limits.check(width: canvas.size.width, height: canvas.size.height)
        guard canvas.size == image.size else {
            throw ImagingError(
                .corrupt,
                """
                The picture is \(image.size.width) x \(image.size.height) by its properties and \
                \(canvas.size.width) x \(canvas.size.height) by its grid.
                """
            )
        }
        try canvas.check(tiles: parts)
        if image.kind == .overlay, isDeep {
            throw ImagingError(
                .unsupported,
                "The picture is made of layers of more than 8 bits, which are not read."
            )
        }
    }

    // MARK: - Alpha and metadata

    private mutating func findAlpha(of primary: HEIFImage) throws(ImagingError) {
        for (source, targets) in container.references.sources(of: "auxl", to: Set(places.keys)) {
            guard try isAlpha(source), source != alpha else { continue }
            guard alpha == nil, targets.allSatisfy({ $0 == primary.number }) else {
                throw HEIFUnsupported.alpha
            }
            alpha = source
        }
        guard let alpha else { return }
        let (image, _) = try add(alpha, isPart: false, depth: 0)
        func turns(_ image: HEIFImage) -> [[UInt8]] {
            image.transformations.map { Array($0.type.utf8) + $0.content }
        }
        guard image.size == primary.size, turns(image) == turns(primary) else {
            throw HEIFUnsupported.alpha
        }
        guard container.references.targets(of: "prem", from: primary.number).isEmpty else {
            throw HEIFUnsupported.premultiplied
        }
    }

    private func isAlpha(_ item: Int) throws(ImagingError) -> Bool {
        try container.properties.all(of: item).contains { property in
            guard property.type == "auxC" else { return false }
            // The name follows the version and the flags and ends at a zero.
            let name = String(
                decoding: property.content.dropFirst(4).prefix { $0 != 0 },
                as: UTF8.self
            )
            return Self.alphaTypes.contains(name)
        }
    }

    private mutating func findMetadata() throws(ImagingError) {
        let sources = container.references.sources(of: "cdsc", to: [container.primary]).map(
            \.source
        )
        for item in sources.sorted().compactMap({ container.items[$0] }) {
            let isXMP = item.type == "mime" && item.mediaType == "application/rdf+xml"
            guard isXMP ? xmp.isEmpty : item.type == "Exif" && exif.isEmpty else { continue }
            if item.isCompressed || item.isProtected {
                throw ImagingError(
                    .unsupported,
                    "The picture has compressed or encrypted metadata, which are not supported; send it without."
                )
            }
            let ranges = try container.places.ranges(of: item.number)
            if isXMP { xmp = ranges } else { exif = ranges }
        }
    }
}
