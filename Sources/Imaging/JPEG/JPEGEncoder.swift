import CJPEG
import Glibc

/// Writes baseline JPEG files with libjpeg.
public enum JPEGEncoder {
    /// The most bytes of a segment after its length (ITU-T T.81, B.1.1.4).
    static let maxSegmentBytes = 65_533

    /// Encodes a photo with its ICC profile and metadata.
    ///
    /// Gray photos become files of one component. Equal photos and settings give equal bytes with
    /// the same version of libjpeg.
    ///
    /// - Parameters:
    ///   - photo: A photo of 8 bits without alpha; see ``Photo/reduced(to:)``.
    ///   - quality: libjpeg's quality, 1 to 100.
    ///   - halvesChroma: Whether colour has half the resolution in both directions (4:2:0), instead
    ///     of all of it (4:4:4).
    /// - Returns: The file.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/encodingFailed`` or
    ///   ``ImagingError/Code/tooLarge``.
    public static func encode(
        _ photo: Photo,
        quality: Int,
        halvesChroma: Bool
    ) throws(ImagingError) -> [UInt8] {
        precondition(photo.depth == .eight && !photo.layout.hasAlpha, "JPEG has neither")
        return try encode(
            photo.samples,
            width: photo.width,
            height: photo.height,
            components: photo.layout.channels,
            quality: quality,
            halvesChroma: halvesChroma,
            iccProfile: photo.iccProfile,
            exif: segment(.exif, photo.metadata.exif),
            xmp: segment(.xmp, photo.metadata.xmp)
        )
    }

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
        return try encode(
            rows,
            width: picture.width,
            height: picture.height,
            components: 3,
            quality: quality,
            halvesChroma: true,
            iccProfile: iccProfile
        )
    }

    /// Returns a metadata segment with its signature; empty if there is nothing to write or it does
    /// not fit.
    static func segment(_ kind: JPEGSegments.Kind, _ content: [UInt8]?) -> [UInt8] {
        guard let content, content.count <= maxSegmentBytes - kind.mark.count else { return [] }
        return kind.mark + content
    }

    private static func encode(
        _ rows: [UInt8],
        width: Int,
        height: Int,
        components: Int,
        quality: Int,
        halvesChroma: Bool,
        iccProfile: [UInt8]?,
        exif: [UInt8] = [],
        xmp: [UInt8] = []
    ) throws(ImagingError) -> [UInt8] {
        let icc = iccProfile ?? []
        var file = palimpsest_jpeg_file()
        let status = rows.withUnsafeBufferPointer { rows -> palimpsest_jpeg_status in
            guard let start = rows.baseAddress else { return .corrupt }
            return icc.withUnsafeBufferPointer { icc in
                var picture = palimpsest_jpeg_picture(
                    rows: start,
                    width: UInt32(width),
                    height: UInt32(height),
                    components: Int32(components),
                    quality: Int32(quality),
                    halves_chroma: halvesChroma ? 1 : 0,
                    icc: icc.isEmpty ? nil : icc.baseAddress,
                    icc_count: icc.count
                )
                return exif.withUnsafeBufferPointer { exif in
                    xmp.withUnsafeBufferPointer { xmp in
                        palimpsest_jpeg_encode(
                            &picture,
                            palimpsest_jpeg_app1(bytes: exif.baseAddress, count: exif.count),
                            palimpsest_jpeg_app1(bytes: xmp.baseAddress, count: xmp.count),
                            &file
                        )
                    }
                }
            }
        }
        guard status != .tooLarge else {
            throw ImagingError(
                .tooLarge,
                """
                The picture is \(width) x \(height); a side of a JPEG has at most 65500 pixels. \
                Name a max_side.
                """
            )
        }
        guard status == .ok, let bytes = file.bytes else {
            throw ImagingError(.encodingFailed, "The JPEG could not be written.")
        }
        defer { free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: file.count))
    }
}
