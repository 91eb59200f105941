import CWebP

/// Reads a still WebP file with libwebp.
struct WebPReader {
    private let bytes: [UInt8]
    private let limits: ImageLimits

    init(_ bytes: [UInt8], limits: ImageLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    func photo() throws(ImagingError) -> Photo {
        let features = try readFeatures()
        let chunks = RIFFChunks(bytes)
        let metadata = limits.metadata(
            exif: chunks.first("EXIF").map(Array.init),
            xmp: chunks.first("XMP ").map(Array.init)
        )
        var statements = ColorStatements()
        statements.profile = chunks.first("ICCP").map {
            $0.isEmpty ? .unusable(.damaged) : .stored(Array($0))
        }
        statements.exif = metadata.exif.flatMap(EXIFColorSpace.init(exif:))
        let layout: PixelLayout = features.has_alpha != 0 ? .rgba : .rgb
        let colors = try statements.colors(for: layout.profileSamples, limits: limits)
        let raster = Raster(
            width: Int(features.width),
            height: Int(features.height),
            layout: layout,
            samples: try decode(features, layout)
        )
        let orientation = metadata.exif.map(Orientation.init(exif:)) ?? .asStored
        return Photo(
            orientation.upright(raster),
            colors: colors,
            metadata: metadata,
            sourceFormat: .webp
        )
    }

    // MARK: - Steps

    private func readFeatures() throws(ImagingError) -> WebPBitstreamFeatures {
        var features = WebPBitstreamFeatures()
        try check(WebPGetFeatures(bytes, bytes.count, &features))
        if features.has_animation != 0 {
            throw ImagingError(
                .animated,
                "The file is an animated WebP; send a still picture, or its frames one by one."
            )
        }
        guard features.width > 0, features.height > 0 else {
            throw ImagingError(.corrupt, "The WebP has no pixels.")
        }
        try limits.check(width: Int(features.width), height: Int(features.height))
        return features
    }

    /// Decodes directly into the result's memory, on this thread alone.
    private func decode(
        _ features: WebPBitstreamFeatures,
        _ layout: PixelLayout
    ) throws(ImagingError) -> [UInt8] {
        var config = WebPDecoderConfig()
        guard WebPInitDecoderConfig(&config) != 0 else {
            throw ImagingError(
                .unsupported,
                "The installed libwebp is not one that this program was built for."
            )
        }
        defer { WebPFreeDecBuffer(&config.output) }
        let rowBytes = Int(features.width) * layout.channels
        let count = rowBytes * Int(features.height)
        config.options.use_threads = 0
        config.output.colorspace = layout.hasAlpha ? MODE_RGBA : MODE_RGB
        config.output.is_external_memory = 1
        var status = VP8_STATUS_OK
        // Reserve one extra byte per row, which the PNG encoder needs.
        let samples = [UInt8](unsafeUninitializedCapacity: count + Int(features.height)) {
            buffer,
            initializedCount in
            config.output.u.RGBA.rgba = buffer.baseAddress
            config.output.u.RGBA.stride = Int32(rowBytes)
            config.output.u.RGBA.size = count
            status = WebPDecode(bytes, bytes.count, &config)
            initializedCount = status == VP8_STATUS_OK ? count : 0
        }
        try check(status)
        return samples
    }

    private func check(_ status: VP8StatusCode) throws(ImagingError) {
        switch status {
        case VP8_STATUS_OK: return
        case VP8_STATUS_OUT_OF_MEMORY:
            throw ImagingError(.tooLarge, "There is not enough memory to decode the picture.")
        case VP8_STATUS_NOT_ENOUGH_DATA, VP8_STATUS_SUSPENDED:
            throw ImagingError(.truncated, "The WebP ends before the picture is complete.")
        case VP8_STATUS_UNSUPPORTED_FEATURE:
            throw ImagingError(.unsupported, "The picture is a kind of WebP that is not read.")
        default:
            throw ImagingError(.corrupt, "The WebP is damaged.")
        }
    }
}
