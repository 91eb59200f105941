import CHeif

/// Reads a HEIC or AVIF file with libheif.
struct HEIFReader {
    private let bytes: [UInt8]
    private let limits: ImageLimits
    private let format: ImageFormat

    /// Creates a reader.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - limits: The bounds on the picture.
    ///   - format: The format according to the file's brands.
    init(_ bytes: [UInt8], limits: ImageLimits, format: ImageFormat) {
        self.bytes = bytes
        self.format = format
        self.limits = limits.forHEIF
        Self.prepare
    }

    /// Initialises libheif and registers its decoders, once per process.
    static let prepare: Void = palimpsest_heif_prepare()

    func photo() throws(ImagingError) -> Photo {
        try refuseSequences()
        let picture = try HEIFPicture(bytes, limits: limits)
        return try withReader(of: picture) { (reader) throws(ImagingError) in
            let header = try readHeader(reader)
            // The container states the orientation and libheif applies it, so EXIF's orientation is
            // ignored.
            let metadata = metadata(of: picture)
            let statements = try statements(header, metadata, reader)
            // Check before decoding pixels, as far as possible by then.
            _ = try statements.colors(for: .rgb, limits: limits)
            var decodedHeader = header
            let samples = try decode(reader, &decodedHeader)
            var photo = Photo(
                width: Int(header.width),
                height: Int(header.height),
                layout: header.has_alpha != 0 ? .rgba : .rgb,
                depth: header.bit_depth > 8 ? .sixteen : .eight,
                samples: samples,
                metadata: metadata,
                sourceFormat: format
            )
            photo.set(try statements.with(decodedHeader).colors(for: .rgb, limits: limits))
            return photo
        }
    }

    // MARK: - Steps

    /// Opens a libheif reader on a file of only the picture.
    private func withReader<Result>(
        of picture: HEIFPicture,
        _ body: (OpaquePointer) throws(ImagingError) -> Result
    ) throws(ImagingError) -> Result {
        let file = try picture.file(of: bytes)
        let streams = picture.streams.map { stream in
            palimpsest_heif_stream(
                width: UInt32(clamping: stream.size.width),
                height: UInt32(clamping: stream.size.height),
                is_exact: stream.isExact ? 1 : 0
            )
        }
        return try file.withUnsafeBufferPointer { (file) throws(ImagingError) in
            try streams.withUnsafeBufferPointer { (streams) throws(ImagingError) in
                guard let start = file.baseAddress, let firstStream = streams.baseAddress,
                    let reader = palimpsest_heif_open(
                        start,
                        file.count,
                        UInt32(clamping: limits.maxSide),
                        UInt64(clamping: limits.maxPixels),
                        firstStream,
                        streams.count
                    )
                else {
                    throw ImagingError(.tooLarge, "There is not enough memory to read the picture.")
                }
                defer { palimpsest_heif_close(reader) }
                return try body(reader)
            }
        }
    }

    private func metadata(of picture: HEIFPicture) -> PhotoMetadata {
        // The slack allows for the header before EXIF; anything longer is dropped anyway.
        let most = limits.maxMetadataBytes + 1024
        let (exif, xmp) = (
            picture.bytes(at: picture.exif, atMost: most),
            picture.bytes(at: picture.xmp, atMost: most)
        )
        var metadata = limits.metadata(exif: exif.flatMap(Self.tiff), xmp: xmp)
        for (name, bytes) in [(Omission.Part.exif, exif), (.xmp, xmp)] where bytes == nil {
            metadata.omissions.append(Omission(name, .tooLarge))
        }
        return metadata
    }

    /// Refuses files whose major brand is a sequence (ISO/IEC 23008-12, annex B; AV1 image format,
    /// 6.3).
    private func refuseSequences() throws(ImagingError) {
        let brand = String(decoding: bytes.dropFirst(8).prefix(4), as: UTF8.self)
        guard ["avis", "msf1", "hevc", "hevx", "hevm", "hevs"].contains(brand) else { return }
        throw ImagingError(
            .animated,
            "The file is a sequence of pictures (\(brand)); send a still picture, or its frames one by one."
        )
    }

    private func readHeader(
        _ reader: OpaquePointer
    ) throws(ImagingError) -> palimpsest_heif_header {
        var header = palimpsest_heif_header()
        try check(palimpsest_heif_read_header(reader, &header), reader)
        // The cropped-away part is decoded too.
        try limits.check(width: Int(header.stored_width), height: Int(header.stored_height))
        try limits.check(width: Int(header.width), height: Int(header.height))
        return header
    }

