/// Turns the bytes of a file into an upright ``Photo``.
///
/// JPEG (baseline and progressive, gray, YCbCr, RGB, and CMYK without a profile) and PNG (8 bits and fewer, every colour type) are read. The
/// bytes are taken to be hostile: sizes are checked from the header before anything is allocated for the pixels, damage
/// is an error rather than a guess, and no input traps.
public enum PhotoDecoder {
    /// Decodes a whole picture.
    ///
    /// JPEG pixels are those of libjpeg's standard settings (accurate integer DCT, fancy upsampling); inks become RGB
    /// by `(1 - C)(1 - K)`. A PNG palette becomes RGB, 1, 2 and 4 bits of gray become 8, and a transparent colour becomes alpha. The EXIF orientation is
    /// applied, the ICC profile is kept byte for byte, all other metadata is dropped.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - limits: What the picture may claim.
    /// - Returns: The picture, upright.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/empty``, ``ImagingError/Code/unsupported`` (naming the format),
    ///   ``ImagingError/Code/cmykUnsupported``, ``ImagingError/Code/tooLarge``, ``ImagingError/Code/truncated`` or
    ///   ``ImagingError/Code/corrupt``.
    public static func decode(_ bytes: [UInt8], limits: ImageLimits = ImageLimits()) throws(ImagingError) -> Photo {
        switch try readableFormat(of: bytes) {
        case .jpeg: return try JPEGReader(bytes, limits: limits).photo()
        case .png: return try PNGReader(bytes, limits: limits).photo()
        }
    }

    /// Reads the size of a picture from its header alone.
    ///
    /// - Parameters:
    ///   - bytes: The file, or enough of its beginning.
    ///   - limits: What the picture may claim.
    /// - Returns: The size as stored, which an EXIF orientation may still turn by a quarter.
    /// - Throws: ``ImagingError`` as ``decode(_:limits:)`` does, where the header already shows the fault.
    public static func dimensions(
        of bytes: [UInt8],
        limits: ImageLimits = ImageLimits()
    ) throws(ImagingError) -> (width: Int, height: Int) {
        switch try readableFormat(of: bytes) {
        case .jpeg: return try JPEGReader(bytes, limits: limits).dimensions()
        case .png: return try PNGReader(bytes, limits: limits).dimensions()
        }
    }

    // MARK: - Steps

    private enum ReadableFormat {
        case jpeg
        case png
    }

    private static func readableFormat(of bytes: [UInt8]) throws(ImagingError) -> ReadableFormat {
        if bytes.isEmpty { throw ImagingError(.empty, "The file is empty.") }
        let name: String
        switch ImageFormat.detect(bytes) {
        case .jpeg: return .jpeg
        case .png: return .png
        case .gif: name = "GIF"
        case .webp: name = "WebP"
        case .heic: name = "HEIC"
        case .avif: name = "AVIF"
        case .tiff: name = "TIFF"
        case .bmp: name = "BMP"
        case .jxl: name = "JPEG XL"
        case .unknown:
            throw ImagingError(.unsupported, "The file is not a picture in a known format; JPEG and PNG are read.")
        }
        throw ImagingError(.unsupported, "The file is a \(name) picture; only JPEG and PNG are read.")
    }
}

extension ImageLimits {
    /// Refuses a size that is beyond the limits.
    func check(width: Int, height: Int) throws(ImagingError) {
        if width > maxSide || height > maxSide {
            throw ImagingError(.tooLarge, "The picture is \(width) x \(height); a side may have \(maxSide) pixels.")
        }
        // Sides come from 32-bit fields: the product fits.
        if width * height > maxPixels {
            throw ImagingError(
                .tooLarge,
                "The picture is \(width) x \(height), \(width * height) pixels; \(maxPixels) are allowed."
            )
        }
    }

    /// Refuses a profile that is beyond the limits.
    func check(profileBytes: Int) throws(ImagingError) {
        if profileBytes > maxICCBytes {
            throw ImagingError(
                .tooLarge,
                "The colour profile is \(profileBytes) bytes long; \(maxICCBytes) are allowed."
            )
        }
    }
}
