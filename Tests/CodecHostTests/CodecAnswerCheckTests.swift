import CodecHarness
import Cryptography
import JobModel
import Testing

@testable import CodecHost

@Suite("Answers are compared with what the parent can see")
struct CodecAnswerCheckTests {
    private func clause(
        _ change: (inout ProtectionReport) -> Void = { _ in },
        png: [UInt8] = Material.png
    ) -> String? {
        var report = Material.report
        change(&report)
        let check = CodecAnswerCheck(image: Material.image(), model: Material.loaded)
        return check.contradiction(in: report, file: png).clause
    }

    @Test("The truth passes")
    func acceptsTruth() {
        #expect(clause() == nil)
        #expect(clause { $0.psnr = .infinity } == nil)
        #expect(
            clause { $0.leftOut = [LeftOut(part: "icc_profile", reason: "wrong_color_space")] }
                == nil
        )
    }

    @Test("Every lie is found")
    func findsLies() throws {
        let other = try ClassLabel("dogs")
        let lies: [(inout ProtectionReport) -> Void] = [
            { $0.width = 3 }, { $0.height = 2 }, { $0.mode = .classWise }, { $0.strength = 16 },
            { $0.clip = false },
            { $0.bound = nil }, { $0.bound = 255 }, { $0.maxAbsoluteDifference = 9 },
            { $0.maxAbsoluteDifference = -1 },
            { $0.maxAbsoluteDifference = 0 }, { $0.bitDepth = 16 }, { $0.bitDepth = 99 },
            { $0.metadata = .all },
            { $0.mask = .photo },
            { $0.leftOut = [LeftOut(part: "<b>", reason: "damaged")] },
            { $0.leftOut = [LeftOut(part: "exif", reason: "")] },
            { $0.leftOut = Array(repeating: LeftOut(part: "exif", reason: "damaged"), count: 17) },
            { $0.psnr = 0 }, { $0.psnr = .nan }, { $0.ssim = 2 }, { $0.ssim = .nan },
            { $0.label = other },
            { $0.artefactSHA256 = "x" }, { $0.modelSHA256 = String(repeating: "0", count: 64) },
            { $0.method = MethodID(rawValue: "class-noise") },
            { $0.inputSHA256 = String(repeating: "0", count: 64) },
            { $0.outputSHA256 = String(repeating: "0", count: 64) }, { $0.inputFormat = "a\nb" },
            { $0.workingWidth = 0 }, { $0.workingHeight = -1 },
        ]
        for (index, lie) in lies.enumerated() { #expect(clause(lie) != nil, "lie \(index)") }
    }

    @Test("The mask is the one that was asked for, and auto is what the picture's size makes of it")
    func checksTheMask() throws {
        for (mask, side, applied) in [
            (Mask.auto, 64, AppliedMask.unmasked), (.auto, 65, .photo), (.photo, 64, .photo),
            (.unmasked, 65, .unmasked),
        ] {
            var png = Material.png
            png.replaceSubrange(16..<24, with: [0, 0, 0, UInt8(side), 0, 0, 0, 200])
            var report = Material.report
            (report.width, report.height, report.outputSHA256) = (side, 200, SHA256.hash(png).hex)
            let image = Material.image(settings: try ProtectionSettings(mask: mask))
            let check = CodecAnswerCheck(image: image, model: Material.loaded)
            for other in AppliedMask.allCases {
                report.mask = other
                let clause = check.contradiction(in: report, file: png).clause
                #expect(
                    clause == (other == applied ? nil : "the report is about other settings"),
                    "\(mask) \(side)"
                )
            }
        }
    }

    @Test(
        "In 16 bits the bound is 257 times as many values, and a depth that is not written here is none"
    )
    func countsInSixteenBits() {
        var png = Material.png
        png[24] = 16
        func clause(_ bound: Int?, _ difference: Int) -> String? {
            self.clause(
                {
                    ($0.bitDepth, $0.bound, $0.maxAbsoluteDifference) = (16, bound, difference)
                    $0.outputSHA256 = SHA256.hash(png).hex
                },
                png: png
            )
        }
        #expect(clause(2056, 2056) == nil)
        #expect(clause(2056, 2057) == "the change is larger than its bound")
        #expect(clause(8, 8) == "the report is about other settings")
        png[24] = 4
        #expect(clause(2056, 2056) == "the picture is not a PNG")
    }

    @Test("Sizes that nobody can multiply, or that no picture may have, are refused")
    func refusesHugeSizes() {
        for sides in [
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0x80, 0, 0, 0, 0x80, 0],
        ] as [[UInt8]] {
            var png = Material.png
            png.replaceSubrange(16..<24, with: sides)
            let clause = clause(
                {
                    $0.width = sides[..<4].reduce(0) { $0 << 8 | Int($1) }
                    $0.height = sides[4...].reduce(0) { $0 << 8 | Int($1) }
                    $0.outputSHA256 = SHA256.hash(png).hex
                },
                png: png
            )
            #expect(clause?.contains("more pixels") == true)
        }
    }

    @Test("A semantic image that no honest codec makes is found")
    func findsOtherSemanticImages() {
        #expect(ImportedPictureCheck.contradiction(in: Material.png) == nil)
        for side in [16..<20, 20..<24] {
            var picture = Material.png
            picture.replaceSubrange(side, with: [0, 0, 4, 0])
            #expect(ImportedPictureCheck.contradiction(in: picture) == nil)
            picture.replaceSubrange(side, with: [0, 0, 4, 1])
            #expect(
                ImportedPictureCheck.contradiction(in: picture)
                    == "the picture is larger than asked for"
            )
        }
        let filler = [UInt8](repeating: 0, count: 3_342_336)
        let long = Array(Material.png.dropLast(12)) + filler + Array(Material.png.suffix(12))
        #expect(
            ImportedPictureCheck.contradiction(in: long) == "the picture is larger than asked for"
        )
        for file in [[], Array(Material.png.dropLast()), Material.png + [0], filler] {
            #expect(ImportedPictureCheck.contradiction(in: file) == "the picture is not a PNG")
        }
    }

    @Test("What is no whole PNG is found even when its hash is right")
    func findsOtherFiles() {
        var noSignature = Material.png
        noSignature[0] = 0
        var empty = Material.png
        empty[19] = 0
        for file in [[], noSignature, empty, Array(Material.png.dropLast()), Material.png + [0]] {
            #expect(
                clause({ $0.outputSHA256 = SHA256.hash(file).hex }, png: file)
                    == "the picture is not a PNG"
            )
        }
    }
}
