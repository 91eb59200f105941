import Imaging
import Testing

@testable import Protection

@Suite struct ReleaseTests {
    @Test(arguments: PixelLayout.allCases, [1, 8, 16])
    func theBoundHoldsOnTheIntegers(layout: PixelLayout, strength: Int) {
        let photo = Self.photo(width: 61, height: 43, layout: layout, seed: 1)
        var delta = Material.noise(width: 20, height: 14, seed: 2)
        for index in delta.samples.indices {
            delta.samples[index] = (delta.samples[index] - 0.5) * 0.3
        }
        let released = Self.released(photo, delta, strength: strength, clip: true)
        #expect(released.width == 61 && released.height == 43 && released.layout == layout)
        let changes = Self.changes(photo, released)
        #expect(changes.colors.map(abs).max() == strength)
        #expect(changes.alpha.allSatisfy { $0 == 0 })
    }

    /// At the photo's own size every sample is what the formula of the paper says, computed in double precision.
    @Test func samplesAreAddedClampedAndRounded() {
        let photo = Self.photo(width: 32, height: 24, layout: .rgb, seed: 3)
        var delta = Material.noise(width: 32, height: 24, seed: 4)
        for index in delta.samples.indices {
            delta.samples[index] = (delta.samples[index] - 0.5) * 0.12
        }
        for (clip, bound) in [(true, 8.0), (false, 255.0)] {
            let released = Self.released(photo, delta, strength: 8, clip: clip)
            for index in photo.samples.indices {
                let planar = index % 3 * 32 * 24 + index / 3
                let levels = min(max(Double(delta.samples[planar]) * 255, -bound), bound)
                let exact = min(max(Double(photo.samples[index]) + levels, 0), 255)
                #expect(abs(Double(released.samples[index]) - exact) <= 0.5001)
            }
        }
        #expect(
            Self.changes(photo, Self.released(photo, delta, strength: 8, clip: false)).colors.max()
                == 15
        )
    }

    @Test func theClipComesAfterTheScaling() {
        // A spike of +40 levels that scaling up spreads: clipped before, it would never reach 8 beside the spike.
        let photo = Photo(
            width: 40,
            height: 40,
            layout: .rgb,
            samples: [UInt8](repeating: 100, count: 4800)
        )
        var delta = PlanarImage(width: 4, height: 4, channels: 3, repeating: 0)
        for channel in 0..<3 { delta.samples[channel * 16 + 5] = 40 / 255 }
        let released = Self.released(photo, delta, strength: 8, clip: true)
        let atBound = released.samples.count { $0 == 108 }
        #expect(atBound > 3 * 12 * 12)
    }

    @Test func grayGetsTheLuminance() {
        let photo = Photo(width: 2, height: 2, layout: .gray, samples: [100, 100, 100, 100])
        var delta = PlanarImage(width: 2, height: 2, channels: 3, repeating: 0)
        for (channel, value) in [Float(10), 20, -10].enumerated() {
            for index in 0..<4 { delta.samples[channel * 4 + index] = value / 255 }
        }
        // 0.299 * 10 + 0.587 * 20 - 0.114 * 10 = 13.59
        let released = Self.released(photo, delta, strength: 16, clip: true)
        #expect(released.samples == [114, 114, 114, 114])
    }

    @Test func transparentPixelsStay() {
        let samples: [UInt8] = [10, 20, 30, 0, 10, 20, 30, 1, 10, 20, 30, 255, 40, 50, 60, 0]
        let photo = Photo(
            width: 2,
            height: 2,
            layout: .rgba,
            samples: samples,
            iccProfile: [1, 2, 3]
        )
        let delta = PlanarImage(width: 2, height: 2, channels: 3, repeating: 5 / 255)
        let released = Self.released(photo, delta, strength: 8, clip: true)
        #expect(released.samples == [10, 20, 30, 0, 15, 25, 35, 1, 15, 25, 35, 255, 40, 50, 60, 0])
        #expect(released.iccProfile == [1, 2, 3])
    }

    @Test func whatIsNotANumberStaysInTheBound() {
        let photo = Photo(
            width: 3,
            height: 1,
            layout: .rgb,
            samples: [UInt8](repeating: 200, count: 9)
        )
        let delta = PlanarImage(
            width: 3,
            height: 1,
            channels: 3,
            samples: [.nan, .infinity, -.infinity, .nan, .infinity, -.infinity, 1e30, -1e30, 0]
        )
        let released = Self.released(photo, delta, strength: 8, clip: true)
        #expect(Self.changes(photo, released).colors.allSatisfy { abs($0) <= 8 })
        _ = Self.released(photo, delta, strength: 8, clip: false)
    }

    // MARK: - Dithering

    /// Dithered, a change of a fraction of a level keeps its mean in every 16 x 16 pixels; rounded,
    /// it is lost or doubled.
    @Test(arguments: [0.1, 0.3, 0.5, -0.7, 1.4, 7.9, -8] as [Float])
    func ditheringKeepsTheMeanOfSmallChanges(levels: Float) throws {
        let photo = Self.photo(width: 64, height: 48, layout: .rgb, seed: 5).softened()
        let delta = PlanarImage(width: 8, height: 6, channels: 3, repeating: levels / 255)
        var released = photo
        let quality = Release.apply(
            delta: delta,
            to: &released,
            strength: 8,
            clip: true,
            dithers: true
        )
        #expect(Float(quality.maxAbsoluteDifference) <= abs(levels).rounded(.up))
        for channel in 0..<3 {
            for corner in [(0, 0), (16, 0), (32, 32), (48, 16)] {
                var sum = 0
                for place in 0..<256 {
                    let (x, y) = (corner.0 + place % 16, corner.1 + place / 16)
                    let index = (y * 64 + x) * 3 + channel
                    sum += Int(released.samples[index]) - Int(photo.samples[index])
                }
                #expect(abs(Float(sum) / 256 - levels) < 0.05, "channel \(channel)")
            }
        }
    }

    @Test func ditheringLeavesWhatIsNotChanged() throws {
        let photo = Self.photo(width: 37, height: 21, layout: .rgba, seed: 8)
        var released = photo
        _ = Release.apply(
            delta: PlanarImage(width: 5, height: 3, channels: 3, repeating: 0),
            to: &released,
            strength: 8,
            clip: true,
            dithers: true
        )
        #expect(released.samples == photo.samples)
    }

    // MARK: - Working size

    @Test func theWorkingSizeKeepsTheAspectAndNeverEnlarges() {
        #expect(WorkingSize.of(width: 4032, height: 3024, shortSide: 256) == (341, 256))
        #expect(WorkingSize.of(width: 3024, height: 4032, shortSide: 256) == (256, 341))
        #expect(WorkingSize.of(width: 32, height: 32, shortSide: 256) == (32, 32))
        #expect(WorkingSize.of(width: 256, height: 1000, shortSide: 256) == (256, 1000))
        #expect(WorkingSize.of(width: 257, height: 514, shortSide: 256) == (256, 512))
        #expect(WorkingSize.of(width: 1, height: 1, shortSide: 256) == (2, 2))
        #expect(WorkingSize.of(width: 65_500, height: 1, shortSide: 64) == (65_500, 2))
        #expect(WorkingSize.of(width: 8000, height: 6000, shortSide: 1024) == (1365, 1024))
    }

    @Test func theWorkingSizeOfALongPanoramaIsBounded() {
        for (width, height) in [(65_500, 763), (763, 65_500), (50_000, 1000), (30_000, 1024)] {
            let size = WorkingSize.of(width: width, height: height, shortSide: 1024)
            #expect(size.width * size.height <= WorkingSize.maxPixels * 101 / 100)
            #expect(size.width * size.height > WorkingSize.maxPixels * 9 / 10)
            #expect(abs(Double(size.width * height) / Double(size.height * width) - 1) < 0.01)
        }
    }

    // MARK: - Material

    private static func released(
        _ photo: Photo,
        _ delta: PlanarImage,
        strength: Int,
        clip: Bool
    ) -> Photo {
        var released = photo
        let quality = Release.apply(delta: delta, to: &released, strength: strength, clip: clip)
        #expect(quality == ImageQuality(photo, released))
        return released
    }

    private static func photo(width: Int, height: Int, layout: PixelLayout, seed: UInt64) -> Photo {
        var generator = SplitMix64(state: seed)
        let samples = (0..<width * height * layout.channels).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        return Photo(width: width, height: height, layout: layout, samples: samples)
    }

    private static func changes(_ before: Photo, _ after: Photo) -> (colors: [Int], alpha: [Int]) {
        let channels = before.layout.channels, colors = before.layout.colorChannels
        var result: (colors: [Int], alpha: [Int]) = ([], [])
        for index in before.samples.indices {
            let change = Int(after.samples[index]) - Int(before.samples[index])
            if index % channels < colors {
                result.colors.append(change)
            } else {
                result.alpha.append(change)
            }
        }
        return result
    }
}

extension Photo {
    /// The photo with samples from 64 to 191, which no change of some levels takes out of range.
    fileprivate func softened() -> Photo {
        Photo(width: width, height: height, layout: layout, samples: samples.map { 64 + $0 / 2 })
    }
}
