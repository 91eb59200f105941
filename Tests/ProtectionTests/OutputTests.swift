import Imaging
import JobModel
import Testing

@testable import Protection

@Suite("Pictures for publishing")
struct OutputTests {
    private static let photo = "e2e/fixtures/parrots.jpg"

    private func settings(_ output: OutputSettings) throws -> ProtectionSettings {
        try ProtectionSettings(mask: .unmasked, output: output)
    }

    @Test(
        "The figures of a lossy picture are those of the file as it is decoded, counted again here",
        arguments: [OutputFormat.jpeg, .webp]
    )
    func measuresTheFile(format: OutputFormat) throws {
        let input = try Material.file(Self.photo)
        let output = try OutputSettings(format: format, maxSide: 100)
        let made = try Material.protector().protect(input, settings(output))
        let before = try PhotoDecoder.decode(input).shrunk(toFit: 100)
        let after = try PhotoDecoder.decode(made.file)
        #expect(after.sourceFormat.rawValue == format.rawValue)
        #expect(after.width == before.width && max(after.width, after.height) == 100)
        let largest = zip(before.samples, after.samples).map { abs(Int($0) - Int($1)) }.max()
        let report = made.report
        #expect(report.maxAbsoluteDifference == largest && report.bound == nil)
        #expect(report.lossless?.bound == 8 && report.lossless?.maxAbsoluteDifference == 8)
        #expect(report.width == 100 && report.output == output)
        #expect(report.agrees(with: try settings(output)))
    }

    @Test("A lossy picture is the PNG of the same settings, encoded")
    func encodesTheSamePicture() throws {
        let input = try Material.file(Self.photo)
        let protector = try Material.protector()
        let png = try PhotoDecoder.decode(
            protector.protect(input, settings(OutputSettings(maxSide: 90))).file
        )
        let made = try protector.protect(
            input,
            settings(OutputSettings(format: .jpeg, quality: 100, maxSide: 90))
        )
        let jpeg = try PhotoDecoder.decode(made.file)
        // At quality 100 only the conversion to YCbCr and back is left.
        let quality = ImageQuality(png, jpeg)
        #expect(quality.maxAbsoluteDifference <= 4 && quality.psnr > 45)
    }

    @Test("Equal input gives equal bytes in every format", arguments: OutputFormat.allCases)
    func isDeterministic(format: OutputFormat) throws {
        let input = try Material.file(Self.photo)
        let output = try OutputSettings(format: format, maxSide: 120)
        let protector = try Material.protector()
        let first = try protector.protect(input, settings(output))
        let second = try protector.protect(input, settings(output))
        #expect(first.file == second.file && first.report == second.report)
    }

    @Test("What a format cannot hold is in the report")
    func tellsWhatIsLost() throws {
        func left(_ path: String, _ format: OutputFormat) throws -> [LeftOut] {
            let output = try OutputSettings(format: format)
            return try Material.protector().protect(Material.file(path), settings(output)).report
                .leftOut
        }
        let alpha = LeftOut(part: "alpha", reason: "flattened_on_white")
        let depth = LeftOut(part: "sample_depth", reason: "not_carried")
        let transparent = "ImagingTests/Fixtures/palette_alpha.png"
        #expect(try left(transparent, .jpeg).contains(alpha))
        #expect(try !left(transparent, .webp).contains(alpha))
        #expect(try left("ImagingTests/Fixtures/rgb_16.png", .jpeg).contains(depth))
        #expect(try !left("ImagingTests/Fixtures/rgb_16.png", .png).contains(depth))
    }

    @Test("A copy is compared with the original at its size, whatever made it")
    func comparesCopies() throws {
        let input = try Material.file(Self.photo)
        let made = try Material.protector().protect(
            input,
            settings(OutputSettings(format: .webp, maxSide: 64))
        )
        let comparison = try PictureComparison(original: input, protected: made.file)
        #expect(comparison.format == .webp && max(comparison.width, comparison.height) == 64)
        #expect(
            comparison.quality.maxAbsoluteDifference == made.report.maxAbsoluteDifference
        )
        // A PNG of another size is another picture unless its report says to what it was scaled.
        let png = try Material.protector().protect(input, settings(OutputSettings(maxSide: 64)))
        #expect(throws: PictureComparison.Fault.self) {
            try PictureComparison(original: input, protected: png.file)
        }
        let scaled = try PictureComparison(original: input, protected: png.file, maxSide: 64)
        #expect(scaled.quality.maxAbsoluteDifference == 8 && scaled.format == .png)
    }
}
