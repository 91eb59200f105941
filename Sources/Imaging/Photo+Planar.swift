extension Photo {
    /// The photo as three planes in [0, 1], scaled by a triangle filter.
    ///
    /// The values are those of ``PlanarImage/resampled(toWidth:height:)`` on `samples / 255`. Gray is repeated in all
    /// three planes and alpha is dropped. The photo is read row by row: beside the result, only as many rows exist as
    /// floats as the filter is high.
    ///
    /// - Parameters:
    ///   - width: Columns of the result, at least 1.
    ///   - height: Rows of the result, at least 1.
    /// - Returns: An image of that size with three channels.
    public func planarRGB(scaledTo width: Int, height: Int) -> PlanarImage {
        planarRGB(
            horizontal: TriangleFilter(from: self.width, to: width),
            vertical: TriangleFilter(from: self.height, to: height)
        )
    }

    /// The photo's middle as three planes in [0, 1] that fill a size: CSS calls it `cover`, Pillow `ImageOps.fit`.
    ///
    /// Of the longer direction as much is left out on both sides as the proportions of the size want; the rest is scaled by a
    /// triangle filter. Gray is repeated in all three planes and alpha is dropped.
    ///
    /// - Parameters:
    ///   - width: Columns of the result, at least 1.
    ///   - height: Rows of the result, at least 1.
    /// - Returns: An image of that size with three channels.
    public func planarRGB(covering width: Int, height: Int) -> PlanarImage {
        // By whole numbers, so that a photo of the same proportions is taken whole.
        let (own, other) = (self.width * height, self.height * width)
        return planarRGB(
            horizontal: TriangleFilter(
                from: self.width,
                in: own > other ? Self.middle(Double(other) / Double(height), of: self.width) : nil,
                to: width
            ),
            vertical: TriangleFilter(
                from: self.height,
                in: other > own ? Self.middle(Double(own) / Double(width), of: self.height) : nil,
                to: height
            )
        )
    }

    /// The middle `length` of `0...whole`.
    private static func middle(_ length: Double, of whole: Int) -> ClosedRange<Double> {
        let start = (Double(whole) - length) / 2
        return start...min(Double(whole), start + length)
    }

    private func planarRGB(horizontal: TriangleFilter, vertical: TriangleFilter) -> PlanarImage {
        let (width, height) = (horizontal.outputCount, vertical.outputCount)
        let colors = layout.colorChannels
        var resampler = RowResampler(
            channels: colors,
            sourceWidth: self.width,
            horizontal: horizontal,
            vertical: vertical
        )
        var result = PlanarImage(width: width, height: height, channels: 3, repeating: 0)
        var row = [Float](repeating: 0, count: colors * width)
        samples.withUnsafeBufferPointer { source in
            row.withUnsafeMutableBufferPointer { row in
                result.samples.withUnsafeMutableBufferPointer { target in
                    for index in 0..<height {
                        resampler.nextRow(into: row) { sourceRow, planes in
                            loadRow(sourceRow, of: source, into: planes)
                        }
                        for channel in 0..<3 {
                            let offset = (channel * height + index) * width
                            let plane = min(channel, colors - 1) * width
                            for column in 0..<width { target[offset + column] = row[plane + column] }
                        }
                    }
                }
            }
        }
        return result
    }

    /// Spreads the colour samples of one row over planes of floats in [0, 1].
    private func loadRow(
        _ row: Int,
        of source: UnsafeBufferPointer<UInt8>,
        into planes: UnsafeMutableBufferPointer<Float>
    ) {
        let channels = layout.channels
        let start = row * width * channels
        for channel in 0..<layout.colorChannels {
            for column in 0..<width {
                planes[channel * width + column] = Float(source[start + column * channels + channel]) / 255
            }
        }
    }
}
