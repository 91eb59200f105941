import Imaging

/// How textured a picture is around each pixel.
enum TextureMap {
    /// Returns the standard deviation of the luminance in 3x3 pixels, in levels, eroded.
    ///
    /// The erosion takes the least deviation of 3x3 pixels, so that a lone edge, beside which a
    /// change would be seen, counts for nothing. Outside the picture its border is repeated.
    ///
    /// - Parameters:
    ///   - cover: Three planes of display values in [0, 1].
    ///   - rows: The rows to return.
    /// - Returns: One value per pixel, row by row.
    static func deviations(of cover: PlanarImage, rows: Range<Int>) -> [Float] {
        // Two rows more on either side are seen.
        let lumas = PaddedRows(of: cover.width, height: cover.height, around: rows, reach: 2) {
            luma(of: cover, row: $0, to: $1)
        }
        let deviations = PaddedRows(of: cover.width, height: cover.height, around: rows, reach: 1) {
            lumas.mapWindows(around: $0, to: $1) { (window: PaddedRows.Window) -> Float in
                deviation(window)
            }
        }
        let count = rows.count * cover.width
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard let start = buffer.baseAddress else { return }
            for row in rows {
                let to = start + (row - rows.lowerBound) * cover.width
                deviations.mapWindows(around: row, to: to) { least($0) }
            }
            initialized = count
        }
    }

    @inline(__always)
    private static func deviation(_ window: PaddedRows.Window) -> Float {
        // From the first to the last, as the reference adds.
        var sum = window.0 + window.1 + window.2
        sum = sum + window.3 + window.4 + window.5
        sum = sum + window.6 + window.7 + window.8
        let mean = sum / 9
        func square(_ value: Float) -> Float { (value - mean) * (value - mean) }
        var squares = square(window.0) + square(window.1) + square(window.2)
        squares = squares + square(window.3) + square(window.4) + square(window.5)
        squares = squares + square(window.6) + square(window.7) + square(window.8)
        return (squares / 9).squareRoot()
    }

    @inline(__always)
    private static func least(_ window: PaddedRows.Window) -> Float {
        func less(_ one: Float, _ other: Float) -> Float { one < other ? one : other }
        let above = less(less(window.0, window.1), window.2)
        let here = less(less(window.3, window.4), window.5)
        let below = less(less(window.6, window.7), window.8)
        return less(less(above, here), below)
    }

    private static func luma(of cover: PlanarImage, row: Int, to: UnsafeMutablePointer<Float>) {
        let (width, count) = (cover.width, cover.width * cover.height)
        cover.samples.withUnsafeBufferPointer { samples in
            guard let red = samples.baseAddress.map({ $0 + row * width }) else { return }
            let (green, blue) = (red + count, red + 2 * count)
            for column in 0..<width {
                to[column] =
                    255 * (0.299 * red[column] + 0.587 * green[column] + 0.114 * blue[column])
            }
        }
    }
}

/// Some rows of a grid and its border, which is repeated.
private struct PaddedRows {
    typealias Window = (Float, Float, Float, Float, Float, Float, Float, Float, Float)

    private let width: Int
    private let height: Int
    /// The rows that there are.
    private let rows: Range<Int>
    private let values: [Float]

    /// Computes the rows around some by `write`, which gets a row and where its values go.
    init(
        of width: Int,
        height: Int,
        around rows: Range<Int>,
        reach: Int,
        _ write: (Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        let rows = max(0, rows.lowerBound - reach)..<min(height, rows.upperBound + reach)
        (self.width, self.height, self.rows) = (width, height, rows)
        let count = rows.count * (width + 2)
        values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard var to = buffer.baseAddress else { return }
            for row in rows {
                write(row, to + 1)
                to[0] = to[1]
                to[width + 1] = to[width]
                to += width + 2
            }
            initialized = count
        }
    }

    /// Maps the nine values around each column of a row.
    @inline(__always)
    func mapWindows(
        around row: Int,
        to: UnsafeMutablePointer<Float>,
        _ transform: (Window) -> Float
    ) {
        values.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress else { return }
            func pointer(_ row: Int) -> UnsafePointer<Float> {
                start + (min(max(row, 0), height - 1) - rows.lowerBound) * (width + 2)
            }
            let (above, here, below) = (pointer(row - 1), pointer(row), pointer(row + 1))
            for column in 0..<width {
                to[column] = transform(
                    (
                        above[column], above[column + 1], above[column + 2], here[column],
                        here[column + 1], here[column + 2], below[column], below[column + 1],
                        below[column + 2]
                    )
                )
            }
        }
    }
}
