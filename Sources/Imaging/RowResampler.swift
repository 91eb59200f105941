/// Scales a picture row by row, so that neither the source nor the result need exist as floats as a whole.
///
/// Rows are scaled in width as they come and kept only while an output row still needs them: as many rows as the
/// vertical filter has taps. Output rows come out in order, top to bottom.
struct RowResampler {
    /// Fills `channels * sourceWidth` samples, plane after plane, with one row of the source.
    typealias RowLoader = (_ row: Int, _ planes: UnsafeMutableBufferPointer<Float>) -> Void

    let channels: Int
    let sourceWidth: Int
    private let horizontal: TriangleFilter
    private let vertical: TriangleFilter
    private var sourceRow: [Float]
    /// The last `vertical.maxCount` scaled rows; source row `y` lies at `y % maxCount`.
    private var scaledRows: [Float]
    private var nextSourceRow = 0
    private var nextOutputRow = 0

    init(channels: Int, sourceWidth: Int, sourceHeight: Int, width: Int, height: Int) {
        self.init(
            channels: channels,
            sourceWidth: sourceWidth,
            horizontal: TriangleFilter(from: sourceWidth, to: width),
            vertical: TriangleFilter(from: sourceHeight, to: height)
        )
    }

    /// Scales by filters that need not take the whole of a source of `sourceWidth` columns.
    init(channels: Int, sourceWidth: Int, horizontal: TriangleFilter, vertical: TriangleFilter) {
        self.channels = channels
        self.sourceWidth = sourceWidth
        self.horizontal = horizontal
        self.vertical = vertical
        sourceRow = [Float](repeating: 0, count: channels * sourceWidth)
        scaledRows = [Float](repeating: 0, count: vertical.maxCount * channels * horizontal.outputCount)
    }

    /// Computes the next output row: `channels * width` samples, plane after plane.
    ///
    /// - Precondition: It is called at most `height` times, with room for a row.
    mutating func nextRow(into output: UnsafeMutableBufferPointer<Float>, load: RowLoader) {
        let row = nextOutputRow
        let rowLength = channels * horizontal.outputCount
        precondition(row < vertical.outputCount && output.count >= rowLength, "one call for each row")
        nextOutputRow += 1
        let start = vertical.starts[row]
        let count = vertical.counts[row]
        // Rows that no output row needs are never loaded.
        nextSourceRow = max(nextSourceRow, start)
        while nextSourceRow < start + count {
            scale(sourceRow: nextSourceRow, load: load)
            nextSourceRow += 1
        }
        guard let target = output.baseAddress else { return }
        scaledRows.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress else { return }
            for tap in 0..<count {
                let weight = vertical.weights[row * vertical.maxCount + tap]
                let source = rows + (start + tap) % vertical.maxCount * rowLength
                if tap == 0 {
                    for index in 0..<rowLength { target[index] = weight * source[index] }
                } else {
                    for index in 0..<rowLength { target[index] += weight * source[index] }
                }
            }
        }
    }

    private mutating func scale(sourceRow row: Int, load: RowLoader) {
        let width = horizontal.outputCount
        let slot = row % vertical.maxCount * channels * width
        sourceRow.withUnsafeMutableBufferPointer { planes in
            load(row, planes)
            scaledRows.withUnsafeMutableBufferPointer { scaled in
                guard let planes = planes.baseAddress, let scaled = scaled.baseAddress else { return }
                for channel in 0..<channels {
                    horizontal.apply(planes + channel * sourceWidth, to: scaled + slot + channel * width)
                }
            }
        }
    }
}
