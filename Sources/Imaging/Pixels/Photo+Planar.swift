import CKernels

extension Photo {
    /// Returns the photo as three planes in [0, 1], scaled by a triangle filter.
    ///
    /// Up to rounding, the result equals Pillow's `resize(size, BILINEAR)` in `F` mode on the
    /// samples divided by their largest value. A side that shrinks is antialiased; one that grows
    /// is bilinear with repeated edges. Gray is repeated in all three planes, and alpha is dropped.
    /// Besides the result, only one row per thread exists as floats.
    ///
    /// - Parameters:
    ///   - width: Columns of the result, at least 1.
    ///   - height: Rows of the result, at least 1.
    ///   - bands: Runs bands of the result's rows; the result does not depend on it.
    /// - Returns: An image of that size with three channels.
    public func planarRGB(
        scaledTo width: Int,
        height: Int,
        bands: BandRunner = .serial
    ) -> PlanarImage {
        planarRGB(
            horizontal: TriangleFilter(from: self.width, to: width),
            vertical: TriangleFilter(from: self.height, to: height),
            bands: bands
        )
    }

    /// Returns the centre of the photo as three planes in [0, 1] that fill a size.
    ///
    /// CSS calls this `cover`, Pillow `ImageOps.fit`. The longer direction is cropped equally on
    /// both sides to match the aspect ratio; the rest is scaled by a triangle filter. Gray is
    /// repeated in all three planes, and alpha is dropped.
    ///
    /// - Parameters:
    ///   - width: Columns of the result, at least 1.
    ///   - height: Rows of the result, at least 1.
    /// - Returns: An image of that size with three channels.
    public func planarRGB(covering width: Int, height: Int) -> PlanarImage {
        // Compare in integers, so that a photo of the same aspect ratio is not cropped.
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

    /// Returns the middle `length` of `0...whole`.
    private static func middle(_ length: Double, of whole: Int) -> ClosedRange<Double> {
        let start = (Double(whole) - length) / 2
        return start...min(Double(whole), start + length)
    }

    /// The rows of the result in a band.
    private static let rowsPerBand = 32

    private func planarRGB(
        horizontal: TriangleFilter,
        vertical: TriangleFilter,
        bands: BandRunner = .serial
    ) -> PlanarImage {
        let (width, height) = (horizontal.outputCount, vertical.outputCount)
        var result = PlanarImage(width: width, height: height, channels: 3, repeating: 0)
        let ranges = bands.bands(ofRows: height, size: Self.rowsPerBand)
        result.samples.withUnsafeMutableBufferPointer { target in
            guard let start = target.baseAddress else { return }
            // Every band writes rows of its own.
            nonisolated(unsafe) let planes = start
            bands.run(ranges.count) { index in
                write(ranges[index], of: (width, height), to: planes, horizontal, vertical)
            }
        }
        return result
    }

    /// Writes rows of the scaled photo into three planes.
    private func write(
        _ rows: Range<Int>,
        of size: (width: Int, height: Int),
        to planes: UnsafeMutablePointer<Float>,
        _ horizontal: TriangleFilter,
        _ vertical: TriangleFilter
    ) {
        let (channels, colors, rowBytes) = (layout.channels, layout.colorChannels, self.rowBytes)
        let (rowCount, planeCount) = (self.width * channels, size.width * size.height)
        let set = InstructionSet.preferred.kernel
        var sums = [Float](repeating: 0, count: rowCount + 3)
        samples.withUnsafeBufferPointer { source in
            guard let source = source.baseAddress else { return }
            for row in rows {
                // Scale vertically first: that runs along whole source rows and leaves few rows to
                // scale horizontally.
                let taps = row * vertical.maxCount..<row * vertical.maxCount + vertical.counts[row]
                let rows = taps.indices.map { tap in
                    Optional(source + (vertical.starts[row] + tap - taps.lowerBound) * rowBytes)
                }
                let weights = Array(vertical.weights[taps])
                switch depth {
                case .eight: plm_add_rows(set, rows, weights, rows.count, rowCount, &sums)
                case .sixteen: plm_add_wide_rows(rows, weights, rows.count, rowCount, &sums)
                }
                let to = planes + row * size.width
                horizontal.withKernel { filter in
                    plm_scale_row(
                        sums,
                        channels,
                        colors,
                        filter,
                        Float(depth.largest),
                        to,
                        planeCount,
                        1
                    )
                }
                for channel in colors..<3 {
                    (to + channel * planeCount).update(from: to, count: size.width)
                }
            }
        }
    }
}
