import Cryptography
import FoundationEssentials
import Testing

@testable import JobModel

@Suite struct SettingsTests {
    @Test func `The standard settings are those of the contract`() throws {
        let settings = try ProtectionSettings()
        #expect(settings == .standard)
        #expect(settings.mode == .sampleWise)
        #expect(settings.strength == 8)
        #expect(settings.clip)
        #expect(settings.workingSize == nil)
        #expect(settings.mask == .auto)
        #expect(settings.bound(bitDepth: 8) == 8 && settings.bound(bitDepth: 16) == 2056)
        #expect(try ProtectionSettings(strength: 3, clip: false).bound(bitDepth: 16) == nil)
    }

    @Test func `Settings without those of a method are written as before`() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(ProtectionSettings.standard), as: UTF8.self)
        #expect(
            text == #"{"clip":true,"mask":"auto","metadata":"strip","mode":"sample-wise","#
                + #""strength":8}"#
        )
    }

    @Test func `A method's settings are read, written and completed`() throws {
        let level = MethodSetting("level", values: 1...4, standard: 1)
        let rounds = MethodSetting("rounds", values: -2...9, standard: 5)
        let read = try MethodSettings(parsing: "rounds:-2,level:3")
        #expect(read.description == "level:3,rounds:-2")
        #expect(read[level] == 3 && read[rounds] == -2)
        #expect(MethodSettings.standard[rounds] == 5 && MethodSettings.standard.description.isEmpty)
        let settings = try ProtectionSettings(ofMethod: read)
        let again = try JSONDecoder().decode(
            ProtectionSettings.self,
            from: try JSONEncoder().encode(settings)
        )
        #expect(again == settings && settings != .standard)
        let method = MethodID(rawValue: "noise")
        try read.check(against: [level, rounds], of: method)
        for declared in [
            [], [level], [rounds], [MethodSetting("level", values: 1...2, standard: 1), rounds],
        ] {
            #expect(throws: SettingsFault.self) { try read.check(against: declared, of: method) }
        }
    }

    @Test(arguments: [#"{"Level":1}"#, #"{"level":1.5}"#, #"{"":1}"#, #"[1]"#])
    func `Malformed settings of a method are refused`(text: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(MethodSettings.self, from: Data(text.utf8))
        }
    }

    @Test(arguments: [1, 16]) func `Strengths at the ends are taken`(strength: Int) throws {
        #expect(try ProtectionSettings(strength: strength).strength == strength)
    }

    @Test(arguments: [0, 17, -8, Int.max]) func `Strengths outside are refused`(strength: Int) {
        let fault = #expect(throws: SettingsFault.self) {
            try ProtectionSettings(strength: strength)
        }
        #expect(fault?.code == .strengthInvalid)
    }

    @Test(arguments: [63, 1025, 0]) func `Working sizes outside are refused`(size: Int) {
        let fault = #expect(throws: SettingsFault.self) {
            try ProtectionSettings(workingSize: size)
        }
        #expect(fault?.code == .workingSizeInvalid)
    }

    @Test func `Modes are read by their names alone`() throws {
        #expect(try ProtectionMode(parsing: "class-wise") == .classWise)
        #expect(try ProtectionMode(parsing: "sample-wise") == .sampleWise)
        #expect(throws: SettingsFault.self) { try ProtectionMode(parsing: "Class-Wise") }
    }

    @Test func `Masks are read by their names alone`() throws {
        for (name, mask) in [("auto", Mask.auto), ("photo", .photo), ("none", .unmasked)] {
            #expect(try Mask(parsing: name) == mask)
        }
        for name in ["", "None", "unmasked", "nil", "photo "] {
            let fault = #expect(throws: SettingsFault.self) { try Mask(parsing: name) }
            #expect(fault?.code == .maskInvalid && fault?.code.rawValue == "mask_invalid")
            #expect(fault?.detail == "The mask must be auto, photo or none.")
        }
    }

    // swift-format-ignore
    @Test
    func `Unless it is asked for, pictures of up to 64 pixels on their short side are not masked`()
    {
        #expect(Mask.auto.applied(width: 64, height: 4000) == .unmasked)
        #expect(Mask.auto.applied(width: 4000, height: 64) == .unmasked)
        #expect(Mask.auto.applied(width: 65, height: 65) == .photo)
        #expect(Mask.auto.applied(width: 65, height: 64) == .unmasked)
        #expect(Mask.photo.applied(width: 1, height: 1) == .photo)
        #expect(Mask.unmasked.applied(width: 4000, height: 3000) == .unmasked)
    }

    @Test func `Settings have the documented JSON`() throws {
        let json =
            #"{"clip":false,"mask":"photo","metadata":"strip","mode":"sample-wise","strength":4,"working_size":128}"#
        let settings = try ProtectionSettings(
            strength: 4,
            clip: false,
            workingSize: 128,
            mask: .photo
        )
        #expect(try encoded(settings) == json)
        #expect(try decoded(ProtectionSettings.self, json) == settings)
    }

    @Test func `A model is in the JSON only where it was named`() throws {
        let named = try ProtectionSettings(model: ModelName(rawValue: "wide-2.1_b"))
        let json = try encoded(named)
        #expect(json.contains(#""model":"wide-2.1_b""#))
        #expect(try decoded(ProtectionSettings.self, json) == named)
        #expect(ProtectionSettings.standard.model == nil)
        #expect(try !encoded(ProtectionSettings.standard).contains("model"))
        let hostile = json.replacing("wide-2.1_b", with: "../b")
        #expect(throws: DecodingError.self) { try decoded(ProtectionSettings.self, hostile) }
    }

    @Test func `A model's name has 1 to 64 letters, digits, hyphens, underscores and dots`() {
        for name in ["a", "Z9", "-", "a.b_c-d", String(repeating: "x", count: 64)] {
            #expect(ModelName(rawValue: name)?.rawValue == name)
        }
        for name in ["", "a b", "a/b", "ä", "a\n", String(repeating: "x", count: 65)] {
            #expect(ModelName(rawValue: name) == nil)
        }
    }

    @Test func `A request's model is one of those that there are`() throws {
        let names = ["a", "b", "c"].compactMap(ModelName.init)
        #expect(try ModelName(parsing: "b", among: names).rawValue == "b")
        for name in ["", "B", "d", "a/b"] {
            let fault = #expect(throws: SettingsFault.self) {
                try ModelName(parsing: name, among: names)
            }
            #expect(fault?.code.rawValue == "model_unknown")
            #expect(fault?.detail == "The model must be a, b or c.")
        }
    }

    @Test func `Settings of versions without a mask have none, not today's standard`() throws {
        let json =
            #"{"clip":true,"metadata":"strip","mode":"sample-wise","strength":8,"working_size":128}"#
        let settings = try decoded(ProtectionSettings.self, json)
        #expect(settings.mask == .unmasked)
        #expect(try settings == ProtectionSettings(workingSize: 128, mask: .unmasked))
    }

    @Test(arguments: [
        #"{"clip":false,"mode":"sample-wise","strength":99,"working_size":128}"#,
        #"{"clip":false,"mode":"other","strength":4,"working_size":128}"#,
        #"{"clip":false,"metadata":"some","mode":"sample-wise","strength":4,"working_size":128}"#,
        #"{"clip":false,"mask":"all","mode":"sample-wise","strength":4,"working_size":128}"#,
        #"{"clip":false,"mode":"sample-wise","working_size":128}"#,
    ]) func `JSON cannot smuggle settings past their ranges`(json: String) {
        #expect(throws: (any Error).self) { try decoded(ProtectionSettings.self, json) }
    }

    @Test func `Seeds keep all their 64 bits in JSON`() throws {
        let assignment = ClassAssignment(
            generatorVersion: 1,
            familySeed: .max,
            classIndex: 7,
            textureSeed: 9_007_199_254_740_993
        )
        let json =
            #"{"class_index":7,"family_seed":"18446744073709551615","generator_version":1,"texture_seed":"9007199254740993"}"#
        #expect(try encoded(assignment) == json)
        #expect(try decoded(ClassAssignment.self, json) == assignment)
        #expect(throws: (any Error).self) {
            try decoded(ClassAssignment.self, json.replacing("18446744073709551615", with: "-1"))
        }
    }

    @Test func `A part is one key in JSON, and nothing else is a part`() throws {
        let assignment = ClassAssignment(
            generatorVersion: 1,
            familySeed: 2,
            classIndex: 3,
            textureSeed: 4
        )
        let json = #"{"class_index":3,"family_seed":"2","generator_version":1,"texture_seed":"4"}"#
        let generated = ArtefactPart<Int>.generated(assignment)
        #expect(try encoded(generated) == #"{"generated":\#(json)}"#)
        #expect(try decoded(ArtefactPart<Int>.self, #"{"generated":\#(json)}"#) == generated)
        #expect(try encoded(ArtefactPart.imported(7)) == #"{"imported":7}"#)
        #expect(try decoded(ArtefactPart<Int>.self, #"{"imported":7}"#) == .imported(7))
        for other in [
            "{}", "7", #"{"generated":\#(json),"imported":7}"#, #"{"imported":null}"#,
            #"{"imported":"7"}"#,
        ] {
            #expect(throws: (any Error).self, "\(other)") {
                try decoded(ArtefactPart<Int>.self, other)
            }
        }
    }

    @Test func `Only an imported part is mapped`() {
        let assignment = ClassAssignment(
            generatorVersion: 1,
            familySeed: 2,
            classIndex: 3,
            textureSeed: 4
        )
        #expect(
            ArtefactPart<Int>.generated(assignment).mapImported(String.init)
                == .generated(assignment)
        )
        #expect(ArtefactPart.imported(5).mapImported { $0 + 1 } == .imported(6))
    }

    @Test
    func
        `Class-wise takes the first imported picture, sample-wise the one that the file determines`()
    {
        let photos = (0..<4).map { SHA256.hash([UInt8($0)]) }
        let three = ClassArtefact.imported(count: 3)
        #expect(
            photos.map { three.part(for: $0, mode: .classWise) }
                == Array(repeating: .imported(0), count: 4)
        )
        // Computed with Python's hashlib by the formula of `SHA256Digest.sampleSeed`.
        #expect(
            photos.map { three.part(for: $0, mode: .sampleWise) }
                == [2, 0, 0, 0].map { .imported($0) }
        )
        #expect(
            ClassArtefact.imported(count: 1).part(for: photos[0], mode: .sampleWise) == .imported(0)
        )
    }

    @Test func `Sample-wise a photo has a texture of its own in its class's place`() {
        let assignment = ClassAssignment(
            generatorVersion: 2,
            familySeed: 2,
            classIndex: 3,
            textureSeed: 4
        )
        let (photo, generated) = (SHA256.hash([]), ClassArtefact.generated(assignment))
        #expect(generated.part(for: photo, mode: .classWise) == .generated(assignment))
        let own = ClassAssignment(
            generatorVersion: 2,
            familySeed: 2,
            classIndex: 3,
            textureSeed: 18_280_476_048_639_606_842
        )
        #expect(generated.part(for: photo, mode: .sampleWise) == .generated(own))
    }

    @Test func `A report has the documented JSON and survives the way there and back`() throws {
        var report = try Self.report()
        let json = try encoded(report)
        #expect(
            json
                == #"{"artefact_sha256":"dd","bit_depth":8,"bound":8,"class":"cats","clip":true,"format":"png","height":48,"#
                + #""input_format":"jpeg","input_sha256":"aa","left_out":[],"linf":7,"luminance_only":false,"mask":"photo","metadata":"strip","#
                + #""method":"deep-hiding","mode":"class-wise","model_sha256":"bb","output_sha256":"cc","#
                + #""psnr":34.5,"semantic_image_sha256":"dd","ssim":0.75,"strength":8,"width":64,"working_height":32,"#
                + #""working_width":40}"#
        )
        #expect(try decoded(ProtectionReport.self, json) == report)
        let earlier = json.replacing(#""artefact_sha256":"dd","bit_depth":8,"#, with: "")
            .replacing(#""method":"deep-hiding","#, with: "").replacing(
                #""metadata":"strip","#,
                with: ""
            )
            .replacing(#""left_out":[],"#, with: "").replacing(#""mask":"photo","#, with: "")
        #expect(try decoded(ProtectionReport.self, earlier).mask == .unmasked)
        report.mask = .unmasked
        #expect(try decoded(ProtectionReport.self, earlier) == report)
        #expect(try encoded(report).contains(#""mask":"none""#))
        for other in ["auto", "unmasked"] {
            let json = json.replacing(#""mask":"photo""#, with: #""mask":"\#(other)""#)
            #expect(throws: (any Error).self) { try decoded(ProtectionReport.self, json) }
        }
        (report.bitDepth, report.metadata) = (16, .copyright)
        report.leftOut = [LeftOut(part: "icc_profile", reason: "damaged")]
        #expect(
            try encoded(report).contains(#""left_out":[{"part":"icc_profile","reason":"damaged"}]"#)
        )
        #expect(try decoded(ProtectionReport.self, encoded(report)) == report)
        report.method = MethodID(rawValue: "another")
        let another = try encoded(report)
        #expect(
            another.contains(#""method":"another""#) && !another.contains("semantic_image_sha256")
        )
        #expect(try decoded(ProtectionReport.self, another) == report)
        report.psnr = .infinity
        report.bound = nil
        let unbounded = try encoded(report)
        #expect(unbounded.contains(#""psnr":null"#) && unbounded.contains(#""bound":null"#))
        #expect(try decoded(ProtectionReport.self, unbounded) == report)
    }

    static func report() throws -> ProtectionReport {
        ProtectionReport(
            width: 64,
            height: 48,
            mode: .classWise,
            strength: 8,
            clip: true,
            mask: .photo,
            bound: 8,
            maxAbsoluteDifference: 7,
            psnr: 34.5,
            ssim: 0.75,
            label: try ClassLabel("cats"),
            artefactSHA256: "dd",
            modelSHA256: "bb",
            inputSHA256: "aa",
            outputSHA256: "cc",
            inputFormat: "jpeg",
            luminanceOnly: false,
            workingWidth: 40,
            workingHeight: 32
        )
    }
}

private func encoded(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

private func decoded<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(json.utf8))
}
