/// Decodes a file into an upright ``Photo``.
///
/// It reads JPEG (baseline and progressive; gray, YCbCr, RGB, and CMYK without a profile), PNG
/// (every colour type and depth), and still pictures in WebP, HEIC and AVIF. The bytes are treated
/// as hostile: the sizes in a header are checked before anything is allocated for them, damage that
/// a decoder detects is an error, and no input traps in our own code.
public enum PhotoDecoder {
    /// Performs the decoders' one-time setup, which needs to open files.
    ///
    /// Call it before the process gives up opening files; everything else works without.
    public static func prepare() {
        HEIFReader.prepare
    }

    /// Decodes a whole picture on the calling thread.
    ///
    /// JPEG pixels are those of libjpeg's standard settings (accurate integer DCT, fancy
    /// upsampling); CMYK becomes RGB by `(1 - C)(1 - K)`. A PNG palette becomes RGB, gray of 1, 2
    /// and 4 bits becomes 8, and a transparent colour becomes alpha. WebP, HEIC and AVIF become RGB
    /// or RGBA; more than 8 bits become 16. The orientation from EXIF or the container is applied.
    /// EXIF and XMP are kept as stored.
    ///
    /// The ICC profile is kept byte for byte. If other parts of the file state the colours, the
    /// photo gets an equivalent profile. A profile that does not fit the samples is dropped and
    /// listed in ``Photo/colorOmissions``.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - limits: The bounds on the picture.
    /// - Returns: The upright picture.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/empty``,
    ///   ``ImagingError/Code/unsupported`` (naming the format),
    ///   ``ImagingError/Code/cmykUnsupported``, ``ImagingError/Code/animated``,
    ///   ``ImagingError/Code/tooLarge``, ``ImagingError/Code/truncated`` or
    ///   ``ImagingError/Code/corrupt``.
    public static func decode(
        _ bytes: [UInt8],
        limits: ImageLimits = ImageLimits()
    ) throws(ImagingError) -> Photo {
        switch try readableFormat(of: bytes) {
        case .jpeg: return try JPEGReader(bytes, limits: limits).photo()
        case .png: return try PNGReader(bytes, limits: limits).photo()
        case .webp: return try WebPReader(bytes, limits: limits).photo()
        case .heif(let format): return try HEIFReader(bytes, limits: limits, format: format).photo()
        }
    }

    /// Returns the size that a decoded picture will have, where the header tells it at little cost.
    ///
    /// - Returns: The upright size; `nil` for anything but a JPEG that may be decoded.
    public static func expectedSize(
        of bytes: [UInt8],
        limits: ImageLimits = ImageLimits()
    ) -> (width: Int, height: Int)? {
        guard ImageFormat.detect(bytes) == .jpeg else { return nil }
        return try? JPEGReader(bytes, limits: limits).uprightSize()
    }

    // MARK: - Steps

    private enum ReadableFormat {
        case jpeg
        case png
        case webp
        case heif(ImageFormat)
    }

    private static let readable = "JPEG, PNG, WebP, HEIC and AVIF"

    private static func readableFormat(of bytes: [UInt8]) throws(ImagingError) -> ReadableFormat {
        if bytes.isEmpty { throw ImagingError(.empty, "The file is empty.") }
        let format = ImageFormat.detect(bytes)
        let name: String
        switch format {
        case .jpeg: return .jpeg
        case .png: return .png
        case .webp: return .webp
        case .heic, .avif: return .heif(format)
        case .gif: name = "GIF"
        case .tiff: name = "TIFF"
        case .bmp: name = "BMP"
        case .jxl: name = "JPEG XL"
        case .unknown where isArchive(bytes):
            throw ImagingError(
                .unsupported,
                """
                The file is an archive, not a picture: unpack it; a service takes archives as the \
                whole request, with Content-Type: application/zip or application/x-tar.
                """
            )
        case .unknown:
            throw ImagingError(
                .unsupported,
                "The file is not a picture in a known format; \(readable) are read."
            )
        }
        throw ImagingError(
            .unsupported,
            "The file is a \(name) picture; only \(readable) are read."
        )
    }

    /// Whether bytes begin like a ZIP with members, or like a tar (POSIX.1-1988, ustar).
    private static func isArchive(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x50, 0x4B, 0x03, 0x04])
            || bytes.dropFirst(257).starts(with: "ustar".utf8)
    }
}

extension ImageLimits {
    /// Refuses a size beyond the limits.
    func check(width: Int, height: Int) throws(ImagingError) {
        if width > maxSide || height > maxSide {
            throw ImagingError(
                .tooLarge,
                "The picture is \(width) x \(height); a side may have \(maxSide) pixels."
            )
        }
        // Sides come from 32-bit fields, so the product fits.
        if width * height > maxPixels {
            throw ImagingError(
                .tooLarge,
                """
                The picture is \(width) x \(height), \(width * height) pixels; \(maxPixels) \
                are allowed (--max-pixels; for a service also PALIMPSEST_MAX_PIXELS).
                """
            )
        }
    }
}
