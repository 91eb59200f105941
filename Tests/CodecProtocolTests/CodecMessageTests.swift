import CodecHarness
import Cryptography
import Foundation
import JobModel
import Testing

@testable import CodecProtocol

@Suite("What is said in frames")
struct CodecMessageTests {
    private func request(_ json: String, body: [UInt8]) throws(CodecFault) -> CodecRequest {
        try CodecRequest(CodecFrame(header: Array(json.utf8), body: body))
    }

    private func answer(_ json: String, body: [UInt8] = []) throws(CodecFault) -> CodecAnswer {
        try CodecAnswer(CodecFrame(header: Array(json.utf8), body: body))
    }

    private func entry(id: Int, bytes: Int, source: String = generated) -> String {
        """
        {"id": \(id), "bytes": \(bytes), "label": "cats",
         "settings": {"mode": "sample-wise", "strength": 8, "clip": true, "mask": "auto"},
         "artefact": \(source)}
        """
    }

    private static let generated = """
        {"generated": {"generator_version": 2, "family_seed": "18446744073709551615", "class_index": 3,
         "texture_seed": "42"}}
        """

    private func protect(_ images: String, imported: String = "") -> String {
        "{\"type\": \"protect\", \"imported\": [\(imported)], \"images\": [\(images)]}"
    }

