import Imaging

/// How a convolution's input lies in memory, so that every weight meets one run of it.
///
/// The padded input is split into planes by the remainders of row and column by the stride. So the
/// samples that one weight meets, row after row, are neighbours, whatever the stride. A run has the
/// length of a whole plane; what it holds beyond the result's columns and rows means nothing.
struct TapLayout {
    private let input: (width: Int, height: Int)
    /// Columns and rows of the result.
    let output: (width: Int, height: Int)
    private let stride: Int
    private let padding: Int
    /// Columns of a row in memory: the result's, and what the kernel reaches beyond them.
    let rowCount: Int
    private let rows: Int

    /// Lays out planes of `width` x `height` for a convolution.
    init(width: Int, height: Int, of convolution: Convolution) {
        input = (width, height)
        output = (convolution.size(width), convolution.size(height))
        stride = convolution.stride
        padding = convolution.kernel / 2
        let reach = (convolution.kernel - 1) / stride
        rowCount = output.width + reach
        rows = output.height + reach
    }

    /// Samples of a plane, and as many behind them as fill the kernel's widest vector.
    var planeCount: Int { (rows * rowCount + 15) / 16 * 16 }
    /// Planes of a channel: one for each remainder of row and column.
    var phases: Int { stride * stride }

    /// The plane of a weight's run within a channel.
    func phase(row: Int, column: Int) -> Int { (row % stride) * stride + column % stride }

    /// Where a weight's run begins in its plane.
    func start(row: Int, column: Int) -> Int { row / stride * rowCount + column / stride }

    /// The furthest that a run begins from its plane's start.
    func reach(kernel: Int) -> Int { start(row: kernel - 1, column: kernel - 1) }

    /// Returns the planes laid out, with zeros around them, and `slack` more samples at the end.
    func scatter(_ planes: PlanarImage, slack: Int) -> [Float] {
        var laid = [Float](repeating: 0, count: planes.channels * phases * planeCount + slack)
        laid.withUnsafeMutableBufferPointer { laid in
            planes.samples.withUnsafeBufferPointer { samples in
                visitRuns(channels: planes.channels) { to, from, count in
                    for index in 0..<count { laid[to + index] = samples[from + index * stride] }
                }
            }
        }
        return laid
    }

    /// Returns the planes of what was laid out.
    func gather(_ laid: [Float], channels: Int) -> PlanarImage {
        var planes = PlanarImage(
            width: input.width,
            height: input.height,
            channels: channels,
            repeating: 0
        )
        planes.samples.withUnsafeMutableBufferPointer { samples in
            laid.withUnsafeBufferPointer { laid in
                visitRuns(channels: channels) { from, to, count in
                    for index in 0..<count { samples[to + index * stride] = laid[from + index] }
                }
            }
        }
        return planes
    }

    /// Calls `body` with every run of samples that weights meet.
    ///
    /// It gets where the run begins laid out, where it begins in the planes, and its length. Its
    /// samples are neighbours where they are laid out, and `stride` apart in the planes.
    @inline(__always)
    private func visitRuns(
        channels: Int,
        _ body: (_ laid: Int, _ plane: Int, _ count: Int) -> Void
    ) {
        for channel in 0..<channels {
            for y in 0..<input.height where (y + padding) / stride < rows {
                for first in 0..<min(stride, input.width) {
                    let (row, column) = (y + padding, first + padding)
                    let place = start(row: row, column: column)
                    let plane = channel * phases + phase(row: row, column: column)
                    // As far as the samples reach, and the columns in memory.
                    let count = min(
                        (input.width - first + stride - 1) / stride,
                        rowCount - column / stride
                    )
                    body(
                        plane * planeCount + place,
                        (channel * input.height + y) * input.width + first,
                        max(0, count)
                    )
                }
            }
        }
    }
}
