import FoundationEssentials
import Testing

@testable import JobModel

@Suite("How protected pictures are delivered")
struct OutputSettingsTests {
    private func json(_ settings: ProtectionSettings) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(settings), as: UTF8.self)
    }

    @Test("Settings without an output have the text of earlier releases, and so the fingerprint")
    func standardAddsNothing() throws {
        let text = """
            {"clip":true,"mask":"auto","metadata":"strip","mode":"sample-wise","strength":8}
            """
        #expect(try json(.standard) == text)
        let decoded = try JSONDecoder().decode(ProtectionSettings.self, from: Data(text.utf8))
        #expect(decoded == .standard && decoded.output.format == .png)
    }

    @Test("A lossy output names all that it consists of, and comes back the same")
    func lossyIsExplicit() throws {
        let jpeg = try json(
            ProtectionSettings(output: OutputSettings(format: .jpeg, maxSide: 2048))
        )
        for part in [
            #""chroma":"4:4:4""#, #""format":"jpeg""#, #""max_side":2048"#, #""quality":92"#,
        ] {
            #expect(jpeg.contains(part))
        }
        for output in [
            try OutputSettings(format: .jpeg, quality: 1, chroma: .half),
            try OutputSettings(format: .webp, quality: 100, maxSide: 64),
            try OutputSettings(maxSide: 16_383),
        ] {
            let given = try ProtectionSettings(output: output)
            let text = Data(try json(given).utf8)
            #expect(try JSONDecoder().decode(ProtectionSettings.self, from: text) == given)
        }
        #expect(try OutputSettings(format: .webp).chroma == .half)
    }

    @Test(
        "What does not fit is refused by the name of the value",
        arguments: [
            (OutputFormat.png, 92, nil, nil, SettingsFault.Code.qualityInvalid),
            (.png, nil, .full, nil, .chromaInvalid), (.png, nil, .half, nil, .chromaInvalid),
            (.jpeg, 0, nil, nil, .qualityInvalid), (.jpeg, 101, nil, nil, .qualityInvalid),
            (.webp, nil, .full, nil, .chromaInvalid), (.webp, nil, nil, 63, .maxSideInvalid),
            (.png, nil, nil, 16_384, .maxSideInvalid),
        ] as [(OutputFormat, Int?, ChromaSampling?, Int?, SettingsFault.Code)]
    )
    func refuses(
        format: OutputFormat,
        quality: Int?,
        chroma: ChromaSampling?,
        maxSide: Int?,
        code: SettingsFault.Code
    ) {
        let fault = #expect(throws: SettingsFault.self) {
            try OutputSettings(format: format, quality: quality, chroma: chroma, maxSide: maxSide)
        }
        #expect(fault?.code == code)
    }

    @Test("Texts that are no format or chroma are refused by their names")
    func refusesTexts() {
        for text in ["", "jpg", "JPEG", "gif"] {
            let fault = #expect(throws: SettingsFault.self) { try OutputFormat(parsing: text) }
            #expect(fault?.code == .formatInvalid)
        }
        for text in ["", "444", "4:2:2"] {
            let fault = #expect(throws: SettingsFault.self) { try ChromaSampling(parsing: text) }
            #expect(fault?.code == .chromaInvalid)
        }
    }

    @Test("Only a lossless format has a bound; the samples keep it in any")
    func boundsOnlyPNG() throws {
        let jpeg = try ProtectionSettings(strength: 5, output: OutputSettings(format: .jpeg))
        #expect(jpeg.bound(bitDepth: 8) == nil && jpeg.sampleBound(bitDepth: 8) == 5)
        let png = try ProtectionSettings(strength: 5, output: OutputSettings(maxSide: 100))
        #expect(png.bound(bitDepth: 8) == 5 && png.bound(bitDepth: 16) == 5 * 257)
    }
}
