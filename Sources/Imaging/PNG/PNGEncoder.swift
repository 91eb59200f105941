import CDeflate
import CKernels

/// Writes a ``Photo`` as a PNG file.
public enum PNGEncoder {
    /// The default compression level.
    ///
    /// This is libdeflate's fastest level: with the best filter per row, photos gain little from
    /// higher levels.
    public static let defaultCompressionLevel = 1

    /// The compression levels, 0 (stored) to 12 (smallest).
    public static let compressionLevels = 0...12

    /// Encodes a photo losslessly, in the photo's own memory.
    ///
    /// The file holds the header, the code points, the ICC profile or the colorimetry if any, the
    /// photo's metadata, the pixels and the end. Equal photos and levels give equal bytes with the
    /// same version of libdeflate.
    ///
    /// - Parameters:
    ///   - photo: The photo; every layout has its own PNG colour type. If it is uniquely
    ///     referenced, its samples are filtered in place, so that only the file takes additional
    ///     memory.
    ///   - compressionLevel: libdeflate's level, in ``compressionLevels``.
    ///   - bands: Runs the bands of rows. The file does not depend on it.
    /// - Returns: The file.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/encodingFailed``.
    public static func encode(
        _ photo: consuming Photo,
        compressionLevel: Int = defaultCompressionLevel,
        bands: BandRunner = .serial
    ) throws(ImagingError) -> [UInt8] {
        precondition(compressionLevels.contains(compressionLevel), "libdeflate's levels are 0...12")
        guard let compressor = libdeflate_alloc_compressor(Int32(compressionLevel)) else {
            throw ImagingError(.encodingFailed, "There is not enough memory to write the picture.")
        }
        defer { libdeflate_free_compressor(compressor) }
        let (width, height, layout, depth) = (photo.width, photo.height, photo.layout, photo.depth)
        let pixelBytes = photo.pixelBytes
        let profile = photo.iccProfile ?? []
        let (metadata, codePoints, colorimetry) = (
            photo.metadata, photo.codePoints, photo.colorimetry
        )
        var rows = (consume photo).samples
        filter(&rows, count: height, pixelBytes: pixelBytes)
        let capacity =
            PNGFile.overhead + libdeflate_zlib_compress_bound(compressor, rows.count)
            + (profile.isEmpty
                ? 0
                : PNGFile.profileOverhead
                    + libdeflate_zlib_compress_bound(compressor, profile.count))
            + PNGFile.count(of: metadata)
        var isComplete = false
        let file = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initializedCount in
            var file = PNGFile(buffer)
            file.append(width: width, height: height, layout: layout, depth: depth)
            if let codePoints { file.append(codePoints) }
            isComplete = profile.isEmpty || file.append(profile: profile, compressor)
            if profile.isEmpty, codePoints == nil, let colorimetry { file.append(colorimetry) }
            file.append(metadata)
            isComplete = isComplete && file.append(pixels: rows, compressor)
            file.appendEnd()
            initializedCount = file.count
        }
        guard isComplete else {
            throw ImagingError(.encodingFailed, "The picture could not be compressed.")
        }
        return file
    }

    /// Filters each row with its best filter, in place, and prepends the filter's type.
    private static func filter(_ rows: inout [UInt8], count: Int, pixelBytes: Int) {
        let rowBytes = rows.count / count
        // The decoder reserved the room for this.
        rows.append(contentsOf: repeatElement(0, count: count))
        var scratch = [UInt8](repeating: 0, count: 2 * rowBytes)
        plm_filter_rows(
            InstructionSet.preferred.kernel,
            &rows,
            rowBytes,
            count,
            pixelBytes,
            &scratch
        )
    }
}
