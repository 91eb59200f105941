import CKernels
import Imaging

/// Releases a band of rows and measures it.
///
/// Each band has rows of its own to work with. Its windows of the structural similarity reach into
/// the next band, whose rows another thread may be changing: it releases copies of them once more.
struct ReleaseBand {
    private let width: Int
    private let layout: PixelLayout
    private let depth: SampleDepth
    private let bound: Float
    private let dithers: Bool
    private var rows: ScaledRows
    private var meter: QualityMeter
    private var before: [UInt8]
    private var thresholds: [Float]

    /// Prepares a band.
    ///
    /// - Parameters:
    ///   - photo: The size, layout and depth of the photo.
    ///   - band: The band of its rows.
    ///   - rows: The perturbation in levels, of the photo's size; no row of it was asked for.
    ///   - bound: The largest change, in levels.
    ///   - dithers: Whether samples are dithered instead of rounded.
    init(
        of photo: (width: Int, height: Int, layout: PixelLayout, depth: SampleDepth),
        band: Range<Int>,
        rows: ScaledRows,
        bound: Float,
        dithers: Bool
    ) {
        (width, layout, depth) = (photo.width, photo.layout, photo.depth)
        (self.rows, self.bound, self.dithers) = (rows, bound, dithers)
        meter = QualityMeter(
            width: width,
            height: photo.height,
            layout: layout,
            depth: depth,
            band: band
        )
        before = [UInt8](repeating: 0, count: width * layout.channels * depth.byteCount)
        thresholds = [Float](repeating: 0.5, count: width * layout.channels)
    }

    /// Releases the band's rows in place and measures them.
    ///
    /// - Parameters:
    ///   - samples: The photo's samples. Only the band's rows are read and written.
    ///   - next: The first rows of the next band as they were, as many as its windows reach.
    /// - Returns: What was measured.
    mutating func run(
        _ samples: UnsafeMutablePointer<UInt8>,
        next: UnsafeBufferPointer<UInt8>
    ) -> QualityMeter.Part {
        let (needed, band, rowBytes) = (meter.neededRows, meter.band, before.count)
        for row in band {
            release(
                row,
                UnsafeMutableBufferPointer(start: samples + row * rowBytes, count: rowBytes)
            )
        }
        var copy = [UInt8](repeating: 0, count: rowBytes)
        for row in band.upperBound..<needed.upperBound {
            let place = (row - band.upperBound) * rowBytes
            copy.withUnsafeMutableBufferPointer { copy in
                _ = copy.update(fromContentsOf: next[place..<place + rowBytes])
                release(row, copy)
            }
        }
        return meter.part
    }

    private mutating func release(_ row: Int, _ samples: UnsafeMutableBufferPointer<UInt8>) {
        let count = rows.rowCount
        _ = before.withUnsafeMutableBufferPointer { $0.update(fromContentsOf: samples) }
        if dithers {
            plm_dither_row(
                InstructionSet.preferred.kernel,
                &thresholds,
                count / layout.channels,
                layout.channels,
                UInt32(row)
            )
        }
        let (depth, bound) = (depth, bound)
        thresholds.withUnsafeBufferPointer { thresholds in
            rows.withRows(of: row) { above, below, weightAbove, weightBelow in
                switch depth {
                case .eight:
                    plm_release_row(
                        InstructionSet.preferred.kernel,
                        samples.baseAddress,
                        count,
                        above,
                        below,
                        weightAbove,
                        weightBelow,
                        bound,
                        thresholds.baseAddress
                    )
                case .sixteen:
                    plm_release_wide_row(
                        samples.baseAddress,
                        count,
                        above,
                        below,
                        weightAbove,
                        weightBelow,
                        bound
                    )
                }
            }
        }
        if layout.hasAlpha { restoreTransparent(samples) }
        before.withUnsafeBufferPointer { meter.append($0, UnsafeBufferPointer(samples)) }
    }

    private func restoreTransparent(_ row: UnsafeMutableBufferPointer<UInt8>) {
        let (colorBytes, alphaBytes) = (layout.colorChannels * depth.byteCount, depth.byteCount)
        for pixel in stride(from: 0, to: row.count, by: colorBytes + alphaBytes) {
            let alpha = pixel + colorBytes
            guard row[alpha..<alpha + alphaBytes].allSatisfy({ $0 == 0 }) else { continue }
            for index in pixel..<alpha { row[index] = before[index] }
        }
    }
}
