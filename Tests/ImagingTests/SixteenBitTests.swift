import Foundation
import Testing

@testable import Imaging

@Suite("Sixteen bits a sample")
struct SixteenBitTests {
    @Test(
        "The samples of a PNG are those that were drawn",
        arguments: [
            ("rgb_16.png", PixelLayout.rgb), ("rgba_16.png", .rgba), ("gray_16.png", .gray),
            ("gray_alpha_16.png", .grayAlpha), ("interlaced_16.png", .rgb),
            ("rgb_transparent_16.png", .rgba),
            ("gray_transparent_16.png", .grayAlpha), ("turned_16.png", .rgb),
        ]
    )
    func decodes(name: String, layout: PixelLayout) throws {
        let photo = try PhotoDecoder.decode(try Fixture.bytes(name))
        #expect((photo.width, photo.height) == (name == "turned_16.png" ? (17, 31) : (31, 17)))
        #expect(photo.layout == layout && photo.depth == .sixteen)
        #expect(photo.samples == (try Fixture.bytes(name + ".raw")))
    }

    @Test("What is encoded is decoded again", arguments: PixelLayout.allCases)
    func roundTrip(layout: PixelLayout) throws {
        for width in [1, 2, 3, 7, 9, 40] {
            let samples = (0..<width * 30 * layout.channels * 2).map {
                UInt8(truncatingIfNeeded: $0 &* 73 ^ $0 / 17)
            }
            let photo = Photo(
                width: width,
                height: 30,
                layout: layout,
                depth: .sixteen,
                samples: samples,
                iccProfile: layout.colorChannels == 3 ? Fixture.profile(400) : nil,
                sourceFormat: .png
            )
            #expect(try PhotoDecoder.decode(try PNGEncoder.encode(photo)) == photo)
        }
    }

    @Test(
        "PSNR and SSIM are those of the same picture in 8 bits",
        arguments: ImageQualityTests.Reference.all
    )
    func quality(reference: ImageQualityTests.Reference) {
        let quality = ImageQuality(reference.first.widened, reference.second.widened)
        #expect(abs(quality.psnr - reference.psnr) < 1e-9)
        #expect(abs(quality.ssim - reference.ssim) < 2e-5)
        let narrow = ImageQuality(reference.first, reference.second)
        #expect(quality.maxAbsoluteDifference == 257 * narrow.maxAbsoluteDifference)
    }

    @Test("Half a level is seen where there are levels between", arguments: PixelLayout.allCases)
    func finerThanALevel(layout: PixelLayout) {
        let photo = ImageQualityTests.pattern(width: 13, height: 12, layout: layout).widened
        var other = photo
        // The low byte of the first sample, and the alpha of the last pixel.
        other.samples[1] ^= 0x80
        if layout.hasAlpha { other.samples[other.samples.count - 2] ^= 0x40 }
        let quality = ImageQuality(photo, other)
        #expect(quality.maxAbsoluteDifference == 128)
        let mean = 128.0 * 128 / Double(13 * 12 * layout.colorChannels)
        #expect(abs(quality.psnr - 10 * log10(65_535 * 65_535 / mean)) < 1e-9)
    }

    @Test("Scaled down it is the same picture", arguments: PixelLayout.allCases)
    func scales(layout: PixelLayout) {
        let photo = ImageQualityTests.pattern(width: 37, height: 29, layout: layout)
        for (width, height) in [(37, 29), (16, 11), (50, 7), (1, 1)] {
            let narrow = photo.planarRGB(scaledTo: width, height: height)
            let wide = photo.widened.planarRGB(scaledTo: width, height: height)
            #expect(zip(narrow.samples, wide.samples).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }
}

extension Photo {
    /// The same picture in 16 bits: every level times 257, which repeats its byte.
    var widened: Photo {
        Photo(
            width: width,
            height: height,
            layout: layout,
            depth: .sixteen,
            samples: samples.flatMap { [$0, $0] },
            iccProfile: iccProfile,
            sourceFormat: sourceFormat
        )
    }
}
