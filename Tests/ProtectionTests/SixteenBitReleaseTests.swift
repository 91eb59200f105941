import Imaging
import Testing

@testable import Protection

/// The release on samples of 16 bits, each computed again in double precision.
@Suite struct SixteenBitReleaseTests {
    @Test(arguments: PixelLayout.allCases, [1, 8, 16])
    func theBoundHoldsInSixteenBits(layout: PixelLayout, strength: Int) {
        let (photo, before) = Self.photo(width: 61, height: 43, layout: layout)
        var delta = Material.noise(width: 20, height: 14, seed: 2)
        for index in delta.samples.indices {
            delta.samples[index] = (delta.samples[index] - 0.5) * 0.3
        }
        var released = photo
        let quality = Release.apply(delta: delta, to: &released, strength: strength, clip: true)
        #expect(quality == ImageQuality(photo, released))
        let changes = zip(before, Self.samples(released)).map { $1 - $0 }
        let colors = changes.indices.filter { $0 % layout.channels < layout.colorChannels }
        #expect(colors.map { abs(changes[$0]) }.max() == 257 * strength)
        // More values than there are levels are used.
        #expect(colors.contains { changes[$0] % 257 != 0 })
        #expect(
            changes.indices.filter { $0 % layout.channels >= layout.colorChannels }.allSatisfy {
                changes[$0] == 0
            }
        )
    }

    @Test(arguments: [true, false])
    func samplesAreAddedClampedAndRounded(clip: Bool) {
        let (photo, before) = Self.photo(width: 32, height: 24, layout: .rgb)
        var delta = Material.noise(width: 32, height: 24, seed: 4)
        for index in delta.samples.indices {
            delta.samples[index] = (delta.samples[index] - 0.5) * 0.12
        }
        var released = photo
        _ = Release.apply(delta: delta, to: &released, strength: 8, clip: clip)
        let bound = clip ? 8.0 * 257 : 65_535
        for (index, sample) in Self.samples(released).enumerated() {
            let counts = Double(delta.samples[index % 3 * 32 * 24 + index / 3]) * 65_535
            let exact = min(max(Double(before[index]) + min(max(counts, -bound), bound), 0), 65_535)
            // Half a value for rounding, and what 24 bits leave of 65,535.
            #expect(abs(Double(sample) - exact) <= 0.51)
        }
    }

    @Test func transparentPixelsStay() {
        // Alpha 0, alpha 1 of 65,535, whose upper byte is 0, and opaque.
        let samples: [UInt8] = [
            1, 2, 3, 4, 5, 6, 0, 0, 1, 2, 3, 4, 5, 6, 0, 1, 1, 2, 3, 4, 5, 6, 255, 255,
        ]
        var photo = Photo(width: 3, height: 1, layout: .rgba, depth: .sixteen, samples: samples)
        let delta = PlanarImage(width: 3, height: 1, channels: 3, repeating: 1 / 255)
        _ = Release.apply(delta: delta, to: &photo, strength: 8, clip: true)
        let changed: [UInt8] = [2, 3, 4, 5, 6, 7]
        #expect(photo.samples == Array(samples[..<8]) + changed + [0, 1] + changed + [255, 255])
    }

    private static func photo(width: Int, height: Int, layout: PixelLayout) -> (Photo, [Int]) {
        var generator = SplitMix64(state: 5)
        let bytes = (0..<2 * width * height * layout.channels).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        let photo = Photo(
            width: width,
            height: height,
            layout: layout,
            depth: .sixteen,
            samples: bytes
        )
        return (photo, samples(photo))
    }

    private static func samples(_ photo: Photo) -> [Int] {
        stride(from: 0, to: photo.samples.count, by: 2).map {
            Int(photo.samples[$0]) << 8 | Int(photo.samples[$0 + 1])
        }
    }
}
