extension PlanarImage {
    /// The image scaled to another size by a triangle filter.
    ///
    /// Equal to Pillow's `resize(size, BILINEAR)` on its `F` mode up to rounding: antialiased where a side shrinks,
    /// bilinear with repeated edges where it grows, first in width and then in height.
    ///
    /// - Parameters:
    ///   - width: Columns of the result, at least 1.
    ///   - height: Rows of the result, at least 1.
    /// - Returns: An image of that size with the same channels; values outside [0, 1] are kept.
    public func resampled(toWidth width: Int, height: Int) -> PlanarImage {
        if width == self.width && height == self.height { return self }
        var result = PlanarImage(width: width, height: height, channels: channels, repeating: 0)
        result.samples.withUnsafeMutableBufferPointer { target in
            forEachRow(scaledTo: width, height: height) { row, planes in
                for channel in 0..<channels {
                    let offset = (channel * height + row) * width
                    for column in 0..<width { target[offset + column] = planes[channel * width + column] }
                }
            }
        }
        return result
    }

    /// Hands out the rows of the image scaled to another size, top to bottom, without making that image.
    ///
    /// The values are those of ``resampled(toWidth:height:)``. A difference of the size of the network can so be laid
    /// over a photo of many megapixels in the memory of a few rows.
    ///
    /// - Parameters:
    ///   - width: Columns of a row, at least 1.
    ///   - height: How many rows there are, at least 1.
    ///   - body: Receives the number of the row and its `channels * width` samples, plane after plane; they are valid
    ///     during the call only.
    public func forEachRow(
        scaledTo width: Int,
        height: Int,
        _ body: (_ row: Int, _ planes: UnsafeBufferPointer<Float>) -> Void
    ) {
        var resampler = RowResampler(
            channels: channels,
            sourceWidth: self.width,
            sourceHeight: self.height,
            width: width,
            height: height
        )
        var row = [Float](repeating: 0, count: channels * width)
        samples.withUnsafeBufferPointer { source in
            row.withUnsafeMutableBufferPointer { row in
                for index in 0..<height {
                    resampler.nextRow(into: row) { sourceRow, planes in
                        for channel in 0..<channels {
                            let offset = (channel * self.height + sourceRow) * self.width
                            for column in 0..<self.width {
                                planes[channel * self.width + column] = source[offset + column]
                            }
                        }
                    }
                    body(index, UnsafeBufferPointer(row))
                }
            }
        }
    }
}
