import Testing

@testable import Imaging

@Suite("Previews") struct JPEGEncoderTests {
    @Test(
        "A preview is a small JPEG of the same picture, with its profile",
        arguments: [(1000, 400), (300, 20), (1, 1)]
    )
    func preview(width: Int, height: Int) throws {
        let samples = (0..<width * height).flatMap { index -> [UInt8] in
            let (x, y) = (index % width, index / width)
            return [UInt8(x * 255 / width), UInt8(y * 255 / height), 128]
        }
        let photo = Photo(
            width: width,
            height: height,
            layout: .rgb,
            samples: samples,
            iccProfile: Fixture.profile(1000)
        )
        let preview = try PhotoDecoder.decode(try photo.preview())
        #expect(preview.sourceFormat == .jpeg)
        #expect(preview.iccProfile == photo.iccProfile)
        #expect(max(preview.width, preview.height) == min(512, max(width, height)))
        let expected = photo.planarRGB(scaledTo: preview.width, height: preview.height).samples
        let actual = preview.planarRGB(scaledTo: preview.width, height: preview.height).samples
        let error = zip(expected, actual).map { abs($0 - $1) }.reduce(0, +) / Float(expected.count)
        #expect(error < 0.02)
    }

    @Test("Gray pictures have previews, too, without their profile")
    func gray() throws {
        let photo = Photo(
            width: 2,
            height: 2,
            layout: .grayAlpha,
            samples: [0, 255, 255, 255, 9, 0, 70, 3],
            iccProfile: [1]
        )
        let preview = try PhotoDecoder.decode(try photo.preview())
        #expect(preview.layout == .rgb)
        #expect(preview.iccProfile == nil)
    }
}
