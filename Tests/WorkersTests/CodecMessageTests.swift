import Cryptography
import Foundation
import JobModel
import Testing

@testable import Workers

@Suite("What is said in frames")
struct CodecMessageTests {
    private func request(_ json: String, body: [UInt8]) throws(CodecFault) -> CodecRequest {
        try CodecRequest(CodecFrame(header: Array(json.utf8), body: body))
    }

    private func answer(_ json: String, body: [UInt8] = []) throws(CodecFault) -> CodecAnswer {
        try CodecAnswer(CodecFrame(header: Array(json.utf8), body: body))
    }

    private func entry(id: Int, bytes: Int) -> String {
        """
        {"id": \(id), "bytes": \(bytes), "label": "cats",
         "settings": {"mode": "class-wise", "strength": 8, "clip": true, "working_size": 256},
         "assignment": {"generator_version": 1, "family_seed": "18446744073709551615", "class_index": 3,
         "texture_seed": "42"}}
        """
    }

    @Test("A request is read as the protocol writes it")
    func readsRequest() throws {
        let json = "{\"type\": \"protect\", \"images\": [\(entry(id: 0, bytes: 2)), \(entry(id: 1, bytes: 0))]}"
        #expect(try request(json, body: [7, 8]).images == [Material.image([7, 8]), Material.image([])])
    }

    @Test("A request comes back as it was sent")
    func roundTrips() throws {
        let sample = try ProtectionSettings(mode: .sampleWise, strength: 16, clip: false, workingSize: 64)
        let sent = CodecRequest(images: [Material.image([1]), Material.image([2, 3], settings: sample)])
        let frame = CodecFrame(header: try sent.encodedHeader(), body: [1, 2, 3])
        #expect(try CodecRequest(frame) == sent)
    }

    @Test("Hostile requests are refused")
    func refusesRequests() {
        let one = entry(id: 0, bytes: 2)
        let many = (0..<65).map { entry(id: $0, bytes: 0) }.joined(separator: ",")
        let hostile: [(String, [UInt8])] = [
            ("", []), ("[]", []), ("{\"type\": \"protect\", \"images\": []}", []),
            ("{\"type\": \"reveal\", \"images\": [\(one)]}", [1, 2]),
            ("{\"type\": \"protect\", \"images\": [\(one)]}", [1]),
            ("{\"type\": \"protect\", \"images\": [\(one)]}", [1, 2, 3]),
            ("{\"type\": \"protect\", \"images\": [\(entry(id: 1, bytes: 2))]}", [1, 2]),
            ("{\"type\": \"protect\", \"images\": [\(entry(id: 0, bytes: -1))]}", []),
            ("{\"type\": \"protect\", \"images\": [\(entry(id: 0, bytes: Int.max)), \(entry(id: 1, bytes: 9))]}", []),
            ("{\"type\": \"protect\", \"images\": [\(many)]}", []),
            ("{\"type\": \"protect\", \"images\": [\(one.replacing("\"cats\"", with: "\"../x\""))]}", [1, 2]),
            ("{\"type\": \"protect\", \"images\": [\(one.replacing("8,", with: "17,"))]}", [1, 2]),
        ]
        for (json, body) in hostile {
            #expect(throws: CodecFault.self, "\(json)") { try request(json, body: body) }
        }
    }

    @Test("Answers are read as the protocol writes them")
    func readsAnswers() throws {
        let hash = String(repeating: "ab", count: 32)
        #expect(
            try answer("{\"type\": \"ready\", \"model_sha256\": \"\(hash)\", \"pid\": 12}")
                == .ready(modelSHA256: try #require(SHA256Digest(hex: hash)), pid: 12)
        )
        #expect(
            try answer("{\"type\": \"failed\", \"id\": 5, \"code\": \"image_empty\", \"detail\": \"Nothing.\"}")
                == .failed(id: 5, ImageFailure(code: "image_empty", detail: "Nothing."))
        )
        #expect(
            try answer("{\"type\": \"unready\", \"code\": \"a\", \"detail\": \"b\"}")
                == .unready(ImageFailure(code: "a", detail: "b"))
        )
    }

    @Test("Hostile answers are refused")
    func refusesAnswers() {
        for json in [
            "{}", "null", "{\"type\": \"protected\", \"id\": 0}", "{\"type\": \"failed\", \"id\": 0, \"code\": \"a\"}",
            "{\"type\": \"ready\", \"model_sha256\": \"ab\", \"pid\": 1}",
            "{\"type\": \"failed\", \"id\": 0, \"code\": \"A B\", \"detail\": \"\"}",
            "{\"type\": \"failed\", \"id\": 0, \"code\": \"\", \"detail\": \"\"}",
            "{\"type\": \"failed\", \"id\": 1e99, \"code\": \"a\", \"detail\": \"\"}",
            String(repeating: "[", count: 100_000),
        ] {
            #expect(throws: CodecFault.self, "\(json.prefix(80))") { try answer(json) }
        }
        #expect(throws: CodecFault.self) {
            try answer("{\"type\": \"failed\", \"id\": 0, \"code\": \"a\", \"detail\": \"b\"}", body: [1])
        }
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
        let picture = CodecAnswerCheckTests.png
        let answers: [CodecAnswer] = [
            .ready(modelSHA256: SHA256.hash([]), pid: 1),
            .unready(ImageFailure(code: "a", detail: "b")),
            .protected(id: 2, report: CodecAnswerCheckTests.report, png: picture),
            .failed(id: 3, ImageFailure(code: "a", detail: "b")),
        ]
        for answer in answers { #expect(try CodecAnswer(answer.frame()) == answer) }
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
