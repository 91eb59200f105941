import CSpng
import Glibc

/// Writes a ``Photo`` as a PNG file.
public enum PNGEncoder {
    /// The compression level that is taken when none is named.
    ///
    /// On photos level 3 gives smaller files than level 4 with the filters used here, and those above cost several times
    /// as long for a few hundredths of the size.
    public static let defaultCompressionLevel = 3

    /// Encodes a photo, losslessly.
    ///
    /// The file holds the header, the ICC profile where there is one, the pixels and the end; no time, text or other
    /// metadata. Equal photos and levels give equal bytes with one version of zlib and libspng.
    ///
    /// - Parameters:
    ///   - photo: The photo; every layout has its own PNG colour type of 8 bits.
    ///   - compressionLevel: zlib's level, 0 (stored) ... 9 (smallest).
    /// - Returns: The file.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/encodingFailed``.
    public static func encode(
        _ photo: Photo,
        compressionLevel: Int = defaultCompressionLevel
    ) throws(ImagingError) -> [UInt8] {
        precondition((0...9).contains(compressionLevel), "zlib's levels are 0...9")
        guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else {
            throw ImagingError(.encodingFailed, "There is not enough memory to write the picture.")
        }
        defer { spng_ctx_free(context) }
        try check(spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1))
        try check(spng_set_option(context, SPNG_IMG_COMPRESSION_LEVEL, Int32(compressionLevel)))
        try check(spng_set_option(context, SPNG_FILTER_CHOICE, filters))
        var header = header(of: photo)
        try check(spng_set_ihdr(context, &header))
        if let profile = photo.iccProfile, !profile.isEmpty {
            // libspng keeps the pointer and reads the profile when the pixels are encoded.
            var profile = profile
            try profile.withUnsafeMutableBytes { (bytes: UnsafeMutableRawBufferPointer) -> Result<Void, ImagingError> in
                Result { () throws(ImagingError) in
                    var chunk = iccChunk(bytes)
                    try check(spng_set_iccp(context, &chunk))
                    try encodePixels(of: photo, context)
                }
            }.get()
        } else {
            try encodePixels(of: photo, context)
        }
        return try takeFile(context)
    }

    // MARK: - Steps

    /// Which row filters are tried.
    ///
    /// On photos these two give the smallest files at low levels, Paeth included, and the others cost more time than
    /// deflate itself.
    private static let filters = Int32(SPNG_FILTER_CHOICE_SUB.rawValue | SPNG_FILTER_CHOICE_UP.rawValue)

    private static func header(of photo: Photo) -> spng_ihdr {
        let colorType =
            switch photo.layout {
            case .gray: SPNG_COLOR_TYPE_GRAYSCALE
            case .grayAlpha: SPNG_COLOR_TYPE_GRAYSCALE_ALPHA
            case .rgb: SPNG_COLOR_TYPE_TRUECOLOR
            case .rgba: SPNG_COLOR_TYPE_TRUECOLOR_ALPHA
            }
        var header = spng_ihdr()
        header.width = UInt32(clamping: photo.width)
        header.height = UInt32(clamping: photo.height)
        header.bit_depth = 8
        header.color_type = UInt8(colorType.rawValue)
        return header
    }

    private static func iccChunk(_ profile: UnsafeMutableRawBufferPointer) -> spng_iccp {
        var chunk = spng_iccp()
        withUnsafeMutableBytes(of: &chunk.profile_name) { name in
            // The rest stays zero, which ends the name.
            name.copyBytes(from: "ICC profile".utf8)
        }
        chunk.profile = profile.baseAddress?.assumingMemoryBound(to: CChar.self)
        chunk.profile_len = profile.count
        return chunk
    }

    private static func encodePixels(of photo: Photo, _ context: OpaquePointer) throws(ImagingError) {
        let status = photo.samples.withUnsafeBytes { samples in
            spng_encode_image(
                context,
                samples.baseAddress,
                samples.count,
                Int32(SPNG_FMT_PNG.rawValue),
                Int32(SPNG_ENCODE_FINALIZE.rawValue)
            )
        }
        try check(status)
    }

    private static func takeFile(_ context: OpaquePointer) throws(ImagingError) -> [UInt8] {
        var count = 0
        var status: Int32 = 0
        guard let start = spng_get_png_buffer(context, &count, &status) else {
            try check(status)
            throw ImagingError(.encodingFailed, "The PNG encoder gave nothing.")
        }
        defer { free(start) }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    private static func check(_ status: Int32) throws(ImagingError) {
        if status == 0 { return }
        throw ImagingError(.encodingFailed, "The PNG could not be written (\(String(cString: spng_strerror(status)))).")
    }
}
