import CKernels
import Glibc

/// Compares two photos row by row, so that neither need be in memory as a whole.
///
/// Several meters may each compare a band of rows. A window belongs to the band with its first row,
/// so that a band needs some rows of the next. All sums are kept apart until the end, and then
/// added from top to bottom: the result does not depend on the bands.
///
/// The window of the structural similarity is separable: each row is filtered horizontally as it
/// arrives, and twelve filtered rows are kept. Luminances are offset by -128. This leaves variances
/// unchanged, and the differences of large sums lose less to rounding.
public struct QualityMeter {
    /// x, y, x² + y², x y; the two squares are only needed as a sum.
    private static let kinds = 4
    private static let window = 11
    private static let lanes = 16

    private let width: Int
    private let height: Int
    private let layout: PixelLayout
    private let depth: SampleDepth
    private let rowTaps: [Float]
    private let columnTaps: [Float]
    /// Window positions per row, and the same rounded up to whole vectors.
    private let positions: Int
    private let stride: Int
    private var luminances: (first: [Float], second: [Float])
    /// The horizontally filtered rows that two windows need; row `y` is at `y % heldRows`.
    private var filtered: [Float]
    private var heldRows: Int { columnTaps.count + 1 }
    /// The band of rows that this meter compares.
    public let band: Range<Int>
    private var difference = plm_difference()
    /// The sum of the similarities in every two rows of windows.
    private var similarities: [Double] = []
    /// The rows added; counted from the band's first.
    private var rows = 0
    /// The number of window rows already in the sums.
    private var windowRows = 0

    /// The largest number of rows after a band that its windows reach.
    public static let reach = window - 1

    /// The rows that the meter needs: its band's, and those of the next that its windows reach.
    public var neededRows: Range<Int> {
        band.lowerBound..<min(height, band.upperBound + columnTaps.count - 1)
    }

    /// Creates a meter without rows.
    ///
    /// - Parameters:
    ///   - width: The photos' columns, at least 1.
    ///   - height: The photos' rows, at least 1.
    ///   - layout: The samples of their pixels.
    ///   - depth: The bits of their samples.
    ///   - band: The band of rows that this meter compares, from an even row on; `nil` for all.
    public init(
        width: Int,
        height: Int,
        layout: PixelLayout,
        depth: SampleDepth = .eight,
        band: Range<Int>? = nil
    ) {
        let band = band ?? 0..<height
        precondition(
            !band.isEmpty && band.lowerBound % 2 == 0 && band.upperBound <= height
                && (band.upperBound % 2 == 0 || band.upperBound == height),
            "a band has whole pairs of rows"
        )
        self.band = band
        self.width = width
        self.height = height
        self.layout = layout
        self.depth = depth
        rowTaps = Self.gaussian(count: min(Self.window, width))
        columnTaps = Self.gaussian(count: min(Self.window, height))
        positions = width - rowTaps.count + 1
        stride = (positions + Self.lanes - 1) / Self.lanes * Self.lanes
        let row = [Float](repeating: 0, count: stride + Self.window - 1)
        luminances = (row, row)
        filtered = [Float](repeating: 0, count: (columnTaps.count + 1) * Self.kinds * stride)
    }

    private static func gaussian(count: Int) -> [Float] {
        let center = Double(count - 1) / 2
        let weights = (0..<count).map { index in
            let distance = Double(index) - center
            return exp(-distance * distance / (2 * 1.5 * 1.5))
        }
        let sum = weights.reduce(0, +)
        return weights.map { Float($0 / sum) }
    }

