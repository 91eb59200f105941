import Cryptography
import DeepHiding
import Imaging
import JobModel
import Methods
import Testing

@testable import Protection

@Suite struct PerceptualBudgetTests {
    private let golden: SafetensorsFile

    init() throws {
        golden = try SafetensorsFile(
            Material.file("ProtectionTests/Fixtures/budget-golden.safetensors")
        )
    }

    private func image(_ name: String) throws -> PlanarImage {
        let tensor = try #require(golden.tensors[name])
        return PlanarImage(
            width: tensor.shape[2],
            height: tensor.shape[1],
            channels: 3,
            samples: golden.values(of: tensor)
        )
    }

    /// What the reference in Training allows, within two thousandths, which the table of the transfer
    /// function costs at its kink.
    @Test func theBudgetIsTheReferences() throws {
        let budget = PerceptualBudget(of: try image("cover"))
        let wanted = try image("amplitudes")
        let far = zip(budget.amplitudes.samples, wanted.samples).map { abs($0 / $1 - 1) }
        let worst = try #require(far.max())
        #expect(
            worst < 2e-3,
            "\(worst) at \(far.firstIndex(of: worst) ?? -1)"
        )
        let mean = wanted.samples.reduce(0, +) / Float(wanted.samples.count)
        #expect(abs(Float(budget.mean) / mean - 1) < 1e-3)
    }

    @Test func theLimitedChangeIsTheReferences() throws {
        var change = try image("change")
        PerceptualBudget(of: try image("cover"), strength: 0.5).limit(&change)
        let far = zip(change.samples, try image("limited").samples).map { abs($0 - $1) }
        #expect(try #require(far.max()) < 1e-5)
    }

    /// ΔE00 of 2 levels of luminance on gray 128 is 0.8, and of 4 levels of blue 2.4 (by formula).
    @Test func theDifferenceOfALevelIsThatOfCIELAB() {
        let gray: Float = 128.0 / 255
        let level = ColorDifference.shared.ofALevel(
            [gray, gray, gray],
            planeCount: 1,
            pixels: 0..<1
        )
        #expect(abs(2 * level.luminance[0] - 0.8) < 0.1 && abs(4 * level.blue[0] - 2.4) < 0.2)
    }

    @Test func textureOpensTheBudgetAndALoneEdgeDoesNot() {
        let side = 24
        func luminance(_ value: (_ x: Int, _ y: Int) -> Float) -> [Float] {
            let plane = (0..<side * side).map { value($0 % side, $0 / side) }
            let cover = PlanarImage(
                width: side,
                height: side,
                channels: 3,
                samples: plane + plane + plane
            )
            return Array(PerceptualBudget(of: cover).amplitudes.samples.prefix(side * side))
        }
        let even = luminance { _, _ in 0.5 }
        let edge = luminance { x, _ in x < 12 ? 0.45 : 0.55 }
        let checks = luminance { x, y in (x + y).isMultiple(of: 2) ? 0.45 : 0.55 }
        let middle = side * side / 2 + side / 2
        for column in 0..<side where column < 10 || column > 13 {
            #expect(abs(edge[side * 12 + column] / even[middle] - 1) < 0.25)
        }
        #expect(checks[middle] > 2 * even[middle])
    }

    // MARK: - In the whole

    /// The random weights, with metadata that names the perceptual mask.
    private func protector() throws -> Protector {
        try Material.protector(metadata: ["photo_mask": "perceptual"])
    }

    @Test func aMaskedPhotoKeepsTheBudget() throws {
        let input = try Material.file("e2e/fixtures/plane.jpg")
        let masked = try protector().protect(input)
        #expect(masked.report.mask == .photo && masked.report.bound == 8)
        #expect((1...5).contains(try #require(masked.report.maskMean)))
        #expect(1...8 ~= masked.report.maxAbsoluteDifference)

        let plain = try protector().protect(input, ProtectionSettings(mask: .unmasked))
        #expect(plain.report.mask == .unmasked && plain.report.maskMean == nil)
        #expect(plain.report.psnr < masked.report.psnr - 3)
    }

    @Test(arguments: [true, false])
    func theStrengthScalesTheBudget(clip: Bool) throws {
        let input = try Material.file("e2e/fixtures/plane.jpg")
        let (strong, weak) = (
            try protector().protect(input, ProtectionSettings(strength: 16, clip: clip)).report,
            try protector().protect(input, ProtectionSettings(strength: 2, clip: clip)).report
        )
        let means = (try #require(strong.maskMean), try #require(weak.maskMean))
        #expect(abs(means.0 / means.1 - 8) < 1e-3)
        #expect(strong.psnr < weak.psnr - 6)
    }

    @Test func grayPhotosGetTheLuminance() throws {
        let input = try PNGEncoder.encode(Material.photo(width: 90, height: 70, layout: .gray))
        let protected = try protector().protect(input)
        #expect(protected.report.luminanceOnly && protected.report.mask == .photo)
        #expect((1...5).contains(protected.report.maxAbsoluteDifference))
    }

    /// Without a mask, weights trained for this one have a soft bound: no change but a large one
    /// reaches the strength.
    @Test func withoutAMaskTheBoundIsSoft() throws {
        let input = try Material.file("e2e/fixtures/plane.jpg")
        let settings = try ProtectionSettings(mask: .unmasked)
        let soft = try protector().protect(input, settings).report
        let hard = try Material.protector().protect(input, settings).report
        #expect(soft.psnr > hard.psnr && soft.maxAbsoluteDifference <= 8)
    }

    @Test func theGainMultipliesTheProposal() throws {
        let cover = Material.noise(width: 24, height: 20, seed: 4)
        let part = ArtefactPart<HashedBytes>.generated(Material.assignment())
        func delta(_ metadata: KeyValuePairs<String, String>) throws -> [Float] {
            try Material.protector(metadata: metadata).method
                .delta(
                    for: cover,
                    of: ClassLabel("birds"),
                    artefact: part,
                    settings: .standard,
                    under: .photo
                ).planes.samples
        }
        #expect(try delta(["gain": "0.5"]) == delta([:]).map { 0.5 * $0 })
    }

    @Test func theWeightsDecideWhichSemanticImagesAreHidden() throws {
        let input = try Material.file("e2e/fixtures/plane.jpg")
        func hidden(_ metadata: KeyValuePairs<String, String>, version: Int) throws -> String {
            try Material.protector(metadata: metadata)
                .protect(input, .standard, Material.assignment(version: version)).report
                .artefactSHA256
        }
        let strokes = try hidden([:], version: 2)
        let collage = try hidden(["semantic_images": "3"], version: 2)
        #expect(collage != strokes)
        #expect(try hidden([:], version: 3) == collage)
        #expect(try hidden(["semantic_images": "2"], version: 3) == strokes)
    }
}
