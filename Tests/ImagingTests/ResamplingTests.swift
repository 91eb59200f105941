import Testing

@testable import Imaging

@Suite("Resampling")
struct ResamplingTests {
    private func source() throws -> PlanarImage {
        PlanarImage(width: 45, height: 31, channels: 2, samples: try Fixture.floats("resample_45x31.f32"))
    }

    @Test(
        "Every size is what Pillow's BILINEAR gives",
        arguments: [(16, 11), (45, 9), (7, 62), (90, 40), (1, 1), (44, 31)]
    )
    func matchesPillow(width: Int, height: Int) throws {
        let scaled = try source().resampled(toWidth: width, height: height)
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
            photo.planarRGB(covering: width, height: height) == photo.planarRGB(scaledTo: width, height: height)
        )
        #expect(
            photo.planarRGB(covering: 2 * width, height: 2 * height)
                == photo.planarRGB(scaledTo: 2 * width, height: 2 * height)
        )
    }

    @Test("The most extreme proportions are filled", arguments: [(1, 900), (900, 1), (3, 2)])
    func coversExtremes(width: Int, height: Int) {
        let photo = Photo(width: 1, height: 700, layout: .gray, samples: [UInt8](repeating: 51, count: 700))
        let covering = photo.planarRGB(covering: width, height: height)
        #expect(covering.width == width && covering.height == height)
        #expect(covering.samples.allSatisfy { abs($0 - 0.2) < 1e-5 })
    }

    @Test("The same size is the same image")
    func sameSize() throws {
        let image = try source()
        #expect(image.resampled(toWidth: 45, height: 31) == image)
        let filter = TriangleFilter(from: 45, to: 45)
        #expect(zip(filter.counts, filter.starts).allSatisfy { $0 >= 1 && $1 >= 0 })
    }

    @Test("Rows come in order and are those of the whole image")
    func rows() throws {
        let image = try source()
        let whole = image.resampled(toWidth: 20, height: 50)
        var expectedRow = 0
        image.forEachRow(scaledTo: 20, height: 50) { row, planes in
            #expect(row == expectedRow)
            expectedRow += 1
            for channel in 0..<2 {
                let start = (channel * 50 + row) * 20
                #expect(Array(planes[channel * 20..<(channel + 1) * 20]) == Array(whole.samples[start..<start + 20]))
            }
        }
        #expect(expectedRow == 50)
    }

    @Test(
        "A photo scales to what its float planes scale to, gray repeated and alpha dropped",
        arguments: PixelLayout.allCases
    )
    func photoPlanes(layout: PixelLayout) {
        let (width, height) = (23, 17)
        let samples = (0..<width * height * layout.channels).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ $0 / 31) }
        let photo = Photo(width: width, height: height, layout: layout, samples: samples)
        var planes: [Float] = []
        for channel in 0..<3 {
            for pixel in 0..<width * height {
                let color = min(channel, layout.colorChannels - 1)
                planes.append(Float(samples[pixel * layout.channels + color]) / 255)
            }
        }
        let image = PlanarImage(width: width, height: height, channels: 3, samples: planes)
        #expect(photo.planarRGB(scaledTo: 9, height: 8) == image.resampled(toWidth: 9, height: 8))
        #expect(photo.planarRGB(scaledTo: width, height: height) == image)
    }
}
