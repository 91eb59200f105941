import Glibc

/// How far two photos of one size and layout are apart.
///
/// Only colour samples count; alpha is not compared.
public enum ImageQuality {
    /// The largest difference of two samples (L∞), in levels: 0...255.
    ///
    /// - Precondition: Both photos have the same size and layout.
    public static func maxAbsoluteDifference(_ first: Photo, _ second: Photo) -> Int {
        var largest: UInt8 = 0
        forEachRow(first, second) { first, second, channels, colors in
            if channels == colors {
                for index in first.indices {
                    largest = max(largest, absoluteDifference(first[index], second[index]))
                }
            } else {
                for pixel in stride(from: 0, to: first.count, by: channels) {
                    for index in pixel..<pixel + colors {
                        largest = max(largest, absoluteDifference(first[index], second[index]))
                    }
                }
            }
        }
        return Int(largest)
    }

    /// The peak signal-to-noise ratio over all colour samples, in decibels.
    ///
    /// `10 log10(255² / MSE)`, with the mean square taken over red, green and blue alike (or gray).
    ///
    /// - Precondition: Both photos have the same size and layout.
    /// - Returns: 0 or more; infinity where the photos are equal.
    public static func psnr(_ first: Photo, _ second: Photo) -> Double {
        var sum: UInt64 = 0
        forEachRow(first, second) { first, second, channels, colors in
            // A row has fewer than 2^18 samples: its sum of squares fits in 64 bits by far, and in 32 by samples.
            var rowSum: UInt64 = 0
            for pixel in stride(from: 0, to: first.count, by: channels) {
                for index in pixel..<pixel + colors {
                    let difference = UInt32(absoluteDifference(first[index], second[index]))
                    rowSum &+= UInt64(difference &* difference)
                }
            }
            sum += rowSum
        }
        if sum == 0 { return .infinity }
        let count = Double(first.width * first.height * first.layout.colorChannels)
        return 10 * log10(255 * 255 * count / Double(sum))
    }

    // MARK: - Steps

    /// Hands out rows of the same place in both photos, with the samples in a pixel and the colour samples among them.
    private static func forEachRow(
        _ first: Photo,
        _ second: Photo,
        _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>, _ channels: Int, _ colors: Int) -> Void
    ) {
        requireComparable(first, second)
        let channels = first.layout.channels
        let count = first.width * channels
        first.samples.withUnsafeBufferPointer { firstSamples in
            second.samples.withUnsafeBufferPointer { secondSamples in
                for row in 0..<first.height {
                    let range = row * count..<(row + 1) * count
                    body(
                        UnsafeBufferPointer(rebasing: firstSamples[range]),
                        UnsafeBufferPointer(rebasing: secondSamples[range]),
                        channels,
                        first.layout.colorChannels
                    )
                }
            }
        }
    }

    static func requireComparable(_ first: Photo, _ second: Photo) {
        precondition(
            first.width == second.width && first.height == second.height && first.layout == second.layout,
            "only photos of one size and layout can be compared"
        )
    }

    private static func absoluteDifference(_ first: UInt8, _ second: UInt8) -> UInt8 {
        first > second ? first - second : second - first
    }
}
