import Imaging

/// How textured a picture is around each pixel.
enum TextureMap {
    /// Returns the standard deviation of the luminance in 3x3 pixels, in levels, eroded.
    ///
    /// The erosion takes the least deviation of 3x3 pixels, so that a lone edge, beside which a
    /// change would be seen, counts for nothing. Outside the picture its border is repeated.
    ///
    /// - Parameter cover: Three planes of display values in [0, 1].
    /// - Returns: One value per pixel, row by row.
    static func deviations(of cover: PlanarImage) -> [Float] {
        let (width, height) = (cover.width, cover.height)
        let count = width * height
        let samples = cover.samples
        let luma = (0..<count).map {
            255
                * (0.299 * samples[$0] + 0.587 * samples[count + $0] + 0.114
                    * samples[2 * count + $0])
        }
        let neighbours = Neighbourhood(width: width, height: height)
        let deviations = neighbours.map(luma) { (window: [Float]) in
            let mean = window.reduce(0, +) / 9
            let squares = window.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return (squares / 9).squareRoot()
        }
        return neighbours.map(deviations) { (window: [Float]) in window.reduce(.infinity, min) }
    }
}

/// The 3x3 pixels around each pixel of a grid.
private struct Neighbourhood {
    let width: Int
    let height: Int

    /// Maps the nine values around each pixel, row by row.
    func map(_ values: [Float], _ transform: ([Float]) -> Float) -> [Float] {
        var window = [Float](repeating: 0, count: 9)
        var result: [Float] = []
        result.reserveCapacity(values.count)
        for row in 0..<height {
            let rows = [max(row - 1, 0) * width, row * width, min(row + 1, height - 1) * width]
            for column in 0..<width {
                let columns = [max(column - 1, 0), column, min(column + 1, width - 1)]
                for place in 0..<9 { window[place] = values[rows[place / 3] + columns[place % 3]] }
                result.append(transform(window))
            }
        }
        return result
    }
}
