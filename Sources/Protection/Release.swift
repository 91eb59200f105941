import CKernels
public import Imaging

/// Applies a perturbation to a photo: the step from a method's proposal to the released integers.
public enum Release {
    /// Adds a perturbation to a photo in place.
    ///
    /// δ is scaled to the photo's size row by row (bilinear where it grows) and clipped to
    /// ±`strength`/255. It is added to the integer samples, and the sums are clamped to the range
    /// of a sample and rounded to integers. With `clip`, no sample therefore changes by more than
    /// `strength` levels; a level of a 16-bit sample is 257. Dithering keeps the mean of changes of
    /// less than a level, which rounding would drop; samples of 16 bits need none. A gray photo gets
    /// the luminance of δ (ITU-R BT.601). Alpha and pixels with alpha 0 do not change.
    ///
    /// - Parameters:
    ///   - delta: Three channels of any size; 1 is the whole range of a sample.
    ///   - photo: The photo to protect.
    ///   - strength: The bound in levels of 1/255, 1...255.
    ///   - clip: Whether `strength` bounds δ. Otherwise δ is bounded only by the range of a sample.
    ///   - dithers: Whether 8-bit samples are dithered instead of rounded.
    /// - Returns: The difference between the photo before and after.
    public static func apply(
        delta: PlanarImage,
        to photo: inout Photo,
        strength: Int,
        clip: Bool,
        dithers: Bool = false
    ) -> ImageQuality {
        precondition(delta.channels == 3, "a perturbation has three channels")
        precondition(1...255 ~= strength, "a strength is between 1 and 255 levels")
        let bound = clip ? Float(strength) : 255
        let (height, layout, depth) = (photo.height, photo.layout, photo.depth)
        let set = InstructionSet.preferred.kernel
        var rows = ScaledRows(
            levels(delta, isGray: layout.colorChannels == 1),
            toWidth: photo.width,
            height: height,
            channels: layout.channels
        )
        var meter = QualityMeter(width: photo.width, height: height, layout: layout, depth: depth)
        let (count, rowBytes) = (rows.rowCount, photo.rowBytes)
        var before = [UInt8](repeating: 0, count: rowBytes)
        var thresholds = [Float](repeating: 0.5, count: count)
        photo.samples.withUnsafeMutableBufferPointer { samples in
            guard let start = samples.baseAddress else { return }
            before.withUnsafeMutableBufferPointer { before in
                for row in 0..<height {
                    let samples = UnsafeMutableBufferPointer(
                        start: start + row * rowBytes,
                        count: rowBytes
                    )
                    _ = before.update(from: samples)
                    if dithers {
                        plm_dither_row(
                            &thresholds,
                            count / layout.channels,
                            layout.channels,
                            UInt32(row)
                        )
                    }
                    rows.withRows(of: row) { above, below, weightAbove, weightBelow in
                        let row = samples.baseAddress
                        switch depth {
                        case .eight:
                            plm_release_row(
                                set,
                                row,
                                count,
                                above,
                                below,
                                weightAbove,
                                weightBelow,
                                bound,
                                thresholds
                            )
                        case .sixteen:
                            plm_release_wide_row(
                                row,
                                count,
                                above,
                                below,
                                weightAbove,
                                weightBelow,
                                bound
                            )
                        }
                    }
                    if layout.hasAlpha {
                        restoreTransparent(
                            samples,
                            from: before,
                            colorBytes: layout.colorChannels * depth.byteCount,
                            alphaBytes: depth.byteCount
                        )
                    }
                    meter.append(UnsafeBufferPointer(before), UnsafeBufferPointer(samples))
                }
            }
        }
        return meter.quality
    }

    /// Converts a perturbation to levels, and to its luminance alone for a gray photo.
    private static func levels(_ delta: PlanarImage, isGray: Bool) -> PlanarImage {
        let pixels = delta.width * delta.height
        let samples = delta.samples
        let levels: [Float] =
            isGray
            ? (0..<pixels).map {
                255
                    * (0.299 * samples[$0] + 0.587 * samples[pixels + $0] + 0.114
                        * samples[2 * pixels + $0])
            } : samples.map { 255 * $0 }
        return PlanarImage(
            width: delta.width,
            height: delta.height,
            channels: isGray ? 1 : 3,
            samples: levels
        )
    }

    private static func restoreTransparent(
        _ row: UnsafeMutableBufferPointer<UInt8>,
        from before: UnsafeMutableBufferPointer<UInt8>,
        colorBytes: Int,
        alphaBytes: Int
    ) {
        for pixel in stride(from: 0, to: row.count, by: colorBytes + alphaBytes) {
            let alpha = pixel + colorBytes
            guard row[alpha..<alpha + alphaBytes].allSatisfy({ $0 == 0 }) else { continue }
            for index in pixel..<alpha { row[index] = before[index] }
        }
    }
}
