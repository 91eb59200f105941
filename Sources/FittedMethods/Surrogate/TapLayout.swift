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

    /// Samples of a plane.
    var planeCount: Int { rows * rowCount }
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
        visit(channels: planes.channels) { laid[$0] = planes.samples[$1] }
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
        visit(channels: channels) { planes.samples[$1] = laid[$0] }
        return planes
    }

    /// Calls `body` with both places of every sample that a weight meets.
    @inline(__always)
    private func visit(channels: Int, _ body: (_ laid: Int, _ plane: Int) -> Void) {
        for channel in 0..<channels {
            for y in 0..<input.height where (y + padding) / stride < rows {
                let row = y + padding
                for x in 0..<input.width where (x + padding) / stride < rowCount {
                    let column = x + padding
                    let plane = channel * phases + phase(row: row, column: column)
                    body(
                        plane * planeCount + start(row: row, column: column),
                        (channel * input.height + y) * input.width + x
                    )
                }
            }
        }
    }
}
