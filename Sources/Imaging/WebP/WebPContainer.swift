/// Adds a profile and metadata to a WebP file (RFC 9649, section 2.7).
enum WebPContainer {
    /// The flags of a VP8X chunk.
    private static let (profileFlag, alphaFlag, exifFlag, xmpFlag): (UInt8, UInt8, UInt8, UInt8) =
        (0x20, 0x10, 0x08, 0x04)

    /// Returns a file with what is not `nil`, in the order that the format asks for.
    ///
    /// - Parameters:
    ///   - profile: The ICC profile.
    ///   - exif: A TIFF structure.
    ///   - xmp: An XMP packet.
    ///   - file: A file as libwebp writes it: with one chunk `VP8 `, or `VP8X`, `ALPH` and `VP8 `.
    ///   - width: The picture's columns.
    ///   - height: The picture's rows.
    ///   - hasAlpha: Whether the picture may have transparent pixels.
    /// - Returns: The file.
    static func add(
        profile: [UInt8]?,
        exif: [UInt8]?,
        xmp: [UInt8]?,
        to file: [UInt8],
        width: Int,
        height: Int,
        hasAlpha: Bool
    ) -> [UInt8] {
        guard profile != nil || exif != nil || xmp != nil else { return file }
        let chunks = RIFFChunks(file)
        let alpha = hasAlpha ? chunks.first("ALPH") : nil
        guard let pixels = chunks.first("VP8 ") else { return file }
        var flags: UInt8 = 0
        if profile != nil { flags |= profileFlag }
        if alpha != nil { flags |= alphaFlag }
        if exif != nil { flags |= exifFlag }
        if xmp != nil { flags |= xmpFlag }
        var body = Array("WEBP".utf8)
        append("VP8X", [flags, 0, 0, 0] + bytes(width - 1, 3) + bytes(height - 1, 3), to: &body)
        if let profile { append("ICCP", profile, to: &body) }
        if let alpha { append("ALPH", alpha, to: &body) }
        append("VP8 ", pixels, to: &body)
        if let exif { append("EXIF", exif, to: &body) }
        if let xmp { append("XMP ", xmp, to: &body) }
        return Array("RIFF".utf8) + bytes(body.count, 4) + body
    }

    private static func append(
        _ name: String,
        _ data: some Collection<UInt8>,
        to file: inout [UInt8]
    ) {
        file += Array(name.utf8) + bytes(data.count, 4)
        file += data
        if data.count % 2 == 1 { file.append(0) }
    }

    /// Returns a number as little-endian bytes.
    private static func bytes(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
