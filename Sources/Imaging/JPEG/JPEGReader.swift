import CJPEG

/// Reads a JPEG file with libjpeg.
struct JPEGReader {
    private let bytes: [UInt8]
    private let limits: ImageLimits

    init(_ bytes: [UInt8], limits: ImageLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// Returns the size of the upright picture from the header.
    func uprightSize() throws(ImagingError) -> (width: Int, height: Int) {
        try withReader { (reader) throws(ImagingError) in
            let header = try readHeader(reader)
            let metadata = limits.metadata(exif: segments(reader).first(.exif), xmp: nil)
            let orientation = metadata.exif.map(Orientation.init(exif:)) ?? .asStored
            let (width, height) = (Int(header.width), Int(header.height))
            return orientation.swapsSides ? (height, width) : (width, height)
        }
    }

    func photo() throws(ImagingError) -> Photo {
        try withReader { (reader) throws(ImagingError) in
            let header = try readHeader(reader)
            let segments = segments(reader)
            var metadata = limits.metadata(exif: segments.first(.exif), xmp: segments.first(.xmp))
            if segments.first(.extendedXMP) != nil {
                metadata.omissions.append(Omission(.extendedXMP, .notCarried))
            }
            let colors = try colors(header, segments, metadata)
            let orientation = metadata.exif.map(Orientation.init(exif:)) ?? .asStored
            let raster = Raster(
                width: Int(header.width),
                height: Int(header.height),
                layout: header.color == .gray ? .gray : .rgb,
                samples: try decodeRows(reader, header)
            )
            return Photo(
                orientation.upright(raster),
                colors: colors,
                metadata: metadata,
                sourceFormat: .jpeg
            )
        }
    }

    // MARK: - Steps

    /// Opens a reader on the bytes for the duration of a call.
    private func withReader<Result>(
        _ body: (OpaquePointer) throws(ImagingError) -> Result
    ) throws(ImagingError) -> Result {
        try bytes.withUnsafeBufferPointer { (bytes) throws(ImagingError) in
            guard let start = bytes.baseAddress else {
                throw ImagingError(.empty, "The file is empty.")
            }
            guard let reader = palimpsest_jpeg_open(start, bytes.count) else {
                throw ImagingError(.tooLarge, "There is not enough memory to read the picture.")
            }
            defer { palimpsest_jpeg_close(reader) }
            return try body(reader)
        }
    }

    /// Reads the header and refuses variants that are not supported.
    private func readHeader(
        _ reader: OpaquePointer
    ) throws(ImagingError) -> palimpsest_jpeg_header {
        var header = palimpsest_jpeg_header()
        try check(palimpsest_jpeg_read_header(reader, &header), reader)
        switch header.color {
        case .gray, .rgb, .cmyk:
            break
        case .other:
            throw ImagingError(
                .unsupported,
                "The JPEG has a colour space that is not read; gray, RGB and CMYK are."
            )
        }
        if header.is_arithmetic != 0 {
            throw ImagingError(
                .unsupported,
                "The picture is an arithmetic-coded JPEG; only Huffman-coded ones are read."
            )
        }
        try limits.check(width: Int(header.width), height: Int(header.height))
        return header
    }

    /// Collects the metadata segments.
    private func segments(_ reader: OpaquePointer) -> JPEGSegments {
        var segments = JPEGSegments()
        var segment = palimpsest_jpeg_segment()
        while palimpsest_jpeg_next_segment(reader, &segment) != 0 {
            segments.add(
                number: Int(segment.number),
                UnsafeBufferPointer(start: segment.bytes, count: segment.count)
            )
        }
        return segments
    }

    /// Determines the colours; refuses CMYK with a profile.
    private func colors(
        _ header: palimpsest_jpeg_header,
        _ segments: JPEGSegments,
        _ metadata: PhotoMetadata
    ) throws(ImagingError) -> PhotoColors {
        var statements = ColorStatements()
        statements.profile = segments.profile
        statements.exif = metadata.exif.flatMap(EXIFColorSpace.init(exif:))
        guard header.color == .cmyk else {
            return try statements.colors(for: header.color == .gray ? .gray : .rgb, limits: limits)
        }
        let colors = try statements.colors(for: .cmyk, limits: limits)
        if colors.iccProfile != nil || colors.omissions.contains(Omission(.iccProfile, .tooLarge)) {
            // Without the profile, the colours would be visibly wrong, and PNG has no CMYK.
            throw ImagingError(
                .cmykUnsupported,
                "The picture is a CMYK JPEG with a colour profile of its inks; convert it to RGB first."
            )
        }
        return colors
    }

    /// Decodes directly into the result's memory.
    private func decodeRows(
        _ reader: OpaquePointer,
        _ header: palimpsest_jpeg_header
    ) throws(ImagingError) -> [UInt8] {
        let channels = header.color == .gray ? 1 : 3
        let count = Int(header.width) * Int(header.height) * channels
        let maxScans = Int32(clamping: limits.maxJPEGScans)
        var status = palimpsest_jpeg_status.ok
        // Reserve one extra byte per row, which the PNG encoder needs.
        let samples = [UInt8](unsafeUninitializedCapacity: count + Int(header.height)) {
            buffer,
            initializedCount in
            guard let start = buffer.baseAddress else { return }
            status = palimpsest_jpeg_decode(reader, start, count, maxScans)
            initializedCount = status == .ok ? count : 0
        }
        try check(status, reader)
        return samples
    }

    private func check(
        _ status: palimpsest_jpeg_status,
        _ reader: OpaquePointer
    ) throws(ImagingError) {
        switch status {
        case .ok:
            return
        case .noMemory:
            throw ImagingError(.tooLarge, "There is not enough memory to decode the picture.")
        case .truncated:
            throw ImagingError(.truncated, "The JPEG ends before the picture is complete.")
        case .unsupported:
            throw ImagingError(
                .unsupported,
                "The picture is a kind of JPEG that is not read (\(message(reader))); "
                    + "save it as a baseline or progressive one with 8 bits."
            )
        case .tooLarge:
            throw ImagingError(
                .tooLarge,
                "A side of the JPEG is longer than can be read (\(message(reader)))."
            )
        case .tooManyScans:
            throw ImagingError(
                .tooLarge,
                "The JPEG has too many scans; \(limits.maxJPEGScans) are allowed."
            )
        case .corrupt:
            throw ImagingError(.corrupt, "The JPEG is damaged (\(message(reader))).")
        }
    }

    private func message(_ reader: OpaquePointer) -> String {
        String(cString: palimpsest_jpeg_message(reader))
    }
}
