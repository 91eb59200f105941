import CKernels
import CSpng

/// Reads a PNG file with libspng.
struct PNGReader {
    private let bytes: [UInt8]
    private let limits: ImageLimits

    init(_ bytes: [UInt8], limits: ImageLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    func photo() throws(ImagingError) -> Photo {
        try refuseAnimations()
        let chunks = try PNGColors(bytes, limits: limits)
        return try withContext(without: chunks.places) { (context) throws(ImagingError) in
            let header = try readHeader(context)
            let target = try target(of: header, context)
            // Check before decoding pixels, as far as possible by then.
            _ = try chunks.statements.colors(for: target.layout.profileSamples, limits: limits)
            let samples = try decode(context, header, target)
            // Chunks may follow the pixels, the orientation among them. A file without its end
            // chunk is truncated.
            try check(spng_decode_chunks(context))
            let raster = Raster(
                width: Int(header.width),
                height: Int(header.height),
                layout: target.layout,
                depth: target.depth,
                samples: samples
            )
            let metadata = limits.metadata(exif: exif(context), xmp: xmp(context))
            let orientation = metadata.exif.map(Orientation.init(exif:)) ?? .asStored
            var statements = chunks.statements
            statements.exif = metadata.exif.flatMap(EXIFColorSpace.init(exif:))
            return Photo(
                orientation.upright(raster),
                colors: try statements.colors(for: target.layout.profileSamples, limits: limits),
                metadata: metadata,
                sourceFormat: .png
            )
        }
    }

    // MARK: - Steps

    /// The format to decode the pixels to.
    private struct Target {
        let layout: PixelLayout
        let depth: SampleDepth
        let format: spng_format
        let appliesTransparency: Bool
    }

    /// Opens a context on the bytes, without some chunks, for the duration of a call.
    private func withContext<Result>(
        without hidden: [Range<Int>],
        _ body: (OpaquePointer) throws(ImagingError) -> Result
    ) throws(ImagingError) -> Result {
        guard let context = spng_ctx_new(0) else {
            throw ImagingError(.tooLarge, "There is not enough memory to read the picture.")
        }
        defer { spng_ctx_free(context) }
        return try bytes.withUnsafeBufferPointer { (bytes) throws(ImagingError) in
            // Each kept chunk, inflated text included, stays below the limit; the cache holds all
            // of them.
            try check(
                spng_set_chunk_limits(context, limits.maxMetadataBytes, 4 * limits.maxMetadataBytes)
            )
            try check(
                spng_set_crc_action(
                    context,
                    Int32(SPNG_CRC_ERROR.rawValue),
                    Int32(SPNG_CRC_ERROR.rawValue)
                )
            )
            let source = PNGSource(bytes, without: hidden)
            try check(source.attach(to: context))
            // libspng reads from the source until then but does not retain it.
            defer { withExtendedLifetime(source) {} }
            return try body(context)
        }
    }

    private func readHeader(_ context: OpaquePointer) throws(ImagingError) -> spng_ihdr {
        var header = spng_ihdr()
        try check(spng_get_ihdr(context, &header))
        try limits.check(width: Int(header.width), height: Int(header.height))
        return header
    }

    /// Decides the layout; reads all chunks before the pixels to do so.
    private func target(
        of header: spng_ihdr,
        _ context: OpaquePointer
    ) throws(ImagingError) -> Target {
        var transparency = spng_trns()
        let status = spng_get_trns(context, &transparency)
        let isTransparent = status == 0
        if status != Int32(SPNG_ECHUNKAVAIL.rawValue) { try check(status) }
        let depth: SampleDepth = header.bit_depth == 16 ? .sixteen : .eight
        let layout: PixelLayout
        let format: spng_format
        switch UInt32(header.color_type) {
        case SPNG_COLOR_TYPE_GRAYSCALE.rawValue where isTransparent:
            (layout, format) = (.grayAlpha, depth == .sixteen ? SPNG_FMT_GA16 : SPNG_FMT_GA8)
        case SPNG_COLOR_TYPE_GRAYSCALE.rawValue:
            (layout, format) = (.gray, depth == .sixteen ? SPNG_FMT_PNG : SPNG_FMT_G8)
        case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA.rawValue:
            (layout, format) = (.grayAlpha, SPNG_FMT_PNG)
        case SPNG_COLOR_TYPE_TRUECOLOR_ALPHA.rawValue,
            SPNG_COLOR_TYPE_TRUECOLOR.rawValue where isTransparent,
            SPNG_COLOR_TYPE_INDEXED.rawValue where isTransparent:
            (layout, format) = (.rgba, depth == .sixteen ? SPNG_FMT_RGBA16 : SPNG_FMT_RGBA8)
        case SPNG_COLOR_TYPE_TRUECOLOR.rawValue, SPNG_COLOR_TYPE_INDEXED.rawValue:
            (layout, format) = (.rgb, depth == .sixteen ? SPNG_FMT_PNG : SPNG_FMT_RGB8)
        default:
            throw ImagingError(.corrupt, "The PNG has a colour type that does not exist.")
        }
        return Target(
            layout: layout,
            depth: depth,
            format: format,
            appliesTransparency: isTransparent
        )
    }

    /// Decodes directly into the result's memory.
    private func decode(
        _ context: OpaquePointer,
        _ header: spng_ihdr,
        _ target: Target
    ) throws(ImagingError) -> [UInt8] {
        let sampleCount = Int(header.width) * Int(header.height) * target.layout.channels
        let count = sampleCount * target.depth.byteCount
        let format = Int32(target.format.rawValue)
        var decodedCount = 0
        try check(spng_decoded_image_size(context, format, &decodedCount))
        if decodedCount != count {
            throw ImagingError(.corrupt, "The PNG's rows do not fit its size.")
        }
        let flags = target.appliesTransparency ? Int32(SPNG_DECODE_TRNS.rawValue) : 0
        var status: Int32 = 0
        // Reserve one extra byte per row, which the PNG encoder needs.
        let samples = [UInt8](unsafeUninitializedCapacity: count + Int(header.height)) {
            buffer,
            initializedCount in
            status = spng_decode_image(context, buffer.baseAddress, count, format, flags)
            // libspng returns 16-bit samples in native order, which is little-endian on all
            // supported machines.
            if status == 0, target.depth == .sixteen {
                plm_swap_bytes(buffer.baseAddress, sampleCount)
            }
            initializedCount = status == 0 ? count : 0
        }
        try check(status)
        return samples
    }

    /// Refuses animations, of which libspng would read the first frame.
    private func refuseAnimations() throws(ImagingError) {
        guard let content = PNGChunks(bytes).first("acTL") else { return }
        var reader = BigEndianReader(content)
        if reader.number(4) ?? 0 > 1 {
            throw ImagingError(
                .animated,
                "The file is an animated PNG; send a still picture, or its frames one by one."
            )
        }
    }

    private func exif(_ context: OpaquePointer) -> [UInt8]? {
        var chunk = spng_exif()
        guard spng_get_exif(context, &chunk) == 0, let start = chunk.data else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: chunk.length))
    }

    /// Returns the text chunk named in the XMP specification (part 3, section 1.1.5).
    private func xmp(_ context: OpaquePointer) -> [UInt8]? {
        var count: UInt32 = 0
        guard spng_get_text(context, nil, &count) == 0, count > 0 else { return nil }
        var texts = [spng_text](repeating: spng_text(), count: Int(count))
        guard spng_get_text(context, &texts, &count) == 0 else { return nil }
        let packet = texts.prefix(Int(count)).first { text in
            withUnsafeBytes(of: text.keyword) {
                $0.prefix { $0 != 0 }.elementsEqual("XML:com.adobe.xmp".utf8)
            }
        }
        guard let packet, let start = packet.text else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: packet.length))
    }

    private func check(_ status: Int32) throws(ImagingError) {
        if status == 0 { return }
        let sentence = String(cString: spng_strerror(status))
        switch status {
        case SPNG_IO_EOF.rawValue, Int32(SPNG_EOF.rawValue), Int32(SPNG_EIDAT_TOO_SHORT.rawValue):
            throw ImagingError(.truncated, "The PNG ends before the picture is complete.")
        case Int32(SPNG_EMEM.rawValue), Int32(SPNG_EOVERFLOW.rawValue),
            Int32(SPNG_ECHUNK_LIMITS.rawValue):
            throw ImagingError(
                .tooLarge,
                "The PNG needs more memory than is allowed (\(sentence))."
            )
        case Int32(SPNG_ECHUNK_UNKNOWN_CRITICAL.rawValue):
            throw ImagingError(
                .unsupported,
                "The PNG needs an extension that is not read (\(sentence))."
            )
        default:
            throw ImagingError(.corrupt, "The PNG is damaged (\(sentence)).")
        }
    }
}
