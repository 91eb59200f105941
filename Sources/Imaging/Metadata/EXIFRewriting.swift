/// Rewrites EXIF for a picture that was turned upright and protected.
enum EXIFRewriting {
    /// Keeps everything, corrected for the upright picture and its size.
    ///
    /// Thumbnails and previews are removed, since they show the unprotected picture.
    ///
    /// - Parameters:
    ///   - exif: A TIFF structure, treated as hostile.
    ///   - width: Columns of the upright picture.
    ///   - height: Rows of the upright picture.
    /// - Returns: The structure.
    /// - Throws: ``MetadataFault`` if it cannot be parsed or still holds a picture.
    static func upright(_ exif: [UInt8], width: Int, height: Int) throws(MetadataFault) -> [UInt8] {
        guard var tiff = TIFFStructure(exif), let directory = tiff.firstDirectory,
            let entries = tiff.entries(at: directory), tiff.link(behind: directory) != nil
        else { throw .notUnderstood }
        for entry in entries where entry.tag == EXIFTag.orientation {
            tiff.set(entry, to: Orientation.asStored.rawValue)
        }
        for pointer in entries where pointer.tag == EXIFTag.exifDirectory {
            for entry in tiff.number(pointer).flatMap(tiff.entries(at:)) ?? [] {
                if entry.tag == EXIFTag.pixelWidth { tiff.set(entry, to: width) }
                if entry.tag == EXIFTag.pixelHeight { tiff.set(entry, to: height) }
            }
        }
        guard EXIFImages.erase(from: &tiff) else { throw .holdsPicture }
        return tiff.bytes
    }

    /// Returns a new structure with only the artist and the copyright; `nil` if both are missing.
    static func rights(_ exif: [UInt8]) -> [UInt8]? {
        guard let tiff = TIFFStructure(exif), let directory = tiff.firstDirectory,
            let entries = tiff.entries(at: directory)
        else { return nil }
        var texts: [(tag: Int, text: [UInt8])] = []
        for tag in [EXIFTag.artist, EXIFTag.copyright] {
            guard let text = entries.first(where: { $0.tag == tag }).flatMap(tiff.text),
                !text.isEmpty
            else { continue }
            texts.append((tag, Array(text.prefix(maxTextBytes)) + [0]))
        }
        return texts.isEmpty ? nil : structure(of: texts)
    }

    private static let maxTextBytes = 4096

    // MARK: - Steps

    /// Builds a big-endian structure of one directory followed by its texts; the tags must ascend.
    private static func structure(of texts: [(tag: Int, text: [UInt8])]) -> [UInt8] {
        var entries: [UInt8] = []
        var values: [UInt8] = []
        let valuesStart = 8 + 2 + 12 * texts.count + 4
        for (tag, text) in texts {
            entries += bigEndian(tag, 2) + bigEndian(2, 2) + bigEndian(text.count, 4)
            if text.count <= 4 {
                entries += text + [UInt8](repeating: 0, count: 4 - text.count)
            } else {
                entries += bigEndian(valuesStart + values.count, 4)
                // Values begin at even offsets.
                values += text.count % 2 == 0 ? text : text + [0]
            }
        }
        return Array("MM".utf8) + bigEndian(42, 2) + bigEndian(8, 4) + bigEndian(texts.count, 2)
            + entries
            + bigEndian(0, 4) + values
    }

    private static func bigEndian(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }
}
