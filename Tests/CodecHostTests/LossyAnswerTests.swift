import CodecHarness
import CodecProtocol
import Cryptography
import FoundationEssentials
import JobModel
import Testing

@testable import CodecHost

@Suite("Answers with lossy pictures are compared with what the parent can see")
struct LossyAnswerTests {
    private static let tests = #filePath.split(separator: "/").dropLast(2).reduce("") {
        $0 + "/" + $1
    }

    private static func file(_ path: String) throws -> [UInt8] {
        try #require(
            FileManager.default.contents(atPath: "\(tests)/\(path)").map { [UInt8]($0) }
        )
    }

    private func clause(
        _ file: [UInt8],
        _ output: OutputSettings,
        _ change: (inout ProtectionReport) -> Void = { _ in }
    ) throws -> String? {
        var image = Material.image()
        let given = image.settings
        image.settings = try ProtectionSettings(
            mode: given.mode,
            strength: given.strength,
            mask: given.mask,
            output: output
        )
        var report = Material.report
        report.output = output
        report.bound = image.settings.bound(bitDepth: 8)
        report.lossless = LosslessFigures(bound: given.strength, maxAbsoluteDifference: 1)
        report.maxAbsoluteDifference = 90
        report.outputSHA256 = SHA256.hash(file).hex
        let size = DeliveredHeader(file, in: output.format)
        (report.width, report.height) = (size?.width ?? 0, size?.height ?? 0)
        report.mask = image.settings.mask.applied(width: report.width, height: report.height)
        change(&report)
        let check = CodecAnswerCheck(image: image, model: Material.loaded)
        return check.contradiction(in: report, file: file).clause
    }

    @Test(
        "The truth passes",
        arguments: [
            ("e2e/fixtures/parrots.jpg", OutputFormat.jpeg),
            ("ImagingTests/Fixtures/turned.webp", .webp),
        ]
    )
    func acceptsTruth(path: String, format: OutputFormat) throws {
        #expect(try clause(Self.file(path), OutputSettings(format: format)) == nil)
    }

    @Test("Every lie is found")
    func findsLies() throws {
        let file = try Self.file("e2e/fixtures/parrots.jpg")
        let jpeg = try OutputSettings(format: .jpeg)
        let lies: [(inout ProtectionReport) -> Void] = [
            { $0.width += 1 }, { $0.bitDepth = 16 }, { $0.bound = 8 }, { $0.lossless = nil },
            { $0.lossless?.bound = nil }, { $0.lossless?.maxAbsoluteDifference = 0 },
            { $0.lossless?.maxAbsoluteDifference = 9 }, { $0.maxAbsoluteDifference = 256 },
            { $0.maxAbsoluteDifference = 0 }, { $0.output = .standard },
        ]
        for (index, lie) in lies.enumerated() {
            #expect(try clause(file, jpeg, lie) != nil, "lie \(index)")
        }
        #expect(try clause(file, OutputSettings(format: .webp)) != nil)
        #expect(try clause(file, OutputSettings(format: .jpeg, maxSide: 64)) != nil)
        #expect(try clause(Array(file.dropLast()), jpeg) != nil)
        let webp = try Self.file("ImagingTests/Fixtures/turned.webp")
        #expect(try clause(webp + [0, 0], OutputSettings(format: .webp)) != nil)
    }
}
