import Cryptography
import Imaging
import JobModel
import Methods
import Synchronization
import Testing

@testable import DeepHiding
@testable import Protection

/// Pictures that are imported as semantic images: what is kept of them, and how they are hidden.
@Suite struct SemanticImageTests {
    // MARK: - What is kept

    @Test(arguments: PixelLayout.allCases)
    func aPictureThatFitsKeepsItsColours(layout: PixelLayout) throws {
        let profile = try PhotoDecoder.decode(Material.file("ImagingTests/Fixtures/icc.jpg"))
            .iccProfile
        let picture = Material.photo(
            width: 31,
            height: 17,
            layout: layout,
            profile: layout.colorChannels == 3 ? profile : nil
        )
        let kept = try PhotoDecoder.decode(
            Material.protector().method.imported(PNGEncoder.encode(picture))
        )
        #expect(
            kept.width == 31 && kept.height == 17 && kept.layout == .rgb && kept.iccProfile == nil
        )
        var expected: [UInt8] = []
        for pixel in 0..<31 * 17 {
            for channel in 0..<3 {
                expected.append(
                    picture.samples[
                        pixel * layout.channels + min(channel, layout.colorChannels - 1)
                    ]
                )
            }
        }
        #expect(kept.samples == expected)
    }

    @Test func theOrientationIsApplied() throws {
        let upright = try PhotoDecoder.decode(
            Material.file("ImagingTests/Fixtures/orientation_6.png")
        )
        let kept = try Material.protector().method.imported(
            Material.file("ImagingTests/Fixtures/orientation_6.png")
        )
        #expect(try PhotoDecoder.decode(kept).samples == upright.samples)
    }

    @Test(arguments: [
        (1024, 2, 1024, 2), (1025, 1025, 1024, 1024), (3000, 1500, 1024, 512), (20, 2048, 10, 1024),
        (1, 5000, 1, 1024),
    ])
    func aLargePictureIsScaledDown(width: Int, height: Int, keptWidth: Int, keptHeight: Int) throws
    {
        // A ramp stays one, if every pixel counts.
        let samples = (0..<width * height).map { UInt8($0 % width * 255 / width) }
        let picture = Photo(width: width, height: height, layout: .gray, samples: samples)
        let file = try Material.protector().method.imported(PNGEncoder.encode(picture))
        let kept = try PhotoDecoder.decode(file)
        #expect(kept.width == keptWidth && kept.height == keptHeight)
        // Behind the edges, where the ramp ends.
        for column in 0..<keptWidth where column > 0 && column < keptWidth - 1 {
            let expected = (Double(column) + 0.5) * Double(width) / Double(keptWidth) - 0.5
            #expect(abs(Double(kept.samples[column * 3]) - expected * 255 / Double(width)) < 1.5)
        }
    }

    @Test(arguments: [0x5A5A, 0x1234_5678])
    func noKeptPictureIsLargerThanTheLimit(seed: UInt64) throws {
        // Noise does not compress.
        var state = seed
        let samples = (0..<3 * 1024 * 1024).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        let picture = Photo(width: 1024, height: 1024, layout: .rgb, samples: samples)
        let kept = try Material.protector().method.imported(PNGEncoder.encode(picture))
        #expect(kept.count > samples.count && kept.count <= ImportedPicture.maxKeptBytes)
    }

    @Test(arguments: [
        ("ImagingTests/Fixtures/cmyk_profile.jpg", 1.0, "image_cmyk_unsupported"),
        ("e2e/fixtures/README.md", 1, "image_unsupported"),
        ("e2e/fixtures/plane.jpg", 0.5, "image_truncated"),
        ("e2e/fixtures/hats.png", 0.5, "image_truncated"),
        ("e2e/fixtures/plane.jpg", 0, "image_empty"),
    ])
    func whatIsNoPictureIsNamed(path: String, part: Double, code: String) throws {
        let file = try Material.file(path)
        let error = #expect(throws: ImageFailure.self) {
            try Material.protector().method.imported(
                Array(file.prefix(Int(Double(file.count) * part)))
            )
        }
        #expect(error?.code == code)
    }

    @Test func aPictureBeyondTheLimitsIsNamed() throws {
        var limits = ImageLimits()
        limits.maxPixels = 1000
        let file = try Material.file("e2e/fixtures/plane.jpg")
        let error = #expect(throws: ImageFailure.self) {
            try Material.protector(limits: limits).method.imported(file)
        }
        #expect(error?.code == "image_too_large")
    }

    // MARK: - What is hidden

    @Test func thePictureItselfIsHiddenAndItsHashIsThatOfItsPixels() throws {
        let protector = try Material.protector()
        let photo = Material.photo(width: 33, height: 21, layout: .rgb)
        let picture = try PhotoDecoder.decode(
            protector.method.imported(Material.file("e2e/fixtures/hats.png"))
        )
        let fitting = picture.planarRGB(covering: 33, height: 21)
        let area = 33 * 21
        let samples = (0..<area * 3).map { index in
            let value: Float = fitting.samples[index % 3 * area + index / 3]
            return UInt8(value * 255 + 0.5)
        }
        let file = try PNGEncoder.encode(
            Photo(width: 33, height: 21, layout: .rgb, samples: samples)
        )

        let input = try PNGEncoder.encode(photo)
        let protected = try protector.protect(input, imported: file)
        #expect(protected.report.artefactSHA256 == SHA256.hash(samples).hex)
        let weights = try Material.file("DeepHidingTests/Fixtures/random-weights.safetensors")
        let planes: [Float] = (0..<3).flatMap { channel in
            (0..<area).map { place in Float(samples[place * 3 + channel]) / 255 }
        }
        let hidden = try HidingNetwork(weights: weights).hide(
            cover: photo.planarRGB(scaledTo: 33, height: 21),
            secret: PlanarImage(width: 33, height: 21, channels: 3, samples: planes)
        )
        let released = try PhotoDecoder.decode(protected.file)
        for index in photo.samples.indices {
            let sample = Double(photo.samples[index])
            let wanted = Double(hidden.samples[index % 3 * 33 * 21 + index / 3]) * 255
            let exact = min(max(min(max(wanted, sample - 8), sample + 8), 0), 255)
            #expect(abs(Double(released.samples[index]) - exact) <= 0.501)
        }
        #expect(try protector.protect(input).file != protected.file)
    }

    @Test func modesOfTheGeneratorDoNotTouchAnImportedPicture() throws {
        let protector = try Material.protector()
        let input = try PNGEncoder.encode(Material.photo(width: 40, height: 40, layout: .rgb))
        let picture = try Material.file("e2e/fixtures/hats.png")
        let one = try protector.protect(
            input,
            ProtectionSettings(mode: .classWise),
            imported: picture
        )
        let other = try protector.protect(
            input,
            ProtectionSettings(mode: .sampleWise),
            imported: picture
        )
        #expect(one.file == other.file && other.report.mode == .sampleWise)
    }

    @Test func aBrokenPictureIsNotTakenForAFaultOfThePhoto() throws {
        let input = try PNGEncoder.encode(Material.photo(width: 40, height: 40, layout: .rgb))
        let picture = try Material.file("e2e/fixtures/hats.png")
        for broken in [[], Array("no picture".utf8), Array(picture.prefix(picture.count / 2))] {
            let error = #expect(throws: ImageFailure.self) {
                try Material.protector().protect(input, imported: broken)
            }
            #expect(error?.code == "semantic_image_unreadable")
        }
    }

    // MARK: - The cache

    @Test func aSecretIsMadeOnceForASizeUntilOthersPushItOut() throws {
        func picture(_ name: String) -> SHA256Digest { SHA256.hash(Array(name.utf8)) }
        // Room for two secrets of 2 x 2 pixels: of each, twice twelve floats.
        let cache = SecretCache(maxBytes: 2 * 96)
        let network = try HidingNetwork(
            weights: Material.file("DeepHidingTests/Fixtures/random-weights.safetensors")
        )
        let made = Mutex<[String]>([])
        func look(_ name: String, side: Int = 2) throws -> SHA256Digest {
            try cache.secret(
                SecretCache.Key(
                    part: .imported(picture(name)),
                    mask: nil,
                    width: side,
                    height: side
                )
            ) {
                made.withLock { $0.append("\(name)\(side)") }
                let gray = UInt8(name.utf8.reduce(0, &+))
                let samples = [UInt8](repeating: gray, count: 4)
                let picture = Photo(width: 2, height: 2, layout: .gray, samples: samples)
                return try Secret(
                    .imported(HashedBytes(PNGEncoder.encode(picture))),
                    width: side,
                    height: side,
                    limits: ImageLimits(),
                    by: network
                )
            }.sha256
        }
        let a = try look("a")
        _ = try look("b")
        #expect(try look("a") == a)
        #expect(made.withLock { $0 } == ["a2", "b2"])
        // The third pushes out b, which was used longest ago.
        #expect(try look("c") != a)
        #expect(try look("a") == a)
        #expect(made.withLock { $0 } == ["a2", "b2", "c2"])
        _ = try look("b")
        #expect(made.withLock { $0 } == ["a2", "b2", "c2", "b2"])
        // What is too large for the cache is made each time, and pushes nothing out.
        _ = try look("a", side: 9)
        _ = try look("a", side: 9)
        #expect(try look("a") == a)
        #expect(made.withLock { $0 } == ["a2", "b2", "c2", "b2", "a9", "a9"])
    }
}
