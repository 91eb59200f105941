import Testing

@testable import Imaging

@Suite("Resampling")
struct ResamplingTests {
    private func source() throws -> PlanarImage {
        PlanarImage(
            width: 45,
            height: 31,
            channels: 2,
            samples: try Fixture.floats("resample_45x31.f32")
        )
    }

    @Test(
        "Every size is what Pillow's BILINEAR gives",
        arguments: [(16, 11), (45, 9), (7, 62), (90, 40), (1, 1), (44, 31)]
    )
    func matchesPillow(width: Int, height: Int) throws {
        let scaled = Self.scaled(try source(), toWidth: width, height: height)
        let expected = try Fixture.floats("resample_to_\(width)x\(height).f32")
        try #require(scaled.samples.count == expected.count)
        let worst = zip(scaled.samples, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 1e-5)
    }

    @Test(
        "A photo's middle fills any size as Pillow's ImageOps.fit gives it",
        arguments: [(16, 16), (40, 7), (5, 33), (90, 80), (1, 1)]
    )
    func coversLikePillow(width: Int, height: Int) throws {
        let photo = try PhotoDecoder.decode(Fixture.bytes("rgb.png"))
        let covering = photo.planarRGB(covering: width, height: height)
        let expected = try Fixture.floats("cover_\(width)x\(height).f32")
        try #require(covering.samples.count == expected.count)
        let worst = zip(covering.samples, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 1e-5)
    }

    @Test("Filling the own size, or the own proportions, leaves nothing out")
    func coversOwnSize() throws {
        let photo = try PhotoDecoder.decode(Fixture.bytes("rgb.png"))
        let (width, height) = (photo.width, photo.height)
        #expect(
            photo.planarRGB(covering: width, height: height)
                == photo.planarRGB(scaledTo: width, height: height)
        )
        #expect(
            photo.planarRGB(covering: 2 * width, height: 2 * height)
                == photo.planarRGB(scaledTo: 2 * width, height: 2 * height)
        )
    }

    @Test("The most extreme proportions are filled", arguments: [(1, 900), (900, 1), (3, 2)])
    func coversExtremes(width: Int, height: Int) {
        let photo = Photo(
            width: 1,
            height: 700,
            layout: .gray,
            samples: [UInt8](repeating: 51, count: 700)
        )
        let covering = photo.planarRGB(covering: width, height: height)
        #expect(covering.width == width && covering.height == height)
        #expect(covering.samples.allSatisfy { abs($0 - 0.2) < 1e-5 })
    }

    @Test("The same size is the same image")
    func sameSize() throws {
        let image = try source()
        #expect(Self.scaled(image, toWidth: 45, height: 31) == image)
        let filter = TriangleFilter(from: 45, to: 45)
        #expect(zip(filter.counts, filter.starts).allSatisfy { $0 >= 1 && $1 >= 0 })
    }

    @Test("Rows may be passed over, and pixels have room for samples that no plane has")
    func rows() throws {
        let image = try source()
        let whole = Self.scaled(image, toWidth: 20, height: 50)
        var rows = ScaledRows(image, toWidth: 20, height: 50, channels: 4)
        #expect(rows.rowCount == 80)
        for row in [0, 1, 17, 17, 40, 49] {
            rows.withRows(of: row) { above, below, weightAbove, weightBelow in
                for index in 0..<80 {
                    let value = weightAbove * above[index] + weightBelow * below[index]
                    let expected =
                        index % 4 < 2 ? whole.samples[(index % 4 * 50 + row) * 20 + index / 4] : 0
                    #expect(value == expected)
                }
            }
        }
    }

    @Test(
        "A photo scales to what its float planes scale to, gray repeated and alpha dropped",
        arguments: PixelLayout.allCases
    )
    func photoPlanes(layout: PixelLayout) {
        let (width, height) = (23, 17)
        let samples = (0..<width * height * layout.channels).map {
            UInt8(truncatingIfNeeded: $0 &* 97 &+ $0 / 31)
        }
        let photo = Photo(width: width, height: height, layout: layout, samples: samples)
        var planes: [Float] = []
        for channel in 0..<3 {
            for pixel in 0..<width * height {
                let color = min(channel, layout.colorChannels - 1)
                planes.append(Float(samples[pixel * layout.channels + color]) / 255)
            }
        }
        let image = PlanarImage(width: width, height: height, channels: 3, samples: planes)
        let (scaled, expected) = (
            photo.planarRGB(scaledTo: 9, height: 8), Self.scaled(image, toWidth: 9, height: 8)
        )
        #expect(zip(scaled.samples, expected.samples).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(photo.planarRGB(scaledTo: width, height: height) == image)
    }

    /// Returns the image formed by the rows.
    private static func scaled(
        _ image: PlanarImage,
        toWidth width: Int,
        height: Int
    ) -> PlanarImage {
        var result = PlanarImage(
            width: width,
            height: height,
            channels: image.channels,
            repeating: 0
        )
        var rows = ScaledRows(image, toWidth: width, height: height, channels: image.channels)
        for row in 0..<height {
            rows.withRows(of: row) { above, below, weightAbove, weightBelow in
                for index in 0..<width * image.channels {
                    let (column, channel) = (index / image.channels, index % image.channels)
                    result.samples[(channel * height + row) * width + column] =
                        weightAbove * above[index] + weightBelow * below[index]
                }
            }
        }
        return result
    }
}
