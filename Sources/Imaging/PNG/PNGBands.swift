import CDeflate
import CKernels
import Synchronization

/// The bands of a picture that are filtered and compressed apart, and their zlib stream.
///
/// The rows of a band and their bytes depend on the picture's size and samples alone, so that the
/// file is the same whoever runs the bands.
struct PNGBands {
    /// A band's DEFLATE blocks, which end with a whole byte, and what was compressed.
    private struct Band: Sendable {
        let blocks: [UInt8]
        let count: Int
        /// The Adler-32 of the filtered rows.
        let adler: UInt32
    }

    /// The filtered bytes that a band has at least, unless the picture has fewer.
    ///
    /// Matches do not cross bands: with half of this, a photo with much grain takes 0.2 % more.
    static let leastBytes = 512 * 1024

    /// zlib's header (RFC 1950 section 2.2): a window of 32 KiB, the fastest level.
    private static let header: [UInt8] = [0x78, 0x01]

    private let bands: [Band]

    /// Filters and compresses rows; `nil` if there is not enough memory.
    ///
    /// - Parameters:
    ///   - samples: The rows, one behind the other.
    ///   - height: The number of rows.
    ///   - pixelBytes: The bytes of a pixel.
    ///   - runner: Runs the bands.
    init?(samples: [UInt8], height: Int, pixelBytes: Int, _ runner: BandRunner) {
        let rowBytes = samples.count / height
        let most = max(1, height * (rowBytes + 1) / Self.leastBytes)
        let rows = (height + most - 1) / most
        let count = (height + rows - 1) / rows
        let bands = Mutex<[Band?]>(Array(repeating: nil, count: count))
        runner.run(count) { index in
            let first = index * rows
            let band = Self.band(
                of: samples,
                rowBytes: rowBytes,
                rows: first..<min(first + rows, height),
                pixelBytes: pixelBytes,
                isLast: index == count - 1
            )
            bands.withLock { $0[index] = band }
        }
        self.bands = bands.withLock { $0.compactMap { $0 } }
        if self.bands.count < count { return nil }
    }

    /// Whether most residuals are 0, as in screenshots and drawings.
    ///
    /// libdeflate makes such pictures smaller, and as fast: its matches are better. Some 64 rows,
    /// evenly spread, decide.
    static func isFlat(_ samples: [UInt8], height: Int, pixelBytes: Int) -> Bool {
        let rowBytes = samples.count / height
        var scratch = [UInt8](repeating: 0, count: rowBytes)
        var filtered = [UInt8](repeating: 0, count: rowBytes + 1)
        var (zeros, total) = (0, 0)
        for row in stride(from: 0, to: height, by: max(1, height / 64)) {
            plm_filter_band(
                InstructionSet.preferred.kernel,
                samples,
                rowBytes,
                row,
                1,
                pixelBytes,
                &scratch,
                &filtered
            )
            for byte in filtered.dropFirst() where byte == 0 { zeros += 1 }
            total += rowBytes
        }
        return 2 * zeros > total
    }

    /// The number of bytes of the stream.
    var streamCount: Int {
        bands.reduce(Self.header.count + 4) { $0 + $1.blocks.count }
    }

    /// Hands out the stream, piece by piece.
    func forEachPiece(_ body: ([UInt8]) -> Void) {
        body(Self.header)
        var adler: UInt32 = 1
        for band in bands {
            body(band.blocks)
            adler = Self.joined(adler, band.adler, count: band.count)
        }
        body([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: adler >> $0) })
    }

    private static func band(
        of samples: [UInt8],
        rowBytes: Int,
        rows: Range<Int>,
        pixelBytes: Int,
        isLast: Bool
    ) -> Band? {
        guard let deflater = plm_deflater_create() else { return nil }
        defer { plm_deflater_free(deflater) }
        let count = rows.count * (rowBytes + 1)
        return withUnsafeTemporaryAllocation(
            of: UInt8.self,
            capacity: count + rowBytes + plm_deflate_bound(count)
        ) { memory -> Band? in
            guard let filtered = memory.baseAddress else { return nil }
            let scratch = filtered + count
            let blocks = scratch + rowBytes
            plm_filter_band(
                InstructionSet.preferred.kernel,
                samples,
                rowBytes,
                rows.lowerBound,
                rows.count,
                pixelBytes,
                scratch,
                filtered
            )
            let length = plm_deflate_band(deflater, filtered, count, isLast, blocks)
            return Band(
                blocks: Array(UnsafeBufferPointer(start: blocks, count: length)),
                count: count,
                adler: libdeflate_adler32(1, filtered, count)
            )
        }
    }

    /// Returns the Adler-32 of two strings, one behind the other, of theirs (RFC 1950 section 8.2).
    private static func joined(_ first: UInt32, _ second: UInt32, count: Int) -> UInt32 {
        let base: UInt64 = 65521
        let (a, b) = (UInt64(first & 0xFFFF), UInt64(second & 0xFFFF))
        let low = (a + b + base - 1) % base
        // The second string's sums began at 1 instead of at the first's.
        let high =
            (UInt64(first >> 16) + UInt64(second >> 16) + UInt64(count) % base * (a + base - 1))
            % base
        return UInt32(high << 16 | low)
    }
}
