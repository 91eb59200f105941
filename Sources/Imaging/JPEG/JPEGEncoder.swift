import CJPEG
import Glibc

/// Writes JPEG previews; protected pictures are never JPEGs.
public enum JPEGEncoder {
    /// Encodes a picture with chroma at half resolution.
    ///
    /// - Parameters:
    ///   - picture: Three planes of samples in [0, 1]; other values are clamped.
    ///   - iccProfile: The profile of the samples.
    ///   - quality: libjpeg's quality, 1 to 100.
    /// - Returns: The file.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/encodingFailed``.
    public static func encode(
        _ picture: PlanarImage,
        iccProfile: [UInt8]? = nil,
        quality: Int = 85
    ) throws(ImagingError) -> [UInt8] {
        precondition(picture.channels == 3, "a picture has three planes")
        let count = picture.width * picture.height
        let rows = [UInt8](unsafeUninitializedCapacity: 3 * count) { rows, initializedCount in
            for pixel in 0..<count {
                for channel in 0..<3 {
                    let level = (picture.samples[channel * count + pixel] * 255).rounded()
                    rows[3 * pixel + channel] = UInt8(min(max(level, 0), 255))
                }
            }
            initializedCount = 3 * count
        }
        var file = palimpsest_jpeg_file()
        let status = palimpsest_jpeg_encode(
            rows,
            UInt32(picture.width),
            UInt32(picture.height),
            Int32(quality),
            iccProfile,
            iccProfile?.count ?? 0,
            &file
        )
        guard status == .ok, let bytes = file.bytes else {
            throw ImagingError(.encodingFailed, "The preview could not be written.")
        }
        defer { free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: file.count))
    }
}

extension Photo {
    /// Encodes a small JPEG of the photo, without its transparency.
    ///
    /// - Parameter longSide: The longer side in pixels; a smaller photo keeps its size.
    /// - Returns: The file, with the photo's ICC profile.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/encodingFailed``.
    public func preview(longSide: Int = 512) throws(ImagingError) -> [UInt8] {
        let scale = min(1, Double(longSide) / Double(max(width, height)))
        let size = (
            max(1, Int((Double(width) * scale).rounded())),
            max(1, Int((Double(height) * scale).rounded()))
        )
        // A gray profile does not fit three planes.
        let profile = layout.colorChannels == 3 ? iccProfile : nil
        return try JPEGEncoder.encode(
            planarRGB(scaledTo: size.0, height: size.1),
            iccProfile: profile
        )
    }
}
