/// A picture file format, detected by a file's first bytes and never by its name.
public enum ImageFormat: String, Sendable, CaseIterable {
    /// JFIF, Exif or plain JPEG.
    case jpeg
    /// PNG and APNG.
    case png
    /// GIF 87a and 89a.
    case gif
    /// WebP, lossy or lossless.
    case webp
    /// HEIC and the rest of the HEIF family.
    case heic
    /// AVIF.
    case avif
    /// TIFF and BigTIFF, which includes most raw camera formats.
    case tiff
    /// Windows bitmap.
    case bmp
    /// JPEG XL, as a codestream or a container.
    case jxl
    /// None of these.
    case unknown

    /// Detects the format from the first bytes of a file.
    ///
    /// Sixteen bytes suffice for all but the HEIF family, whose compatible brands are read if
    /// present.
    ///
    /// - Parameter bytes: The file, or its beginning.
    /// - Returns: The format, or ``unknown`` if no signature matches.
    public static func detect(_ bytes: [UInt8]) -> ImageFormat {
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if bytes.starts(with: Array("GIF87a".utf8)) || bytes.starts(with: Array("GIF89a".utf8)) {
            return .gif
        }
        if bytes.starts(with: Array("RIFF".utf8)),
            bytes.dropFirst(8).starts(with: Array("WEBP".utf8))
        {
            return .webp
        }
        if bytes.starts(with: [0x49, 0x49, 0x2A, 0x00])
            || bytes.starts(with: [0x4D, 0x4D, 0x00, 0x2A])
            || bytes.starts(with: [0x49, 0x49, 0x2B, 0x00])
            || bytes.starts(with: [0x4D, 0x4D, 0x00, 0x2B])
        {
            return .tiff
        }
        if bytes.starts(with: [0xFF, 0x0A])
            || bytes.starts(with: [0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20, 0x0D, 0x0A, 0x87, 0x0A])
        {
            return .jxl
        }
        if bytes.dropFirst(4).starts(with: Array("ftyp".utf8)) { return heifFamily(bytes) }
        // "BM" also begins ordinary text, so the four reserved bytes after the length must be zero.
        if bytes.starts(with: Array("BM".utf8)), bytes.count >= 10,
            bytes[6..<10].allSatisfy({ $0 == 0 })
        {
            return .bmp
        }
        return .unknown
    }

    /// Distinguishes HEIC from AVIF by the brands of an ISO base media file (ISO/IEC 14496-12
    /// §4.3).
    private static func heifFamily(_ bytes: [UInt8]) -> ImageFormat {
        let boxLength = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let end = min(bytes.count, boxLength, 256)
        var brands: [String] = []
        // The major brand is at offset 8, its version at 12 and the compatible brands from 16.
        for offset in [8] + Array(stride(from: 16, to: max(end, 16), by: 4))
        where offset + 4 <= bytes.count {
            brands.append(String(decoding: bytes[offset..<offset + 4], as: UTF8.self))
        }
        if brands.contains(where: { $0 == "avif" || $0 == "avis" }) { return .avif }
        let heic: Set<String> = [
            "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1",
        ]
        return brands.contains(where: heic.contains) ? .heic : .unknown
    }
}
