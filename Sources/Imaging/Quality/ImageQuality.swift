import Glibc

/// The difference between two photos of the same size, layout and depth.
///
/// Only colour samples count; alpha is not compared.
public struct ImageQuality: Sendable, Equatable {
    /// The largest absolute sample difference (L∞), on the scale of the depth: 0...255 or
    /// 0...65535.
    public let maxAbsoluteDifference: Int

    /// The peak signal-to-noise ratio over all colour samples, in decibels.
    ///
    /// This is `10 log10(m² / MSE)`, where `m` is the largest value, 255 or 65535, and the mean
    /// square is over red, green and blue alike (or gray). It is 0 or more, and infinite for equal
    /// photos.
    public let psnr: Double

    /// The mean structural similarity of the luminance (Wang, Bovik, Sheikh and Simoncelli 2004).
    ///
    /// It lies in -1...1 and is 1 for equal luminances. For luminances `x` and `y`
    /// (`0.299 R + 0.587 G + 0.114 B`, or gray) under a window of weights `w`,
    ///
    ///     SSIM = (2 μx μy + C1) (2 σxy + C2) / ((μx² + μy² + C1) (σx² + σy² + C2))
    ///
    /// with `μ = Σ w x`, `σx² = Σ w x² − μx²`, `σxy = Σ w x y − μx μy`, `C1 = (0.01 · 255)²`,
    /// `C2 = (0.03 · 255)²`. The window is an 11 × 11 Gaussian of σ = 1.5 whose weights sum to 1.
    /// The mean is over all positions at which the window lies wholly inside. 16-bit luminances are
    /// divided by 257. A side shorter than 11 gets a window of that length. The photos are not
    /// downscaled first.
    public let ssim: Double

    /// Compares two photos.
    ///
    /// - Precondition: Both have the same size, layout and depth.
    public init(_ first: Photo, _ second: Photo) {
        precondition(
            first.width == second.width && first.height == second.height
                && first.layout == second.layout
                && first.depth == second.depth,
            "only photos of one size, layout and depth can be compared"
        )
        let rowBytes = first.rowBytes
        var meter = QualityMeter(
            width: first.width,
            height: first.height,
            layout: first.layout,
            depth: first.depth
        )
        first.samples.withUnsafeBufferPointer { firstSamples in
            second.samples.withUnsafeBufferPointer { secondSamples in
                for row in 0..<first.height {
                    let range = row * rowBytes..<(row + 1) * rowBytes
                    meter.append(
                        UnsafeBufferPointer(rebasing: firstSamples[range]),
                        UnsafeBufferPointer(rebasing: secondSamples[range])
                    )
                }
            }
        }
        self = meter.quality
    }

    init(maxAbsoluteDifference: Int, meanSquare: Double, depth: SampleDepth, ssim: Double) {
        self.maxAbsoluteDifference = maxAbsoluteDifference
        let largest = Double(depth.largest)
        psnr = meanSquare == 0 ? .infinity : 10 * log10(largest * largest / meanSquare)
        self.ssim = ssim
    }
}
