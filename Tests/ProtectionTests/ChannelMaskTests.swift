import Cryptography
import DeepHiding
import Imaging
import JobModel
import Testing

@testable import Protection

@Suite struct ChannelMaskTests {
    /// By hand: a tenth without blue, then five tenths more evenly up to 0.5, and no more than that.
    @Test(
        arguments: [
            (0, 0.1), (0.1, 0.2), (0.25, 0.35), (0.4, 0.5), (0.5, 0.6), (0.8, 0.6), (1, 0.6),
            (-0.1, 0.1), (1.2, 0.6),
        ] as [(Float, Float)]
    )
    func blueKeepsMoreOfTheChangeWhereThereIsMoreBlue(blue: Float, weight: Float) {
        #expect(abs(ChannelMask.blueWeight(blue: blue) - weight) < 1e-6)
    }

    @Test func theChangeIsClippedAndThenWeighted() {
        // Two pixels: no blue, and blue in plenty. Red and green of the picture do not count.
        let cover = PlanarImage(width: 2, height: 1, channels: 3, samples: [0, 1, 1, 0, 0, 0.8])
        let change = PlanarImage(
            width: 2,
            height: 1,
            channels: 3,
            samples: [0.2, -0.02, 0.01, -0.2, 0.2, -0.2]
        )
        var bounded = change
        ChannelMask.apply(to: &bounded, cover: cover, bound: 0.04)
        expect(bounded.samples, near: [0.006, -0.003, 0.0015, -0.006, 0.004, -0.024])
        var unbounded = change
        ChannelMask.apply(to: &unbounded, cover: cover, bound: nil)
        expect(unbounded.samples, near: [0.03, -0.003, 0.0015, -0.03, 0.02, -0.12])
    }

    private func expect(_ samples: [Float], near wanted: [Float]) {
        #expect(samples.count == wanted.count)
        for (sample, wanted) in zip(samples, wanted) {
            #expect(abs(sample - wanted) < 1e-7, "\(sample), not \(wanted)")
        }
    }

    // MARK: - In the whole

    /// The largest change of each colour channel, in levels.
    private func changes(_ input: [UInt8], _ png: [UInt8]) throws -> [Int] {
        let (before, after) = (try PhotoDecoder.decode(input), try PhotoDecoder.decode(png))
        return (0..<before.layout.colorChannels).map { channel in
            stride(from: channel, to: before.samples.count, by: before.layout.channels).map {
                abs(Int(before.samples[$0]) - Int(after.samples[$0]))
            }.max() ?? 0
        }
    }

    @Test func aMaskedPhotoChangesMostlyInBlue() throws {
        let input = try Material.file("e2e/fixtures/plane.jpg")
        let protector = try Material.protector()
        let masked = try protector.protect(input)
        #expect(masked.report.mask == .photo && masked.report.bound == 8)
        let largest = try changes(input, masked.file)
        // 0.15 * 8 = 1.2 levels, rounded up.
        #expect(largest[0] <= 2 && largest[1] <= 2 && (4...5).contains(largest[2]), "\(largest)")
        #expect(masked.report.maxAbsoluteDifference == largest.max())

        let plain = try protector.protect(input, ProtectionSettings(mask: .unmasked))
        #expect(plain.report.mask == .unmasked)
        #expect(try changes(input, plain.file).prefix(2).allSatisfy { $0 > 2 })
        #expect(try masked.file == protector.protect(input, ProtectionSettings(mask: .photo)).file)
    }

    @Test func withoutTheBoundTheMaskWeighsTheWholeChange() throws {
        let input = try Material.file("e2e/fixtures/plane.jpg")
        let protector = try Material.protector()
        let (strong, weak) = (
            try protector.protect(input, ProtectionSettings(strength: 16, clip: false)),
            try protector.protect(input, ProtectionSettings(strength: 2, clip: false))
        )
        #expect(strong.file == weak.file && weak.report.mask == .photo)
        #expect(try changes(input, weak.file)[2] > 2)
    }

    @Test(arguments: [
        (64, 80, AppliedMask.unmasked), (65, 80, .photo), (80, 64, .unmasked), (80, 65, .photo),
    ])
    func theShortSideDecides(width: Int, height: Int, mask: AppliedMask) throws {
        let input = try PNGEncoder.encode(
            Material.photo(width: width, height: height, layout: .rgb)
        )
        let protector = try Material.protector()
        let standard = try protector.protect(input)
        #expect(standard.report.mask == mask)
        for (asked, got) in [(Mask.photo, AppliedMask.photo), (.unmasked, .unmasked)] {
            let other = try protector.protect(input, ProtectionSettings(mask: asked))
            #expect(other.report.mask == got)
            #expect((other.file == standard.file) == (got == mask))
        }
    }

    /// A photo of 16 bits has 257 values a level, and so a mask that no level's rounding can show.
    @Test func inSixteenBitsTheShareIsExact() throws {
        var samples: [UInt8] = []
        for index in 0..<70 * 70 * 3 { samples += [UInt8(70 + index % 90), UInt8(index % 251)] }
        let photo = Photo(width: 70, height: 70, layout: .rgb, depth: .sixteen, samples: samples)
        let input = try PNGEncoder.encode(photo)
        let protector = try Material.protector()
        let after = try PhotoDecoder.decode(protector.protect(input).file)
        let before = try PhotoDecoder.decode(input)
        let words = { (photo: Photo) in
            photo.samples.withUnsafeBytes {
                $0.bindMemory(to: UInt16.self).map { UInt16(bigEndian: $0) }
            }
        }
        let largest = zip(words(before), words(after)).enumerated().reduce(into: [0, 0, 0]) {
            largest,
            item in
            let change = abs(Int(item.element.0) - Int(item.element.1))
            largest[item.offset % 3] = max(largest[item.offset % 3], change)
        }
        // 0.15 * 8 * 257 = 308.4 values, and 0.6 * 8 * 257 = 1233.6.
        #expect(
            largest[0] <= 309 && largest[1] <= 309 && largest[2] > 309 && largest[2] <= 1234,
            "\(largest)"
        )
    }

    /// Gray photos get the luminance of the masked change: at 8 levels at most 8 * (0.15 * (0.299 + 0.587) + 0.6 * 0.114) = 1.61.
    @Test func grayPhotosGetTheMaskedLuminance() throws {
        let input = try PNGEncoder.encode(Material.photo(width: 90, height: 70, layout: .gray))
        let protected = try Material.protector().protect(input)
        #expect(protected.report.luminanceOnly && protected.report.mask == .photo)
        #expect((1...2).contains(protected.report.maxAbsoluteDifference))
    }

    @Test func aMaskThatLeavesNothingSaysWhatToDo() throws {
        let input = try PNGEncoder.encode(Material.photo(width: 90, height: 70, layout: .gray))
        let protector = try Material.protector()
        // At most a quarter of a level is left of one.
        let error = #expect(throws: ImageFailure.self) {
            try protector.protect(input, ProtectionSettings(strength: 1))
        }
        #expect(error?.code == "image_unchanged")
        #expect(error?.detail.contains("raise the strength, set the mask to none") == true)
        let plain = try protector.protect(input, ProtectionSettings(strength: 1, mask: .unmasked))
        #expect(plain.report.maxAbsoluteDifference == 1)
    }
}
