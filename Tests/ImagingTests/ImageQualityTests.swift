import Glibc
import Testing

@testable import Imaging

@Suite("Image quality")
struct ImageQualityTests {
    /// A line of quality.txt: two pictures and their figures from numpy.
    struct Reference: Sendable, CustomTestStringConvertible {
        let name: String
        let first: Photo
        let second: Photo
        let psnr: Double
        let ssim: Double

        var testDescription: String { name }

        static let all: [Reference] = {
            let text =
                (try? Fixture.bytes("quality.txt")).map { String(decoding: $0, as: UTF8.self) }
                ?? ""
            return text.split(separator: "\n").compactMap { try? Reference(line: String($0)) }
        }()

        init(line: String) throws {
            let fields = line.split(separator: " ").map(String.init)
            let numbers = try fields[1...].map { try #require(Double($0)) }
            name = fields[0]
            func photo(_ suffix: String) throws -> Photo {
                Photo(
                    width: Int(numbers[0]),
                    height: Int(numbers[1]),
                    layout: numbers[2] == 1 ? .gray : .rgb,
                    samples: try Fixture.bytes("quality_\(fields[0])_\(suffix).raw")
                )
            }
            first = try photo("a")
            second = try photo("b")
            psnr = numbers[3]
            ssim = numbers[4]
        }
    }

    @Test("The references are there")
    func references() {
        #expect(Reference.all.map(\.name) == ["rgb", "gray", "blurred", "small", "negative"])
    }

    @Test("PSNR and SSIM are those of numpy", arguments: Reference.all)
    func matchesNumpy(reference: Reference) {
        #expect(abs(ImageQuality(reference.first, reference.second).psnr - reference.psnr) < 1e-9)
        #expect(abs(ImageQuality(reference.first, reference.second).ssim - reference.ssim) < 2e-5)
        #expect(abs(ImageQuality(reference.second, reference.first).ssim - reference.ssim) < 2e-5)
    }

    @Test("Equal photos: no difference, infinite PSNR, SSIM 1", arguments: PixelLayout.allCases)
    func equal(layout: PixelLayout) {
        let photo = Self.pattern(width: 30, height: 25, layout: layout)
        #expect(ImageQuality(photo, photo).maxAbsoluteDifference == 0)
        #expect(ImageQuality(photo, photo).psnr == .infinity)
        #expect(abs(ImageQuality(photo, photo).ssim - 1) < 1e-6)
    }

    @Test(
        "One sample makes the largest difference, whatever its sign",
        arguments: PixelLayout.allCases
    )
    func largest(layout: PixelLayout) {
        let photo = Self.pattern(width: 13, height: 9, layout: layout)
        for index in [0, 5 * layout.channels + layout.colorChannels - 1] {
            for value: UInt8 in [0, 255] {
                var other = photo
                other.samples[index] = value
                let expected = abs(Int(photo.samples[index]) - Int(value))
                #expect(ImageQuality(photo, other).maxAbsoluteDifference == expected)
                #expect(ImageQuality(other, photo).maxAbsoluteDifference == expected)
                let mean = Double(expected * expected) / Double(13 * 9 * layout.colorChannels)
                let psnr = ImageQuality(photo, other).psnr
                #expect(
                    expected == 0
                        ? psnr == .infinity : abs(psnr - 10 * log10(255 * 255 / mean)) < 1e-9
                )
            }
        }
    }

    @Test("Alpha is not compared", arguments: [PixelLayout.grayAlpha, .rgba])
    func alpha(layout: PixelLayout) {
        let photo = Self.pattern(width: 13, height: 12, layout: layout)
        var other = photo
        for pixel in 0..<13 * 12 {
            other.samples[pixel * layout.channels + layout.colorChannels] ^= 0xFF
        }
        #expect(ImageQuality(photo, other).maxAbsoluteDifference == 0)
        #expect(ImageQuality(photo, other).psnr == .infinity)
        #expect(abs(ImageQuality(photo, other).ssim - 1) < 1e-6)
    }

    @Test("A single pixel can be compared")
    func onePixel() {
        let black = Photo(width: 1, height: 1, layout: .gray, samples: [0])
        let white = Photo(width: 1, height: 1, layout: .gray, samples: [255])
        // Only the means matter: C1 / (255² + C1).
        #expect(abs(ImageQuality(black, white).ssim - 6.5025 / (65_025 + 6.5025)) < 1e-7)
        #expect(ImageQuality(black, white).psnr == 0)
        #expect(ImageQuality(black, white).maxAbsoluteDifference == 255)
    }

    static func pattern(width: Int, height: Int, layout: PixelLayout) -> Photo {
        let samples = (0..<width * height * layout.channels).map {
            UInt8(truncatingIfNeeded: $0 &* 73 ^ $0 / 17)
        }
        return Photo(width: width, height: height, layout: layout, samples: samples)
    }
}
