import Glibc
import JobModel

/// What the images of jobs are, and how long a codec works on them.
package struct PhotoMix: Sendable {
    /// The megapixels of photos; they spread evenly between these.
    package let megapixels: ClosedRange<Double>
    /// The share of the jobs whose images are small pictures instead, claimed together.
    package let smallShare: Double
    /// The time of a codec for any photo, in seconds.
    package let secondsPerPhoto: Double
    /// The time of a codec for a million of its pixels, in seconds.
    package let secondsPerMegapixel: Double
    /// The time of a codec for a small picture, in seconds.
    package let secondsPerSmall: Double
    /// By how much of itself each time may differ, up or down.
    package let spread = 0.1

    /// The sides of small pictures, which are square.
    private static let smallSides = 32.0...64.0

    /// Creates a mix with the times that docs/performance.md has for one core.
    ///
    /// The line through two of its measurements gives the time of a photo: 11.7 photos a second of
    /// 1.49 megapixels on average, by the whole service, and 306 ms for 12.19 megapixels.
    package init(megapixels: ClosedRange<Double>, smallShare: Double) {
        self.megapixels = megapixels
        self.smallShare = smallShare
        let (small, large) = (1 / 11.7, 0.306)
        secondsPerMegapixel = (large - small) / (12.192768 - 1.492)
        secondsPerPhoto = large - 12.192768 * secondsPerMegapixel
        // 10,000 pictures of 32 pixels in 7.3 s by two codecs.
        secondsPerSmall = 2 * 7.3 / 10_000
    }

    /// The pixels of an image, which depend on nothing but the job's seed and its number.
    func pixels(isSmall: Bool, seed: UInt64, number: Int) -> Int64 {
        let bits = SeededRandom.mixed(seed &+ UInt64(number) &* 0x9e37_79b9_7f4a_7c15)
        let unit = Double(bits >> 11) * 0x1p-53
        if isSmall {
            let range = Self.smallSides.upperBound - Self.smallSides.lowerBound
            let side = Int(Self.smallSides.lowerBound + unit * range)
            return Int64(ImageCost.pixels(width: side, height: side))
        }
        let size =
            megapixels.lowerBound
            + unit * (megapixels.upperBound - megapixels.lowerBound)
        let width = (size * 1_000_000 * 4 / 3).squareRoot()
        return Int64(ImageCost.pixels(width: Int(width), height: Int(width * 3 / 4)))
    }

    /// The bytes of an image's file, by the means of docs/performance.md: 26 MB for 10,000 pictures
    /// of 32 pixels, 1.9 MB for a photo of 12 megapixels.
    func bytes(isSmall: Bool, pixels: Int64) -> Int {
        let each: Double = isSmall ? 26e6 / 10_000 / 1024 : 1.9e6 / 12_192_768
        return Int(Double(pixels) * each)
    }

    /// The time of a codec for an image, before it is spread.
    func seconds(isSmall: Bool, pixels: Int64) -> Double {
        isSmall
            ? secondsPerSmall : secondsPerPhoto + secondsPerMegapixel * Double(pixels) / 1_000_000
    }

    /// The mean time of a codec for an image.
    package var meanSeconds: Double {
        let middle = (megapixels.lowerBound + megapixels.upperBound) / 2
        return smallShare * secondsPerSmall
            + (1 - smallShare) * (secondsPerPhoto + secondsPerMegapixel * middle)
    }
}
