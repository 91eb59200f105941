extension Photo {
    /// Returns the size of the photo once its longer side has at most a number of pixels.
    func size(fitting maxSide: Int) -> (width: Int, height: Int) {
        Self.size((width, height), fitting: maxSide)
    }

    /// Returns a size once its longer side has at most a number of pixels.
    public static func size(
        _ size: (width: Int, height: Int),
        fitting maxSide: Int
    ) -> (width: Int, height: Int) {
        let (width, height) = size
        let scale = min(1, Double(maxSide) / Double(max(width, height)))
        return (
            max(1, Int((Double(width) * scale).rounded())),
            max(1, Int((Double(height) * scale).rounded()))
        )
    }

    /// Returns the photo with a longer side of at most a number of pixels.
    ///
    /// A larger photo is scaled by a cubic filter; up to one value per sample, 8-bit results equal
    /// Pillow's `resize(size, BICUBIC)`. Colour is weighted by alpha, so that transparent pixels do
    /// not tint their neighbours. The result is the same on every machine: whoever verifies a
    /// published picture scales the original once more and compares exactly.
    ///
    /// - Parameter maxSide: The longer side in pixels, at least 1.
    /// - Returns: The photo.
    public func shrunk(toFit maxSide: Int) -> Photo {
        guard max(width, height) > maxSide else { return self }
        let size = size(fitting: maxSide)
        let horizontal = CubicFilter(from: width, to: size.width)
        let vertical = CubicFilter(from: height, to: size.height)
        var scaled: [UInt8] = []
        // The PNG encoder needs one byte more per row.
        scaled.reserveCapacity(size.height * (size.width * pixelBytes + 1))
        let rowCount = width * layout.channels
        var sums = [Float](repeating: 0, count: rowCount)
        for row in 0..<size.height {
            for index in sums.indices { sums[index] = 0 }
            // Vertically first: that runs along whole rows and leaves fewer of them.
            for (source, weight) in zip(vertical.windows[row], vertical.weights[row]) {
                add(row: source, times: weight, to: &sums)
            }
            appendRow(of: sums, by: horizontal, to: &scaled)
        }
        return with(samples: scaled, width: size.width, height: size.height)
    }

    // MARK: - Steps

    /// Adds a weighted row, its colours multiplied by alpha.
    private func add(row: Int, times weight: Float, to sums: inout [Float]) {
        let (start, count, channels) = (row * rowBytes, sums.count, layout.channels)
        samples.withUnsafeBufferPointer { samples in
            sums.withUnsafeMutableBufferPointer { sums in
                func value(_ index: Int) -> Float {
                    switch depth {
                    case .eight: return Float(samples[start + index])
                    case .sixteen:
                        let place = start + 2 * index
                        return Float(Int(samples[place]) << 8 | Int(samples[place + 1]))
                    }
                }
                guard layout.hasAlpha else {
                    for index in 0..<count { sums[index] += weight * value(index) }
                    return
                }
                let largest = Float(depth.largest)
                for pixel in stride(from: 0, to: count, by: channels) {
                    let alpha = value(pixel + channels - 1)
                    let share = weight * (alpha / largest)
                    for index in pixel..<pixel + channels - 1 {
                        sums[index] += share * value(index)
                    }
                    sums[pixel + channels - 1] += weight * alpha
                }
            }
        }
    }

    /// Scales a row of sums horizontally and appends its samples.
    private func appendRow(
        of sums: [Float],
        by filter: CubicFilter,
        to scaled: inout [UInt8]
    ) {
        let channels = layout.channels
        let largest = Float(depth.largest)
        func append(_ value: Float) {
            let sample = Int(min(max(value, 0), largest).rounded())
            if depth == .sixteen { scaled.append(UInt8(sample >> 8)) }
            scaled.append(UInt8(truncatingIfNeeded: sample))
        }
        sums.withUnsafeBufferPointer { sums in
            for (window, weights) in zip(filter.windows, filter.weights) {
                func sum(_ channel: Int) -> Float {
                    var (sum, place) = (Float(0), window.lowerBound * channels + channel)
                    for weight in weights {
                        sum += weight * sums[place]
                        place += channels
                    }
                    return sum
                }
                guard layout.hasAlpha else {
                    for channel in 0..<channels { append(sum(channel)) }
                    continue
                }
                let alpha = sum(channels - 1)
                for channel in 0..<channels - 1 {
                    append(alpha > 0 ? sum(channel) / (alpha / largest) : 0)
                }
                append(alpha)
            }
        }
    }
}
