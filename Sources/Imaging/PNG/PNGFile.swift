import CDeflate

/// Writes the chunks of a PNG file (W3C PNG section 5) into a sufficiently large buffer.
struct PNGFile {
    /// The size in bytes of everything but the metadata and the compressed profile and pixels.
    ///
    /// That is signature, header, code points, colorimetry, and the framing of the pixels and of
    /// the end.
    static let overhead = 8 + 25 + codePointsOverhead + colorimetryOverhead + 12 + 12
    /// Bytes of cICP.
    private static let codePointsOverhead = 16
    /// Bytes of gAMA and cHRM.
    private static let colorimetryOverhead = 16 + 44
    /// Bytes of the profile's chunk, excluding the compressed profile.
    static let profileOverhead = 12 + profileName.count

    /// The profile's name, its terminator and the compression method.
    private static let profileName = Array("ICC profile".utf8) + [0, 0]

    /// The keyword and its terminator, no compression, no language, no translated keyword.
    private static let xmpHead = Array("XML:com.adobe.xmp".utf8) + [0, 0, 0, 0, 0]

    /// The number of bytes written.
    private(set) var count = 0

    private let buffer: UnsafeMutableBufferPointer<UInt8>

    /// Writes the signature.
    init(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
        self.buffer = buffer
        append([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    }

    /// Appends the header of a non-interlaced picture.
    mutating func append(width: Int, height: Int, layout: PixelLayout, depth: SampleDepth) {
        let colorType: UInt8 =
            switch layout {
            case .gray: 0
            case .rgb: 2
            case .grayAlpha: 4
            case .rgba: 6
            }
        appendChunk("IHDR") { file in
            file.append(bigEndian: UInt32(clamping: width))
            file.append(bigEndian: UInt32(clamping: height))
            file.append([UInt8(depth.rawValue), colorType, 0, 0, 0])
            return true
        }
    }

    /// Appends the colour profile; false if it could not be compressed.
    mutating func append(profile: [UInt8], _ compressor: OpaquePointer) -> Bool {
        appendChunk("iCCP") { file in
            file.append(Self.profileName)
            return file.append(compressed: profile, compressor)
        }
    }

    /// Appends the code points of full-range RGB.
    mutating func append(_ codePoints: ColorCodePoints) {
        appendChunk("cICP") { file in
            file.append([codePoints.primaries, codePoints.transfer, 0, 1])
            return true
        }
    }

    /// Appends the colorimetry, which stands in for a missing profile.
    mutating func append(_ colorimetry: Colorimetry) {
        func append(_ kind: String, _ numbers: [UInt32]?) {
            guard let numbers else { return }
            appendChunk(kind) { file in
                for number in numbers { file.append(bigEndian: number) }
                return true
            }
        }
        append("gAMA", colorimetry.gamma.map { [$0] })
        append("cHRM", colorimetry.chromaticities)
    }

    /// Appends EXIF and XMP unchanged (W3C PNG 11.3.5.1; XMP part 3, 1.1.5).
    mutating func append(_ metadata: PhotoMetadata) {
        if let exif = metadata.exif {
            appendChunk("eXIf") { file in
                file.append(exif)
                return true
            }
        }
        if let xmp = metadata.xmp {
            appendChunk("iTXt") { file in
                file.append(Self.xmpHead)
                file.append(xmp)
                return true
            }
        }
    }

    /// Returns the number of bytes that the metadata chunks take.
    static func count(of metadata: PhotoMetadata) -> Int {
        (metadata.exif.map { $0.count + 12 } ?? 0)
            + (metadata.xmp.map { $0.count + xmpHead.count + 12 } ?? 0)
    }

    /// Appends the filtered rows; false if they could not be compressed.
    mutating func append(pixels: [UInt8], _ compressor: OpaquePointer) -> Bool {
        appendChunk("IDAT") { $0.append(compressed: pixels, compressor) }
    }

    /// Appends the rows that were filtered and compressed in bands.
    mutating func append(bands: PNGBands) {
        appendChunk("IDAT") { file in
            bands.forEachPiece { file.append($0) }
            return true
        }
    }

    mutating func appendEnd() {
        _ = appendChunk("IEND") { _ in true }
    }

    // MARK: - Bytes

    @discardableResult
    private mutating func appendChunk(_ kind: String, _ body: (inout PNGFile) -> Bool) -> Bool {
        let start = count
        append(bigEndian: 0)
        append(Array(kind.utf8))
        guard body(&self) else { return false }
        let end = count
        count = start
        append(bigEndian: UInt32(clamping: end - start - 8))
        count = end
        // The checksum covers the type and the data.
        append(
            bigEndian: libdeflate_crc32(
                0,
                buffer.baseAddress.map { $0 + start + 4 },
                end - start - 4
            )
        )
        return true
    }

    private mutating func append(compressed bytes: [UInt8], _ compressor: OpaquePointer) -> Bool {
        let written = libdeflate_zlib_compress(
            compressor,
            bytes,
            bytes.count,
            buffer.baseAddress.map { $0 + count },
            // Leave room for the chunk's checksum and the end chunk.
            buffer.count - count - 16
        )
        count += written
        return written > 0
    }

    private mutating func append(bigEndian value: UInt32) {
        append([
            UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16),
            UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value),
        ])
    }

    private mutating func append(_ bytes: [UInt8]) {
        count = buffer[count...].update(fromContentsOf: bytes)
    }
}
