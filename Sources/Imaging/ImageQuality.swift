import Glibc

/// How far two photos of one size, layout and depth are apart.
///
/// Only colour samples count; alpha is not compared.
public struct ImageQuality: Sendable, Equatable {
    /// The largest difference of two samples (L∞), in values of their depth: 0...255 or 0...65535.
    public let maxAbsoluteDifference: Int

    /// The peak signal-to-noise ratio over all colour samples, in decibels.
    ///
    /// `10 log10(m² / MSE)` for the largest value `m`, 255 or 65535, with the mean square taken over red, green and blue alike (or gray): 0 or more; infinity where the
    /// photos are equal.
    public let psnr: Double

    /// The mean structural similarity of the luminance (Wang, Bovik, Sheikh and Simoncelli 2004): -1...1; 1 where the
    /// luminances are equal.
    ///
    /// For luminances `x` and `y` (`0.299 R + 0.587 G + 0.114 B`, or gray) under a window of weights `w`,
    ///
    ///     SSIM = (2 μx μy + C1) (2 σxy + C2) / ((μx² + μy² + C1) (σx² + σy² + C2))
    ///
    /// with `μ = Σ w x`, `σx² = Σ w x² − μx²`, `σxy = Σ w x y − μx μy`, `C1 = (0.01 · 255)²`, `C2 = (0.03 · 255)²`. The
    /// window is an 11 × 11 Gaussian of σ = 1.5 whose weights add up to 1; the mean is over all positions where it lies
    /// wholly inside. Luminances of 16 bits are taken over 257. A side shorter than 11 gets a window of that length. The photos are not scaled down beforehand.
    public let ssim: Double

    /// Compares two photos.
    ///
    /// - Precondition: Both have the same size, layout and depth.
    public init(_ first: Photo, _ second: Photo) {
        precondition(
            first.width == second.width && first.height == second.height && first.layout == second.layout
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
