/// What a file says about its picture beside the pixels and their colours, as it was stored.
public struct PhotoMetadata: Sendable, Equatable {
    /// A TIFF structure (Exif 2.32), without the `Exif\0\0` in front of it.
    public var exif: [UInt8]?

    /// An XMP packet (ISO 16684-1) in UTF-8.
    public var xmp: [UInt8]?

    /// Puts the two together; without arguments there is nothing.
    public init(exif: [UInt8]? = nil, xmp: [UInt8]? = nil) {
        self.exif = exif
        self.xmp = xmp
    }

    /// Who made the picture, whose it is and how it may be used, and nothing else.
    public var rights: PhotoMetadata {
        PhotoMetadata(exif: exif.flatMap(EXIFRewriting.rights), xmp: xmp.flatMap(XMPRewriting.rights))
    }

    /// All of it, corrected where it would not be true of the upright picture, and without thumbnails and previews, which would show it as
    /// it was.
    ///
    /// EXIF and XMP of which the structure is not understood are left out; entries of unknown tags stay.
    ///
    /// - Parameters:
    ///   - width: Columns of the upright picture.
    ///   - height: Rows of the upright picture.
    /// - Returns: The metadata for it.
    public func upright(width: Int, height: Int) -> PhotoMetadata {
        PhotoMetadata(
            exif: exif.flatMap { EXIFRewriting.upright($0, width: width, height: height) },
            xmp: xmp.flatMap(XMPRewriting.upright)
        )
    }
}

extension ImageLimits {
    /// Metadata of a picture, of which a part that is empty or beyond the limit is left out: nobody asked to decode it.
    func metadata(exif: [UInt8]?, xmp: [UInt8]?) -> PhotoMetadata {
        func kept(_ part: [UInt8]?) -> [UInt8]? {
            part.flatMap { (1...maxMetadataBytes).contains($0.count) ? $0 : nil }
        }
        return PhotoMetadata(exif: kept(exif.map(Self.tiff)), xmp: kept(xmp))
    }

    /// Some writers repeat the mark of a JPEG segment in other containers.
    private static func tiff(_ exif: [UInt8]) -> [UInt8] {
        let mark: [UInt8] = Array("Exif".utf8) + [0, 0]
        return exif.starts(with: mark) ? Array(exif.dropFirst(mark.count)) : exif
    }
}
