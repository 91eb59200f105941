public import Imaging

/// Lays the perturbation over the photo: the step from the network's output to the released integers.
public enum Release {
    /// Adds a perturbation to a photo.
    ///
    /// δ is scaled to the photo's size row by row (bilinear where it grows), clipped to ±`strength`/255, added to the
    /// integer samples, clamped to their range and rounded to the nearest level, so that with `clip` no sample changes by
    /// more than `strength` levels. A gray photo gets δ's luminance (ITU-R 601). Alpha and the pixels with alpha 0 stay as
    /// they are.
    ///
    /// - Parameters:
    ///   - delta: Three channels, 1 for the whole range of a sample, of any size.
    ///   - photo: What is to be protected.
    ///   - strength: The bound in levels of 1/255, 1...255.
    ///   - clip: Whether the bound applies; without it δ is added whole.
    /// - Returns: The protected photo: same size, layout and profile.
    public static func apply(delta: PlanarImage, to photo: Photo, strength: Int, clip: Bool) -> Photo {
        precondition(delta.channels == 3, "a perturbation has three channels")
        precondition(1...255 ~= strength, "a strength is between 1 and 255 levels")
        let bound = clip ? Float(strength) : 255
        let (width, layout) = (photo.width, photo.layout)
        let (channels, colors) = (layout.channels, layout.colorChannels)
        var result = photo
        result.samples.withUnsafeMutableBufferPointer { samples in
            delta.forEachRow(scaledTo: width, height: photo.height) { row, planes in
                var pixel = row * width * channels
                for column in 0..<width {
                    defer { pixel += channels }
                    if layout.hasAlpha && samples[pixel + colors] == 0 { continue }
                    let red = planes[column], green = planes[width + column], blue = planes[2 * width + column]
                    if colors == 1 {
                        let luminance = 0.299 * red + 0.587 * green + 0.114 * blue
                        samples[pixel] = moved(samples[pixel], by: luminance, bound: bound)
                    } else {
                        samples[pixel] = moved(samples[pixel], by: red, bound: bound)
                        samples[pixel + 1] = moved(samples[pixel + 1], by: green, bound: bound)
                        samples[pixel + 2] = moved(samples[pixel + 2], by: blue, bound: bound)
                    }
                }
            }
        }
        return result
    }

    /// One sample moved by δ, at most by `bound` levels.
    ///
    /// The comparisons also bring what is not a number into the bound.
    @inline(__always)
    private static func moved(_ sample: UInt8, by delta: Float, bound: Float) -> UInt8 {
        let levels = delta * 255
        let clipped = levels > -bound ? (levels < bound ? levels : bound) : -bound
        let value = Float(sample) + clipped
        return UInt8((value > 0 ? (value < 255 ? value : 255) : 0) + 0.5)
    }
}