    /// Collects the colour statements of the container and of EXIF.
    private func statements(
        _ header: palimpsest_heif_header,
        _ metadata: PhotoMetadata,
        _ reader: OpaquePointer
    ) throws(ImagingError) -> ColorStatements {
        var statements = ColorStatements()
        statements.profileIsFirst = true
        if header.icc_count > limits.maxICCBytes {
            statements.profile = .unusable(.tooLarge)
        } else if header.icc_count > 0 {
            statements.profile = try profile(count: header.icc_count, reader).map { .stored($0) }
        }
        statements.exif = metadata.exif.flatMap(EXIFColorSpace.init(exif:))
        return statements.with(header)
    }

    private func profile(count: Int, _ reader: OpaquePointer) throws(ImagingError) -> [UInt8]? {
        guard count > 0 else { return nil }
        var status = palimpsest_heif_status.ok
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            guard let start = buffer.baseAddress else { return }
            status = palimpsest_heif_copy_icc(reader, start)
            initializedCount = status == .ok ? count : 0
        }
        try check(status, reader)
        return bytes
    }

    /// Returns the TIFF structure of an EXIF item.
    ///
    /// Four bytes in front of it give the number of further bytes to skip (ISO/IEC 23008-12,
    /// A.2.1).
    private static func tiff(_ item: [UInt8]) -> [UInt8]? {
        guard item.count > 4 else { return nil }
        let offset = item[..<4].reduce(0) { $0 << 8 | Int($1) }
        guard offset < item.count - 4 else { return nil }
        return Array(item.dropFirst(4 + offset))
    }

    /// Decodes directly into the result's memory.
    private func decode(
        _ reader: OpaquePointer,
        _ header: inout palimpsest_heif_header
    ) throws(ImagingError) -> [UInt8] {
        let sampleBytes = header.bit_depth > 8 ? 2 : 1
        let count =
            Int(header.width) * Int(header.height) * (header.has_alpha != 0 ? 4 : 3) * sampleBytes
        var status = palimpsest_heif_status.ok
        // Reserve one extra byte per row, which the PNG encoder needs.
        let samples = [UInt8](unsafeUninitializedCapacity: count + Int(header.height)) {
            buffer,
            initializedCount in
            guard let start = buffer.baseAddress else { return }
            status = palimpsest_heif_decode(reader, start, count, &header)
            initializedCount = status == .ok ? count : 0
        }
        try check(status, reader)
        return samples
    }

    private func check(
        _ status: palimpsest_heif_status,
        _ reader: OpaquePointer
    ) throws(ImagingError) {
        let name = format == .avif ? "AVIF" : "HEIC"
        switch status {
        case .ok:
            return
        case .tooLarge:
            throw ImagingError(
                .tooLarge,
                "The \(name) needs more memory than is allowed (\(message(reader)))."
            )
        case .truncated:
            throw ImagingError(.truncated, "The \(name) ends before the picture is complete.")
        case .unsupported:
            throw ImagingError(
                .unsupported,
                "The picture is a kind of \(name) that is not read (\(message(reader)))."
            )
        case .corrupt:
            throw ImagingError(.corrupt, "The \(name) is damaged (\(message(reader))).")
        }
    }

    private func message(_ reader: OpaquePointer) -> String {
        String(cString: palimpsest_heif_message(reader))
    }
}

extension ColorStatements {
    /// Adds the code points of the nclx box or, after decoding, of the stream.
    fileprivate func with(_ header: palimpsest_heif_header) -> ColorStatements {
        let unspecified = ColorCodePoints.unspecified
        let (primaries, transfer) = (
            UInt8(exactly: header.color_primaries) ?? unspecified,
            UInt8(exactly: header.transfer_characteristics) ?? unspecified
        )
        guard primaries != unspecified || transfer != unspecified else { return self }
        var statements = self
        let codePoints = ColorCodePoints(primaries: primaries, transfer: transfer)
        statements.saysSRGB = codePoints == .sRGB
        statements.codePoints = codePoints == .sRGB ? nil : codePoints
        return statements
    }
}

extension ImageLimits {
    /// The limits within which libheif's 32-bit products fit: side lengths, and all pixels at 8
    /// bytes each.
    fileprivate var forHEIF: ImageLimits {
        var limits = self
        limits.maxSide = min(maxSide, Int(palimpsestHEIFMaxSide))
        limits.maxPixels = min(maxPixels, 500_000_000)
        return limits
    }
}