    @Test("A request is read as the protocol writes it")
    func readsRequest() throws {
        let json = protect("\(entry(id: 0, bytes: 2)), \(entry(id: 1, bytes: 0))")
        #expect(
            try request(json, body: [7, 8])
                == .protect([Material.image([7, 8]), Material.image([])])
        )
    }

    @Test("A request comes back as it was sent")
    func roundTrips() throws {
        let other = try ProtectionSettings(
            mode: .classWise,
            strength: 16,
            clip: false,
            workingSize: 64,
            mask: .photo
        )
        let protect = CodecRequest.protect([
            Material.image([1]), Material.image([2, 3], settings: other),
        ])
        let shared = CodecRequest.protect([Material.image([6])], threads: CodecRequest.maxThreads)
        for (sent, body) in [
            (protect, [1, 2, 3]), (shared, [6]), (.importPicture([4, 5]), [4, 5]),
        ]
            as [(CodecRequest, [UInt8])]
        {
            let encoded = try sent.encoded()
            #expect(encoded.body.flatMap(\.self) == body)
            #expect(try CodecRequest(CodecFrame(header: encoded.header, body: body)) == sent)
        }
    }

    @Test("Threads that are not named are one, and only some numbers are granted")
    func readsThreads() throws {
        func read(_ threads: String) throws -> CodecRequest {
            let fields = "\"imported\": [], \"images\": [\(entry(id: 0, bytes: 1))]"
            return try request("{\"type\": \"protect\", \(threads)\(fields)}", body: [1])
        }
        let images = [Material.image([1])]
        #expect(try read("") == .protect(images, threads: 1))
        #expect(try read("\"threads\": 2, ") == .protect(images, threads: 2))
        for threads in ["0", "-1", "5", "1e9", "\"2\"", "[]"] {
            #expect(throws: CodecFault.self) { try read("\"threads\": \(threads), ") }
        }
    }

    @Test("Imported pictures stand once before the images that name them")
    func readsImported() throws {
        let images = [("0", 2), ("1", 1), ("0", 0)].enumerated().map { index, image in
            entry(id: index, bytes: image.1, source: "{\"imported\": \(image.0)}")
        }
        let json = protect(
            (images + [entry(id: 3, bytes: 1)]).joined(separator: ","),
            imported: "{\"bytes\": 3}, {\"bytes\": 1}"
        )
        let read = try request(json, body: [1, 2, 3, 4, 10, 11, 12, 13])
        let expected = CodecRequest.protect([
            Material.image([10, 11], imported: [1, 2, 3]), Material.image([12], imported: [4]),
            Material.image([], imported: [1, 2, 3]), Material.image([13]),
        ])
        #expect(read == expected)
        // And is written as it was read.
        #expect(try read.encoded().body == [[1, 2, 3], [4], [10, 11], [12], [], [13]])
    }

    @Test("Hostile lists of imported pictures are refused")
    func refusesImported() {
        let one = entry(id: 0, bytes: 1, source: "{\"imported\": 0}")
        let hostile: [(String, [UInt8])] = [
            (protect(one), [1]),
            (protect(one, imported: "{\"bytes\": 3}"), [1, 2, 3]),
            (protect(one, imported: "{\"bytes\": 3}"), [1, 2, 3, 4, 5]),
            (protect(one, imported: "{\"bytes\": -1}"), [1]),
            (protect(one, imported: "{\"bytes\": \(Int.max)}"), [1]),
            (protect(one, imported: "{\"bytes\": 1}, {\"bytes\": 1}"), [1, 2, 3]),
            (protect(entry(id: 0, bytes: 1), imported: "{\"bytes\": 1}"), [1, 2]),
            (
                protect(
                    entry(id: 0, bytes: 1, source: "{\"imported\": 1}"),
                    imported: "{\"bytes\": 1}"
                ), [1, 2]
            ),
            (
                protect(
                    entry(id: 0, bytes: 1, source: "{\"imported\": -1}"),
                    imported: "{\"bytes\": 1}"
                ), [1, 2]
            ),
            (protect(entry(id: 0, bytes: 1, source: "{}"), imported: "{\"bytes\": 1}"), [1, 2]),
            ("{\"type\": \"protect\", \"images\": [\(entry(id: 0, bytes: 1))]}", [1]),
            ("{\"type\": \"protect\", \"imported\": []}", [1]),
            ("{\"type\": \"import\", \"images\": [\(one)]}", [1]),
            ("{\"type\": \"import\", \"imported\": [{\"bytes\": 1}]}", [1]),
        ]
        for (json, body) in hostile {
            #expect(throws: CodecFault.self, "\(json)") { try request(json, body: body) }
        }
        #expect(throws: Never.self) {
            try request(protect(one, imported: "{\"bytes\": 3}"), body: [1, 2, 3, 4])
        }
    }

    @Test("Hostile requests are refused")
    func refusesRequests() {
        let one = entry(id: 0, bytes: 2)
        let many = (0..<65).map { entry(id: $0, bytes: 0) }.joined(separator: ",")
        let hostile: [(String, [UInt8])] = [
            ("", []), ("[]", []), (protect(""), []),
            (protect(one).replacing("protect", with: "reveal"), [1, 2]),
            (protect(one), [1]), (protect(one), [1, 2, 3]),
            (protect(entry(id: 1, bytes: 2)), [1, 2]),
            (protect(entry(id: 0, bytes: -1)), []),
            (protect("\(entry(id: 0, bytes: Int.max)), \(entry(id: 1, bytes: 9))"), []),
            (protect(many), []),
            (protect(one.replacing("\"cats\"", with: "\"../x\"")), [1, 2]),
            (protect(one.replacing("8,", with: "17,")), [1, 2]),
        ]
        for (json, body) in hostile {
            #expect(throws: CodecFault.self, "\(json)") { try request(json, body: body) }
        }
    }

    private func setting(_ name: String, _ values: String, _ standard: Int) -> String {
        #"{"name": "\#(name)", "values": \#(values), "default": \#(standard)}"#
    }

    private func model(
        _ hash: String,
        name: String = "a.1",
        method: String = "deep-hiding",
        settings: String = "",
        statement: String = #""licence": "", "photo_mask": "channels""#
    ) -> String {
        #"{"name": "\#(name)", "method": "\#(method)", "settings": [\#(settings)], "#
            + #""model_sha256": "\#(hash)", \#(statement)}"#
    }

    private func ready(_ model: String) -> String {
        #"{"type": "ready", "models": [\#(model)], "pid": 1}"#
    }

    @Test("Answers are read as the protocol writes them")
    func readsAnswers() throws {
        let hash = String(repeating: "ab", count: 32)
        let sha256 = try #require(SHA256Digest(hex: hash))
        let loaded = LoadedModel(name: Material.name("a.1"), method: .deepHiding, sha256: sha256)
        #expect(
            try answer(
                "{\"type\": \"ready\", \"models\": [\(model(hash)), \(model(hash))], \"pid\": 12}"
            )
                == .ready(models: [loaded, loaded], pid: 12)
        )
        let level = model(hash, settings: setting("level", "[1, 4]", 2))
        let answered = try answer("{\"type\": \"ready\", \"models\": [\(level)], \"pid\": 12}")
        let declared = MethodSetting("level", values: 1...4, standard: 2)
        #expect(
            answered
                == .ready(
                    models: [
                        LoadedModel(
                            name: Material.name("a.1"),
                            method: .deepHiding,
                            settings: [declared],
                            sha256: sha256
                        )
                    ],
                    pid: 12
                )
        )
        #expect(
            try answer(
                "{\"type\": \"failed\", \"id\": 5, \"code\": \"image_empty\", \"detail\": \"Nothing.\"}"
            )
                == .failed(id: 5, ImageFailure(code: "image_empty", detail: "Nothing."))
        )
        #expect(
            try answer("{\"type\": \"unready\", \"code\": \"a\", \"detail\": \"b\"}")
                == .unready(ImageFailure(code: "a", detail: "b"))
        )
    }

    @Test("Hostile answers are refused")
    func refusesAnswers() {
        let hash = String(repeating: "ab", count: 32)
        for json in [
            "{}", "null", "{\"type\": \"protected\", \"id\": 0}",
            "{\"type\": \"failed\", \"id\": 0, \"code\": \"a\"}",
            "{\"type\": \"ready\", \"pid\": 1}",
            "{\"type\": \"ready\", \"models\": [], \"pid\": 1}",
            ready(model("ab")),
            ready(model(hash, name: "../a")),
            ready(model(hash, method: "A B")),
            ready(model(hash, settings: "1")),
            ready(model(hash, settings: setting("A", "[1, 4]", 1))),
            ready(model(hash, settings: setting("a", "[4, 1]", 1))),
            ready(model(hash, settings: setting("a", "[1, 4]", 5))),
            ready(model(hash, statement: "\"licence\": \"\"")),
            ready(model(hash, statement: "\"licence\": \"\", \"photo_mask\": \"x\"")),
            ready(
                model(
                    hash,
                    statement: #""licence": "", "photo_mask": "channels", "recipe_sha256": "ab""#
                )
            ),
            "{\"type\": \"failed\", \"id\": 0, \"code\": \"A B\", \"detail\": \"\"}",
            "{\"type\": \"failed\", \"id\": 0, \"code\": \"\", \"detail\": \"\"}",
            "{\"type\": \"failed\", \"id\": 1e99, \"code\": \"a\", \"detail\": \"\"}",
            String(repeating: "[", count: 100_000),
        ] {
            #expect(throws: CodecFault.self, "\(json.prefix(80))") { try answer(json) }
        }
        #expect(throws: CodecFault.self) {
            try answer(
                "{\"type\": \"failed\", \"id\": 0, \"code\": \"a\", \"detail\": \"b\"}",
                body: [1]
            )
        }
    }

    @Test("Measured protections stand one after the other in the body of the greeting")
    func readsProtections() throws {
        let hash = String(repeating: "ab", count: 32)
        let stated =
            #""licence": "MIT\u001b", "photo_mask": "perceptual", "recipe_sha256": "\#(hash)""#
        let models = [model(hash), model(hash, statement: stated), model(hash)].joined(
            separator: ","
        )
        let json = #"{"type": "ready", "models": [\#(models)], "protections": [2, 0, 7], "pid": 1}"#
        let read = try answer(json, body: Array(#"{}{"a":1}"#.utf8))
        guard case .ready(let loaded, 1) = read else {
            Issue.record("\(read)")
            return
        }
        let texts = loaded.map {
            $0.statement.protection.map { String(decoding: $0.bytes, as: UTF8.self) }
        }
        #expect(texts == ["{}", nil, #"{"a":1}"#])
        #expect(loaded.map(\.statement.licence) == ["", "MIT ", ""])
        #expect(loaded.map(\.statement.photoMask) == [.channels, .perceptual, .channels])
        #expect(loaded.map(\.statement.recipeSHA256) == [nil, SHA256Digest(hex: hash), nil])
        #expect(try CodecAnswer(read.frame()) == read)
    }

    @Test("Hostile protections are refused")
    func refusesProtections() {
        let model = model(String(repeating: "ab", count: 32))
        let long = #"{"a":"\#("b".repeated(JSONObject.maxBytes))"}"#
        let hostile = [
            ("[2]", ""), ("[2]", "{"), ("[2]", "{}{}"), ("[0]", "{}"), ("[]", "{}"),
            ("[2, 2]", "{}{}"),
            ("[2]", "[]"), ("[4]", "null"), ("[3]", "{a}"), ("[-2]", "{}"), ("[\(Int.max)]", "{}"),
            ("[\(long.utf8.count)]", long),
        ]
        for (protections, body) in hostile {
            let json =
                #"{"type": "ready", "models": [\#(model)], "protections": \#(protections), "pid": 1}"#
            #expect(throws: CodecFault.self, "\(protections) \(body.prefix(9))") {
                try answer(json, body: Array(body.utf8))
            }
        }
    }

    @Test("The longest greeting is within the limits")
    func boundsGreeting() throws {
        let names = (10..<26).map { "\($0)" + "n".repeated(62) }
        let settings = (10..<26).map { number in
            MethodSetting("\(number)" + "s".repeated(30), values: .min ... .max, standard: .min)
        }
        let object = try #require(
            JSONObject(Array(#"{"a":"\#("b".repeated(JSONObject.maxBytes - 8))"}"#.utf8))
        )
        #expect(object.bytes.count == JSONObject.maxBytes)
        let models = names.map { name in
            LoadedModel(
                name: Material.name(name),
                method: MethodID(rawValue: "m".repeated(32)),
                settings: settings,
                sha256: Material.model,
                statement: WeightsStatement(
                    licence: "/".repeated(1 << 20),
                    photoMask: .perceptual,
                    recipeSHA256: Material.model,
                    protection: object
                )
            )
        }
        let frame = try CodecAnswer.ready(models: models, pid: .max).frame()
        let limits = CodecLimits().ofGreeting(models: models.count)
        #expect(frame.header.count <= limits.maxHeaderBytes)
        #expect(frame.body.count == limits.maxBodyBytes)
        #expect(try CodecAnswer(frame) == .ready(models: models, pid: .max))
    }

    @Test("A sentence of a codec is cut and freed of control characters")
    func cleansDetail() throws {
        let json =
            "{\"type\": \"failed\", \"id\": 0, \"code\": \"a\", \"detail\": \"x\\u001b[2J\\ny\\u202e\("é".repeated(400))\"}"
        guard case .failed(0, let failure) = try answer(json) else {
            Issue.record("another answer")
            return
        }
        #expect(failure.detail.hasPrefix("x [2J y é"))
        #expect(failure.detail.utf8.count <= 500 && failure.detail.utf8.count > 490)
    }

    @Test("Every answer survives its own frame")
    func answersRoundTrip() throws {
        let picture = Material.png
        let answers: [CodecAnswer] = [
            .ready(models: [Material.loaded], pid: 1),
            .unready(ImageFailure(code: "a", detail: "b")),
            .protected(
                id: 2,
                ProtectedImage(file: picture, report: Material.report, durations: nil)
            ),
            .protected(
                id: 0,
                ProtectedImage(
                    file: picture,
                    report: Material.report,
                    durations: StageDurations(decode: 0.25, network: 1.5, encode: 0.125)
                )
            ),
            .imported(png: picture),
            .failed(id: 3, ImageFailure(code: "a", detail: "b")),
        ]
        for answer in answers { #expect(try CodecAnswer(answer.frame()) == answer) }
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
