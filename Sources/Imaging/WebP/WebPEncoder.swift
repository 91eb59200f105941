import CWebP

/// Writes lossy WebP files with libwebp, on the calling thread.
public enum WebPEncoder {
    /// The longest side in pixels.
    static let maxSide = Int(WEBP_MAX_DIMENSION)

    /// Encodes a photo with its ICC profile and metadata.
    ///
    /// Colour has half the resolution of brightness (4:2:0), since lossy WebP knows nothing else;
    /// alpha is lossless. WebP has no gray: a gray photo is repeated in all three channels. Equal
    /// photos and qualities give equal bytes with the same version of libwebp.
    ///
    /// - Parameters:
    ///   - photo: A photo of 8 bits; see ``Photo/reduced(to:)``.
    ///   - quality: libwebp's quality, 1 to 100.
    /// - Returns: The file.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/encodingFailed`` or
    ///   ``ImagingError/Code/tooLarge``.
    public static func encode(_ photo: Photo, quality: Int) throws(ImagingError) -> [UInt8] {
        precondition(photo.depth == .eight, "WebP has 8 bits")
        guard max(photo.width, photo.height) <= maxSide else {
            throw ImagingError(
                .tooLarge,
                """
                The picture is \(photo.width) x \(photo.height); a side of a WebP has at most \
                \(maxSide) pixels. Name a max_side.
                """
            )
        }
        let colored = photo.inColor()
        let file = try bitstream(of: colored, quality: quality)
        return WebPContainer.add(
            profile: photo.iccProfile,
            exif: photo.metadata.exif,
            xmp: photo.metadata.xmp,
            to: file,
            width: photo.width,
            height: photo.height,
            hasAlpha: colored.layout.hasAlpha
        )
    }

    private static func bitstream(
        of photo: Photo,
        quality: Int
    ) throws(ImagingError) -> [UInt8] {
        var config = WebPConfig()
        var picture = WebPPicture()
        guard WebPConfigInit(&config) != 0, WebPPictureInit(&picture) != 0 else {
            throw ImagingError(
                .encodingFailed,
                "The installed libwebp is not one that this program was built for."
            )
        }
        defer { WebPPictureFree(&picture) }
        config.quality = Float(quality)
        config.thread_level = 0
        // Keep the colours of transparent pixels, which must not change.
        config.exact = 1
        picture.width = Int32(photo.width)
        picture.height = Int32(photo.height)
        picture.writer = WebPMemoryWrite
        var writer = WebPMemoryWriter()
        WebPMemoryWriterInit(&writer)
        defer { WebPMemoryWriterClear(&writer) }
        let rowBytes = Int32(photo.rowBytes)
        let isDone = withUnsafeMutablePointer(to: &writer) { writer in
            picture.custom_ptr = UnsafeMutableRawPointer(writer)
            let isImported =
                photo.layout.hasAlpha
                ? WebPPictureImportRGBA(&picture, photo.samples, rowBytes)
                : WebPPictureImportRGB(&picture, photo.samples, rowBytes)
            return isImported != 0 && WebPEncode(&config, &picture) != 0
        }
        guard isDone, let start = writer.mem else {
            throw ImagingError(.encodingFailed, "The WebP could not be written.")
        }
        return Array(UnsafeBufferPointer(start: start, count: writer.size))
    }
}
