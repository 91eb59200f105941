import CKernels
import Glibc

/// Compares two photos row by row, so that neither need be in memory as a whole.
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
    private var difference = plm_difference()
    private var similarity = 0.0
    private var rows = 0
    /// The number of window rows already in the sum.
    private var windowRows = 0

    /// Creates a meter without rows.
    ///
    /// - Precondition: The sizes are positive.
    public init(width: Int, height: Int, layout: PixelLayout, depth: SampleDepth = .eight) {
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

    /// Adds the next row of both photos.
    ///
    /// - Precondition: It is called at most `height` times, with whole rows.
    public mutating func append(
        _ first: UnsafeBufferPointer<UInt8>,
        _ second: UnsafeBufferPointer<UInt8>
    ) {
        let bytes = width * layout.channels * depth.byteCount
        precondition(
            rows < height && first.count == bytes && second.count == bytes,
            "one call for each row"
        )
        guard let first = first.baseAddress, let second = second.baseAddress else { return }
        if layout.hasAlpha {
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
            guard windows == 2 || windows == 1 && rows == height else { return }
            let needed = (0..<columnTaps.count + windows - 1).map { row in
                Optional(UnsafePointer(filtered + (windowRows + row) % held * slot))
            }
            similarity += plm_ssim_sum(
                set,
                needed,
                stride,
                columnTaps,
                columnTaps.count,
                windows,
                positions
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
    /// - Precondition: All rows have been added.
    public var quality: ImageQuality {
        precondition(rows == height, "all rows have come")
        return ImageQuality(
            maxAbsoluteDifference: Int(difference.largest),
            meanSquare: Double(difference.squares) / Double(width * height * layout.colorChannels),
            depth: depth,
            ssim: similarity / Double(positions * (height - columnTaps.count + 1))
        )
    }
}
