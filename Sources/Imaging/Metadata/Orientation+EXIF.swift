extension Orientation {
    /// Reads the orientation from EXIF; anything unreadable means "as stored".
    ///
    /// Only the first directory counts, and in it the first entry 0x0112, which must be a single
    /// 16-bit number.
    ///
    /// - Parameter exif: A TIFF structure without the leading `Exif\0\0`.
    init(exif: [UInt8]) {
        self = Self.stored(in: TIFFStructure(exif)) ?? .asStored
    }

    private static func stored(in tiff: TIFFStructure?) -> Orientation? {
        guard let tiff, let directory = tiff.firstDirectory,
            let entries = tiff.entries(at: directory),
            let entry = entries.first(where: { $0.tag == EXIFTag.orientation }), entry.type == 3
        else { return nil }
        return tiff.number(entry).flatMap(Orientation.init(rawValue:))
    }
}

/// The EXIF tags in use (Exif 2.32 sections 4.6.4 to 4.6.6).
enum EXIFTag {
    static let stripOffsets = 0x0111
    static let orientation = 0x0112
    static let stripByteCounts = 0x0117
    static let tileOffsets = 0x0144
    static let tileByteCounts = 0x0145
    static let subdirectories = 0x014A
    static let artist = 0x013B
    static let thumbnailOffset = 0x0201
    static let thumbnailCount = 0x0202
    static let xmp = 0x02BC
    static let copyright = 0x8298
    static let photoshop = 0x8649
    static let exifDirectory = 0x8769
    static let makerNote = 0x927C
    static let colorSpace = 0xA001
    static let pixelWidth = 0xA002
    static let pixelHeight = 0xA003
    static let interoperability = 0xA005
    /// A tag of the interoperability directory; elsewhere the number has another meaning.
    static let interoperabilityIndex = 0x0001
}
