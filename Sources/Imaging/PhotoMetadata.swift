/// What a file says about its picture beside the pixels and their colours, as it was stored.
public struct PhotoMetadata: Sendable, Equatable {
    /// A TIFF structure (Exif 2.32), without the `Exif\0\0` in front of it.
    public var exif: [UInt8]?

    /// An XMP packet (ISO 16684-1) in UTF-8.
    public var xmp: [UInt8]?

    /// What of the file's metadata is in neither, and why.
    public var omissions: [Omission] = []

    /// Puts the two together; without arguments there is nothing.
    public init(exif: [UInt8]? = nil, xmp: [UInt8]? = nil) {
        self.exif = exif
        self.xmp = xmp
    }

    /// Who made the picture, whose it is and how it may be used, and nothing else.
    ///
    /// A part that is not understood, or holds a picture all the same, is left out, and ``omissions`` says so.
    public var rights: PhotoMetadata {
        var kept = PhotoMetadata(exif: exif.flatMap(EXIFRewriting.rights), xmp: xmp.flatMap(XMPRewriting.rights))
        // Nobody looks for rights in the other segments.
        kept.omissions = omissions.filter { $0.part != .extendedXMP }
        if let exif, TIFFStructure(exif) == nil { kept.omissions.append(Omission(.exif, .notUnderstood)) }
        if let xmp, String(validating: xmp, as: UTF8.self) == nil {
            kept.omissions.append(Omission(.xmp, .notUnderstood))
        }
        if kept.exif.map({ EmbeddedPictures.areFound(in: $0[...]) }) == true {
            kept.exif = nil
            kept.omissions.append(Omission(.exif, .holdsPicture))
        }
        if kept.xmp.map({ EmbeddedPictures.areFound(inText: $0[...]) }) == true {
            kept.xmp = nil
            kept.omissions.append(Omission(.xmp, .holdsPicture))
        }
        return kept
    }

    /// All of it, corrected where it would not be true of the upright picture, without thumbnails and previews, which would show it as
    /// it was, and without what describes parts of the file that are gone.
    ///
    /// EXIF and XMP of which the structure is not understood, or in which a picture is found in the end, are left out, and ``omissions`` says
    /// so; entries of unknown tags and namespaces stay.
    ///
    /// - Parameters:
    ///   - width: Columns of the upright picture.
    ///   - height: Rows of the upright picture.
    /// - Returns: The metadata for it.
    public func upright(width: Int, height: Int) -> PhotoMetadata {
        var kept = PhotoMetadata()
        kept.omissions = omissions
        do throws(MetadataFault) {
            kept.exif = try exif.map { (exif) throws(MetadataFault) in
                try EXIFRewriting.upright(exif, width: width, height: height)
            }
        } catch {
            kept.omissions.append(Omission(.exif, error.reason))
        }
        do throws(MetadataFault) {
            kept.xmp = try xmp.map { (xmp) throws(MetadataFault) in
                try XMPRewriting.upright(xmp, width: width, height: height)
            }
        } catch {
            kept.omissions.append(Omission(.xmp, error.reason))
        }
        return kept
    }
}

/// Why metadata cannot be kept.
struct MetadataFault: Error, Equatable {
    let reason: Omission.Reason

    /// Its structure is not understood.
    static let notUnderstood = MetadataFault(reason: .notUnderstood)
    /// A picture is found in it.
    static let holdsPicture = MetadataFault(reason: .holdsPicture)
}

extension ImageLimits {
    /// Metadata of a picture, of which a part that is empty or beyond the limit is left out: nobody asked to decode it.
    func metadata(exif: [UInt8]?, xmp: [UInt8]?) -> PhotoMetadata {
        var metadata = PhotoMetadata()
        func kept(_ part: [UInt8]?, _ name: Omission.Part) -> [UInt8]? {
            guard let part, !part.isEmpty else { return nil }
            guard part.count <= maxMetadataBytes else {
                metadata.omissions.append(Omission(name, .tooLarge))
                return nil
            }
            return part
        }
        metadata.exif = kept(exif.map(Self.tiff), .exif)
        metadata.xmp = kept(xmp, .xmp)
        return metadata
    }

    /// Some writers repeat the mark of a JPEG segment in other containers.
    private static func tiff(_ exif: [UInt8]) -> [UInt8] {
        let mark: [UInt8] = Array("Exif".utf8) + [0, 0]
        return exif.starts(with: mark) ? Array(exif.dropFirst(mark.count)) : exif
    }
}
