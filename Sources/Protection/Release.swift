public import Imaging

/// Applies a perturbation to a photo: the step from a method's proposal to the released integers.
public enum Release {
    /// The rows of a band: many, since a band releases some rows of the next once more.
    private static let rowsPerBand = 256

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
    ///   - bands: Runs bands of rows; the result does not depend on it.
    /// - Returns: The difference between the photo before and after.
    public static func apply(
        delta: PlanarImage,
        to photo: inout Photo,
        strength: Int,
        clip: Bool,
        dithers: Bool = false,
        bands: BandRunner = .serial
    ) -> ImageQuality {
        precondition(delta.channels == 3, "a perturbation has three channels")
        precondition(1...255 ~= strength, "a strength is between 1 and 255 levels")
        let bound = clip ? Float(strength) : 255
        let (height, layout, rowBytes) = (photo.height, photo.layout, photo.rowBytes)
        let shape = (width: photo.width, height: height, layout: layout, depth: photo.depth)
        let rows = ScaledRows(
            levels(delta, isGray: layout.colorChannels == 1),
            toWidth: photo.width,
            height: height,
            channels: layout.channels
        )
        let ranges = bands.bands(ofRows: height, size: rowsPerBand)
        let reach = QualityMeter.reach * rowBytes
        return photo.samples.withUnsafeMutableBufferPointer { samples in
            guard let start = samples.baseAddress else {
                preconditionFailure("a photo has samples")
            }
            // The rows that the windows of the band before reach, before anything is changed.
            let heads = ranges.dropFirst().map { band in
                let place = band.lowerBound * rowBytes
                return Array(samples[place..<min(place + reach, samples.count)])
            }
            // Every band reads and writes the samples of its own rows alone.
            nonisolated(unsafe) let photo = start
            let parts = bands.map(ranges.count) { index in
                var band = ReleaseBand(
                    of: shape,
                    band: ranges[index],
                    rows: rows,
                    bound: bound,
                    dithers: dithers
                )
                return (index < heads.count ? heads[index] : []).withUnsafeBufferPointer { next in
                    band.run(photo, next: next)
                }
            }
            return ImageQuality(of: parts)
        }
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
}
