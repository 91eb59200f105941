import CKernels

/// Produces the rows of a planar image scaled by a triangle filter, without storing the scaled
/// image.
///
/// Each row is the weighted sum of two rows that are already scaled horizontally and interleaved;
/// the caller computes the sum as it uses them. Up to rounding, the sums equal Pillow's
/// `resize(size, BILINEAR)` in `F` mode: antialiased where a side shrinks, bilinear with repeated
/// edges where it grows, first horizontally and then vertically. A network-sized difference can
/// thus be applied to a photo of many megapixels in the memory of a few rows. A copy that has given
/// no row may give those of a band, and shares the image and the weights.
public struct ScaledRows: Sendable {
    /// Samples per row: the columns times the interleaved channels.
    public let rowCount: Int

    /// The image's interleaved samples, plus three that the kernel may read.
    private let interleaved: [Float]
    private let planes: Int
    private let rowWidth: Int
    private let channels: Int
    private let horizontal: TriangleFilter
    private let vertical: TriangleFilter
    /// The horizontally scaled rows: row `y` is at `y % vertical.maxCount`; the extra slot holds
    /// sums of more than two rows.
    private var scaled: [Float]
    private var nextRow = 0

    /// Creates the scaled rows of an image.
    ///
    /// - Parameters:
    ///   - image: An image of up to three channels.
    ///   - width: Columns per row, at least 1.
    ///   - height: The number of rows, at least 1.
    ///   - channels: Samples per pixel of a row, at least the image's; additional ones are zero.
    public init(_ image: PlanarImage, toWidth width: Int, height: Int, channels: Int) {
        precondition(
            1...3 ~= image.channels && channels >= image.channels,
            "a pixel has room for every plane"
        )
        var interleaved = [Float](repeating: 0, count: image.samples.count + 3)
        let pixels = image.width * image.height
        for channel in 0..<image.channels {
            for pixel in 0..<pixels {
                interleaved[pixel * image.channels + channel] =
                    image.samples[channel * pixels + pixel]
            }
        }
        self.interleaved = interleaved
        planes = image.channels
        rowWidth = image.width
        self.channels = channels
        rowCount = width * channels
        horizontal = TriangleFilter(from: image.width, to: width)
        vertical = TriangleFilter(from: image.height, to: height)
        scaled = [Float](repeating: 0, count: (vertical.maxCount + 1) * rowCount)
    }

    /// Passes `body` the two rows whose weighted sum is a row, and their weights.
    ///
    /// - Parameters:
    ///   - row: The row, never less than in the previous call.
    ///   - body: Receives `rowCount` samples of each row, valid only during the call.
    public mutating func withRows(
        of row: Int,
        _ body: (
            _ above: UnsafePointer<Float>, _ below: UnsafePointer<Float>, _ weightAbove: Float,
            _ weightBelow: Float
        )
            -> Void
    ) {
        let (start, count) = (vertical.starts[row], vertical.counts[row])
        nextRow = max(nextRow, start)
        while nextRow < start + count {
            scaleRow(nextRow)
            nextRow += 1
        }
        let (rowCount, slots) = (rowCount, vertical.maxCount)
        let weights = vertical.weights[row * slots..<row * slots + count]
        scaled.withUnsafeMutableBufferPointer { scaled in
            guard let scaled = scaled.baseAddress else { return }
            func slot(_ tap: Int) -> UnsafeMutablePointer<Float> {
                scaled + (start + tap) % slots * rowCount
            }
            switch count {
            case 1: body(slot(0), slot(0), weights[weights.startIndex], 0)
            case 2:
                body(slot(0), slot(1), weights[weights.startIndex], weights[weights.startIndex + 1])
            default:
                let sum = scaled + slots * rowCount
                for index in 0..<rowCount {
                    sum[index] = weights.enumerated().reduce(0) {
                        $0 + $1.element * slot($1.offset)[index]
                    }
                }
                body(sum, sum, 1, 0)
            }
        }
    }

    private mutating func scaleRow(_ row: Int) {
        let to = row % vertical.maxCount * rowCount
        let (planes, rowWidth, channels) = (planes, rowWidth, channels)
        scaled.withUnsafeMutableBufferPointer { scaled in
            interleaved.withUnsafeBufferPointer { samples in
                guard let samples = samples.baseAddress, let scaled = scaled.baseAddress else {
                    return
                }
                horizontal.withKernel { filter in
                    plm_scale_row(
                        samples + row * rowWidth * planes,
                        planes,
                        planes,
                        filter,
                        1,
                        scaled + to,
                        1,
                        channels
                    )
                }
            }
        }
    }
}
