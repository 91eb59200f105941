/// A file's metadata, besides pixels and colours, as stored.
public struct PhotoMetadata: Sendable, Equatable {
    /// A TIFF structure (Exif 2.32) without the leading `Exif\0\0`.
    public var exif: [UInt8]?

    /// An XMP packet (ISO 16684-1) in UTF-8.
    public var xmp: [UInt8]?

    /// The metadata of the file that is in neither, and why.
    public var omissions: [Omission] = []

    /// Creates metadata; empty without arguments.
    public init(exif: [UInt8]? = nil, xmp: [UInt8]? = nil) {
        self.exif = exif
        self.xmp = xmp
    }

    /// The author, owner and usage terms of the picture, and nothing else.
    ///
    /// A part that cannot be parsed, or that still holds a picture, is left out and listed in
    /// ``omissions``.
    public var rights: PhotoMetadata {
        var kept = PhotoMetadata(
            exif: exif.flatMap(EXIFRewriting.rights),
            xmp: xmp.flatMap(XMPRewriting.rights)
        )
        // The other segments are not searched for rights.
        kept.omissions = omissions.filter { $0.part != .extendedXMP }
        if let exif, TIFFStructure(exif) == nil {
            kept.omissions.append(Omission(.exif, .notUnderstood))
        }
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

    /// Returns all metadata, corrected for the upright picture.
    ///
    /// Thumbnails and previews, which show the unprotected picture, are removed, as are
    /// descriptions of parts of the file that are not carried. EXIF or XMP that cannot be parsed,
    /// or in which a picture is found in the end, is left out and listed in ``omissions``. Entries
    /// of unknown tags and namespaces stay.
    ///
    /// - Parameters:
    ///   - width: Columns of the upright picture.
    ///   - height: Rows of the upright picture.
    /// - Returns: The corrected metadata.
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

    /// Its structure cannot be parsed.
    static let notUnderstood = MetadataFault(reason: .notUnderstood)
    /// It holds a picture.
    static let holdsPicture = MetadataFault(reason: .holdsPicture)
}

extension ImageLimits {
    /// Creates a picture's metadata, leaving out parts that are empty or beyond the limit.
    ///
    /// Oversized metadata is no reason to refuse the picture.
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

    /// Strips the JPEG segment's signature, which some writers repeat in other containers.
    private static func tiff(_ exif: [UInt8]) -> [UInt8] {
        let mark: [UInt8] = Array("Exif".utf8) + [0, 0]
        return exif.starts(with: mark) ? Array(exif.dropFirst(mark.count)) : exif
    }
}