    /// Adds the next row of both photos, of ``neededRows``.
    ///
    /// - Precondition: It is called at most once for each, with whole rows.
    public mutating func append(
        _ first: UnsafeBufferPointer<UInt8>,
        _ second: UnsafeBufferPointer<UInt8>
    ) {
        let bytes = width * layout.channels * depth.byteCount
        precondition(
            rows < neededRows.count && first.count == bytes && second.count == bytes,
            "one call for each row"
        )
        guard let first = first.baseAddress, let second = second.baseAddress else { return }
        if rows >= band.count {
            // A row of the next band, which compares it.
        } else if layout.hasAlpha {
            var opaque = Array(UnsafeBufferPointer(start: second, count: bytes))
            let pixelBytes = layout.channels * depth.byteCount
            for pixel in Swift.stride(from: 0, to: bytes, by: pixelBytes) {
                for alpha in pixel + pixelBytes - depth.byteCount..<pixel + pixelBytes {
                    opaque[alpha] = first[alpha]
                }
            }
            compare(first, opaque)
        } else {
            compare(first, second)
        }
        let set = InstructionSet.preferred.kernel
        switch depth {
        case .eight:
            plm_luminance_row(set, first, layout.channels, width, &luminances.first)
            plm_luminance_row(set, second, layout.channels, width, &luminances.second)
        case .sixteen:
            plm_wide_luminance_row(first, layout.channels, width, &luminances.first)
            plm_wide_luminance_row(second, layout.channels, width, &luminances.second)
        }
        let (held, slot) = (heldRows, Self.kinds * stride)
        filtered.withUnsafeMutableBufferPointer { filtered in
            guard let filtered = filtered.baseAddress else { return }
            plm_ssim_filter_row(
                set,
                luminances.first,
                luminances.second,
                positions,
                rowTaps,
                rowTaps.count,
                stride,
                filtered + rows % held * slot
            )
            rows += 1
            // Every second row completes two windows; a single last one may remain.
            let windows = min(2, rows - columnTaps.count + 1 - windowRows)
            guard windows == 2 || windows == 1 && band.lowerBound + rows == height else { return }
            let needed = (0..<columnTaps.count + windows - 1).map { row in
                Optional(UnsafePointer(filtered + (windowRows + row) % held * slot))
            }
            similarities.append(
                plm_ssim_sum(
                    set,
                    needed,
                    stride,
                    columnTaps,
                    columnTaps.count,
                    windows,
                    positions
                )
            )
            windowRows += windows
        }
    }

    private mutating func compare(_ first: UnsafePointer<UInt8>, _ second: UnsafePointer<UInt8>) {
        let count = width * layout.channels
        switch depth {
        case .eight:
            plm_compare_rows(InstructionSet.preferred.kernel, first, second, count, &difference)
        case .sixteen: plm_compare_wide_rows(first, second, count, &difference)
        }
    }

    /// The result over all rows.
    ///
    /// - Precondition: The meter has no band, and all rows have been added.
    public var quality: ImageQuality { ImageQuality(of: [part]) }

    /// What was measured of the band.
    ///
    /// - Precondition: All ``neededRows`` have been added.
    public var part: Part {
        precondition(rows == neededRows.count, "all rows have come")
        return Part(
            band: band,
            height: height,
            depth: depth,
            difference: difference,
            similarities: similarities,
            rowSamples: width * layout.colorChannels,
            windows: positions * (height - columnTaps.count + 1)
        )
    }

    /// What was measured of a band.
    public struct Part: Sendable {
        fileprivate let band: Range<Int>
        fileprivate let height: Int
        fileprivate let depth: SampleDepth
        fileprivate let difference: plm_difference
        fileprivate let similarities: [Double]
        fileprivate let rowSamples: Int
        /// The number of windows of the whole photo.
        fileprivate let windows: Int
    }
}

extension ImageQuality {
    /// Adds up what was measured of bands.
    ///
    /// - Parameter parts: Bands that together are all rows of a photo, from top to bottom.
    public init(of parts: [QualityMeter.Part]) {
        guard let first = parts.first else { preconditionFailure("a photo has a band") }
        var (end, squares, largest, similarity) = (0, UInt64(0), UInt32(0), 0.0)
        for part in parts {
            precondition(part.band.lowerBound == end, "the bands have an order")
            end = part.band.upperBound
            squares += part.difference.squares
            largest = max(largest, part.difference.largest)
            similarity = part.similarities.reduce(similarity, +)
        }
        precondition(end == first.height, "all bands have come")
        self.init(
            maxAbsoluteDifference: Int(largest),
            meanSquare: Double(squares) / Double(first.rowSamples * first.height),
            depth: first.depth,
            ssim: similarity / Double(first.windows)
        )
    }
}
