import CDeflate
import CKernels

/// Writes a ``Photo`` as a PNG file.
public enum PNGEncoder {
    /// The default compression level.
    ///
    /// It does not use libdeflate for photos, but a writer for filtered rows, in bands: with the
    /// best filter per row, photos gain little from higher levels. Flat pictures, such as
    /// screenshots, are compressed by libdeflate's fastest level.
    public static let defaultCompressionLevel = 1

    /// The compression levels, 0 (stored) to 12 (smallest).
    public static let compressionLevels = 0...12

    /// Encodes a photo losslessly, in the photo's own memory.
    ///
    /// The file holds the header, the code points, the ICC profile or the colorimetry if any, the
    /// photo's metadata, the pixels and the end. Equal photos and levels give equal bytes with the
    /// same version of libdeflate; the pixels of the default level do not depend on it.
    ///
    /// - Parameters:
    ///   - photo: The photo; every layout has its own PNG colour type. If it is uniquely
    ///     referenced, its samples are filtered in place, or released before the file is put
    ///     together, so that only the compressed pixels take additional memory.
    ///   - compressionLevel: A level of ``compressionLevels``; libdeflate's, but for the default.
    ///   - bands: Runs the bands of rows at the default level. The file does not depend on it.
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
        let pixels = try Pixels(
            (consume photo).samples,
            height: height,
            pixelBytes: pixelBytes,
            isBanded: compressionLevel == defaultCompressionLevel,
            bands
        )
        let capacity =
            PNGFile.overhead + pixels.bound(compressor)
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
            isComplete = isComplete && pixels.append(to: &file, compressor)
            file.appendEnd()
            initializedCount = file.count
        }
        guard isComplete else {
            throw ImagingError(.encodingFailed, "The picture could not be compressed.")
        }
        return file
    }

    /// The pixels on their way into the file.
    private enum Pixels {
        /// The stream of the default level.
        case compressed(PNGBands)
        /// Filtered rows, for libdeflate.
        case filtered([UInt8])

        init(
            _ samples: consuming [UInt8],
            height: Int,
            pixelBytes: Int,
            isBanded: Bool,
            _ runner: BandRunner
        ) throws(ImagingError) {
            if isBanded, !PNGBands.isFlat(samples, height: height, pixelBytes: pixelBytes) {
                guard
                    let bands = PNGBands(
                        samples: samples,
                        height: height,
                        pixelBytes: pixelBytes,
                        runner
                    )
                else {
                    throw ImagingError(
                        .encodingFailed,
                        "There is not enough memory to write the picture."
                    )
                }
                self = .compressed(bands)
            } else {
                filter(&samples, count: height, pixelBytes: pixelBytes)
                self = .filtered(samples)
            }
        }

        /// Returns how many bytes the compressed pixels may take.
        func bound(_ compressor: OpaquePointer) -> Int {
            switch self {
            case .compressed(let bands): bands.streamCount
            case .filtered(let rows): libdeflate_zlib_compress_bound(compressor, rows.count)
            }
        }

        /// Appends the pixels; false if they could not be compressed.
        func append(to file: inout PNGFile, _ compressor: OpaquePointer) -> Bool {
            switch self {
            case .compressed(let bands):
                file.append(bands: bands)
                return true
            case .filtered(let rows): return file.append(pixels: rows, compressor)
            }
        }
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
