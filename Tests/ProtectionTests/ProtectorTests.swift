import Cryptography
import DeepHiding
import Glibc
import Imaging
import JobModel
import SemanticImages
import Testing

@testable import Protection

@Suite struct ProtectorTests {
    /// The report against what the delivered file holds, counted again here.
    @Test(arguments: [
        "e2e/fixtures/parrots.jpg", "e2e/fixtures/hats.png",
        "ImagingTests/Fixtures/palette_alpha.png",
    ])
    func theReportIsTrue(path: String) throws {
        let input = try Material.file(path)
        let protected = try Material.protector().protect(input, ProtectionSettings(mask: .unmasked))
        let (before, after) = (
            try PhotoDecoder.decode(input), try PhotoDecoder.decode(protected.file)
        )
        let report = protected.report
        #expect(report.width == after.width && report.height == after.height)
        #expect(
            before.width == after.width && before.height == after.height
                && before.layout == after.layout
        )
        #expect(before.iccProfile == after.iccProfile)

        var largest = 0, squares = 0
        let channels = before.layout.channels
        for index in before.samples.indices {
            let change = abs(Int(before.samples[index]) - Int(after.samples[index]))
            if before.layout.hasAlpha && index % channels == channels - 1 {
                #expect(change == 0)
            } else {
                (largest, squares) = (max(largest, change), squares + change * change)
            }
        }
        let mean =
            Double(squares) / Double(before.width * before.height * before.layout.colorChannels)
        #expect(largest == 8 && report.maxAbsoluteDifference == 8 && report.bound == 8)
        #expect(abs(report.psnr - 10 * log10(255 * 255 / mean)) < 1e-9)
        #expect(report.ssim > 0.3 && report.ssim < 1)
        #expect(report.outputSHA256 == SHA256.hash(protected.file).hex)
        #expect(report.inputSHA256 == SHA256.hash(input).hex)
        #expect(
            report.modelSHA256 == "6d1dbf2b324fb1eb24737b9e8bd02ada1bc7d912c7980e261c2bfbc78145934d"
        )
        #expect(report.inputFormat == (path.hasSuffix("jpg") ? "jpeg" : "png"))
        #expect(
            report.label.text == "hats" && report.mode == .sampleWise && report.strength == 8
                && report.clip
        )
        #expect(!report.luminanceOnly)
        #expect(min(report.workingWidth, report.workingHeight) <= 256)
    }

    /// Every call, on any thread, gives the same bytes.
    @Test func theBytesAreAlwaysTheSame() async throws {
        let protector = try Material.protector()
        let input = try Material.file("e2e/fixtures/plane.jpg")
        let settings = try ProtectionSettings(workingSize: 64)
        let first = try protector.protect(input, settings)
        let others = try await withThrowingTaskGroup(of: ProtectedImage.self) { group in
            for _ in 0..<4 { group.addTask { try Material.protector().protect(input, settings) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for other in others { #expect(other.file == first.file && other.report == first.report) }
        #expect(others.count == 4)
        #expect(
            others.allSatisfy {
                $0.durations.map { $0.isPlausible(within: 600) && $0.network > 0 } == true
            }
        )
    }

    /// At the photo's own size the samples are those of the network's output, bounded and rounded in double precision.
    @Test func theSamplesAreTheNetworks() throws {
        let photo = Material.photo(width: 33, height: 21, layout: .rgb)
        let weights = try Material.file("DeepHidingTests/Fixtures/random-weights.safetensors")
        let network = try HidingNetwork(weights: weights)
        let input = try PNGEncoder.encode(photo)
        let assignment = Material.assignment()
        let secret = try SemanticImageGenerator.image(
            familySeed: assignment.familySeed,
            classIndex: assignment.classIndex,
            textureSeed: SHA256.hash(input).sampleSeed(assignment.textureSeed),
            width: 33,
            height: 21
        )
        let hidden = network.hide(cover: photo.planarRGB(scaledTo: 33, height: 21), secret: secret)
        let protector = Protector(method: DeepHidingMethod(network: network))
        let protected = try PhotoDecoder.decode(protector.protect(input).file)
        for index in photo.samples.indices {
            let sample = Double(photo.samples[index])
            let wanted = Double(hidden.samples[index % 3 * 33 * 21 + index / 3]) * 255
            let exact = min(max(min(max(wanted, sample - 8), sample + 8), 0), 255)
            #expect(abs(Double(protected.samples[index]) - exact) <= 0.501)
        }
    }

    @Test func settingsAndAssignmentCount() throws {
        let protector = try Material.protector()
        let input = try PNGEncoder.encode(Material.photo(width: 80, height: 70, layout: .rgb))
        let first = try protector.protect(input)
        #expect(
            try protector.protect(input, .standard, Material.assignment(classIndex: 4)).file
                != first.file
        )
        #expect(
            try protector.protect(input, .standard, Material.assignment(textureSeed: 10)).file
                != first.file
        )
        let weak = try protector.protect(input, ProtectionSettings(strength: 2))
        // Of two levels blue keeps 0.6 * 2 = 1.2.
        #expect(weak.report.maxAbsoluteDifference == 1 && weak.report.bound == 2)
        #expect(weak.report.psnr > first.report.psnr)
        let soft = try protector.protect(input, ProtectionSettings(clip: false))
        #expect(soft.report.bound == nil && soft.report.maxAbsoluteDifference > 8)
        let small = try protector.protect(input, ProtectionSettings(workingSize: 64))
        #expect(small.report.workingWidth == 73 && small.report.workingHeight == 64)
        #expect(small.file != first.file)
    }

    @Test func theModesChooseTheTexture() throws {
        let protector = try Material.protector()
        let one = try PNGEncoder.encode(Material.photo(width: 40, height: 40, layout: .rgb))
        let other = try PNGEncoder.encode(Material.photo(width: 40, height: 40, layout: .rgba))
        let classWise = try ProtectionSettings(mode: .classWise)
        let sampleWise = try ProtectionSettings(mode: .sampleWise)
        let hashes = try [one, other].map { input in
            (
                classWise: try protector.protect(input, classWise).report.artefactSHA256,
                sampleWise: try protector.protect(input, sampleWise).report.artefactSHA256
            )
        }
        #expect(hashes[0].classWise == hashes[1].classWise)
        #expect(Set(hashes.map(\.sampleWise) + [hashes[0].classWise]).count == 3)
        #expect(
            try protector.protect(one, sampleWise).file == protector.protect(one, sampleWise).file
        )
    }

    // MARK: - Kinds of pictures

    @Test(arguments: PixelLayout.allCases)
    func layoutProfileAndAlphaAreKept(layout: PixelLayout) throws {
        let profile = try PhotoDecoder.decode(Material.file("ImagingTests/Fixtures/icc.jpg"))
            .iccProfile
        #expect(profile != nil)
        let photo = Material.photo(
            width: 50,
            height: 30,
            layout: layout,
            profile: layout.colorChannels == 3 ? profile : nil
        )
        let protected = try Material.protector().protect(PNGEncoder.encode(photo))
        let after = try PhotoDecoder.decode(protected.file)
        #expect(after.layout == layout)
        #expect(after.iccProfile == photo.iccProfile)
        #expect(protected.report.luminanceOnly == (layout.colorChannels == 1))
        #expect(after.samples != photo.samples)
        if layout.hasAlpha {
            // The first row is transparent.
            let row = photo.width * layout.channels
            #expect(after.samples.prefix(row) == photo.samples.prefix(row))
            let alphas = stride(
                from: layout.colorChannels,
                to: photo.samples.count,
                by: layout.channels
            )
            #expect(alphas.allSatisfy { after.samples[$0] == photo.samples[$0] })
        }
    }

    @Test(arguments: [(1, 1), (1, 2), (3, 1), (2, 2), (5, 3), (1, 300), (300, 2)])
    func theSmallestPicturesAreProtected(width: Int, height: Int) throws {
        let photo = Material.photo(width: width, height: height, layout: .rgb)
        let protected = try Material.protector().protect(PNGEncoder.encode(photo))
        #expect(protected.report.width == width && protected.report.height == height)
        #expect(protected.report.maxAbsoluteDifference <= 8)
    }

    // MARK: - Refusals

    @Test(arguments: [
        ("ImagingTests/Fixtures/cmyk_profile.jpg", "image_cmyk_unsupported"),
        ("e2e/fixtures/README.md", "image_unsupported"),
    ])
    func whatIsNotReadIsNamed(path: String, code: String) throws {
        let input = try Material.file(path)
        let error = #expect(throws: ImageFailure.self) { try Material.protector().protect(input) }
        #expect(error?.code == code)
    }

    @Test func emptyTruncatedAndTooLargeAreNamed() throws {
        let photo = try Material.file("e2e/fixtures/plane.jpg")
        var limits = ImageLimits()
        // What the queue counts and what decoders allow is the same.
        #expect(limits.maxPixels == ImageCost.maxPixels)
        limits.maxPixels = 1000
        let small = try Material.protector(limits: limits)
        for (protector, input, code) in [
            (try Material.protector(), [], "image_empty"),
            (try Material.protector(), Array(photo.prefix(photo.count / 2)), "image_truncated"),
            (small, photo, "image_too_large"),
        ] {
            let error = #expect(throws: ImageFailure.self) { try protector.protect(input) }
            #expect(error?.code == code)
        }
    }

    /// A picture that would come back as it was is not called protected.
    @Test(arguments: [
        ProtectionSettings.standard, try? ProtectionSettings(strength: 16, clip: false),
    ])
    func whatCannotBeChangedIsRefused(settings: ProtectionSettings?) throws {
        let samples = [UInt8](repeating: 90, count: 40 * 30 * 4).enumerated().map {
            $0 % 4 == 3 ? 0 : $1
        }
        let clear = Photo(width: 40, height: 30, layout: .rgba, samples: samples, iccProfile: nil)
        let error = #expect(throws: ImageFailure.self) {
            try Material.protector().protect(PNGEncoder.encode(clear), try #require(settings))
        }
        #expect(error?.code == "image_unchanged")
        #expect(error?.detail.contains("transparent") == true)
    }

    @Test func anAssignmentOfAnUnknownGeneratorIsRefused() throws {
        let input = try PNGEncoder.encode(Material.photo(width: 8, height: 8, layout: .rgb))
        let error = #expect(throws: ImageFailure.self) {
            try Material.protector().protect(input, .standard, Material.assignment(version: 99))
        }
        #expect(error?.code == "semantic_image_version_unknown")
    }

    @Test func weightsThatOverflowAreAnError() throws {
        // The largest finite exponent in the place of every weight's: sums overflow to infinity.
        var weights = try Material.file("DeepHidingTests/Fixtures/random-weights.safetensors")
        let header = 8 + Int(weights[0..<8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
        for at in stride(from: header, to: weights.count, by: 4) { weights[at + 3] = 0x7E }
        let protector = Protector(
            method: DeepHidingMethod(network: try HidingNetwork(weights: weights))
        )
        let input = try PNGEncoder.encode(Material.photo(width: 20, height: 20, layout: .rgb))
        let error = #expect(throws: ImageFailure.self) { try protector.protect(input) }
        #expect(error?.code == "network_not_finite")
    }
}
