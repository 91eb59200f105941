import Archive
import BlobStorage
import FoundationEssentials
import HTTPTypes
import JobModel
import LocalBlobs
import Queue
import Testing

@testable import HTTPAPI

@Suite("POST /v1/jobs with archives")
struct ArchiveUploadTests {
    private struct Images: Decodable {
        struct Failure: Decodable { let code: String }
        struct Image: Decodable {
            let source: String
            let file: String?
            let `class`: String?
            let state: String
            let error: Failure?
        }
        let images: [Image]
    }

    private struct Shown: Decodable {
        struct Count: Decodable {
            let `class`: String
            let images: Int
        }
        struct PassedOver: Decodable {
            let total: Int
            let reasons: [String: Int]
            let examples: [String]
        }
        let classes: [Count]
        let passedOver: PassedOver?
        let failures: [Images.Image]
    }

    private struct Refusal: Decodable {
        struct Fault: Decodable { let source, code, detail: String }
        let faults: [Fault]
        let faultsTotal: Int
    }

    /// A ZIP of stored files, by the module's writing side.
    private func zip(_ files: [(name: String, bytes: [UInt8])]) throws -> [UInt8] {
        let entries = files.map {
            ZIPEntry(name: $0.name, size: UInt64($0.bytes.count), crc32: CRC32.checksum($0.bytes))
        }
        let layout = try ZIPLayout(entries: entries)
        return files.enumerated().flatMap { layout.localHeader(at: $0) + $1.bytes }
            + layout.trailer()
    }

    private func send(
        _ fixture: Fixture,
        _ body: [UInt8],
        type: String = "application/zip",
        query: String = ""
    ) async throws -> Answer {
        try await fixture.send(.post, "/v1/jobs\(query)", fields: [.contentType: type], body: body)
    }

    @Test("Folders are classes before the query's, and equal names are numbered")
    func classes() async throws {
        let fixture = try await Fixture()
        let body = try zip([
            ("a/one.jpg", [1]), ("two.jpg", [2]), ("a/x/one.png", [3]), ("a/.hidden", [4]),
        ])
        let answer = try await send(fixture, body, query: "?class=b")
        #expect(answer.status == 202)
        let path = try #require(answer.fields[.location])
        let images = try await fixture.send(.get, "\(path)/images").json(Images.self).images
        #expect(images.map(\.file) == ["a/one.png", "b/two.png", "a/one-2.png"])
        #expect(try fixture.blobs.list().count == 3)
    }

    @Test("More images than are sealed at once are all filed, and equal bytes once")
    func many() async throws {
        let fixture = try await Fixture()
        let body = try zip((0..<100).map { ("a/\($0).png", [UInt8($0 / 2)]) })
        let answer = try await send(fixture, body)
        #expect(answer.status == 202)
        let path = try #require(answer.fields[.location])
        #expect(
            try await fixture.send(.get, "\(path)/images").json(Images.self).images.count == 100
        )
        #expect(try fixture.blobs.list().count == 50)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: fixture.folder + "/tmp").isEmpty
        )
    }

    @Test("An archive that is refused at its last byte leaves no row, no blob and no file")
    func nothingLeft() async throws {
        let fixture = try await Fixture()
        let body = try zip([("a/one.jpg", [1]), ("a/two.jpg", [2])])
        #expect(try await send(fixture, Array(body.dropLast())).code == "archive_truncated")
        #expect(try await send(fixture, body + [0]).code == "archive_invalid")
        #expect(
            try await send(fixture, try zip([("one.jpg", [1]), ("two.jpg", [2])])).code
                == "class_missing"
        )
        #expect(
            try await send(fixture, try zip([("\(Self.long)/one.jpg", [1])])).code
                == "class_invalid"
        )
        #expect(try fixture.blobs.list().isEmpty)
        #expect(try await fixture.store.statistics().images.total == 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: fixture.folder + "/tmp")
        #expect(files.isEmpty)
    }

    @Test(
        "Wrapper folders are passed through, and the answer lists the classes and what was passed over"
    )
    func wrappers() async throws {
        let fixture = try await Fixture()
        let body = try zip([
            ("Takeout/Google Photos/Rome/1.jpg", [1]),
            ("Takeout/Google Photos/Rome/1.jpg.json", [123]),
            ("Takeout/Google Photos/oslo/fjord/2.heic", [2]),
            ("Takeout/Google Photos/oslo/fjord/2.MOV", [3]),
            ("Takeout/archive_browser.html", [4]), ("__MACOSX/Takeout/._Google Photos", [5]),
            ("Takeout/Google Photos/Rome/3.jpg", [6]), ("Takeout/notes", Array("no picture".utf8)),
            ("Takeout/Google Photos/Rome/bare", [0xFF, 0xD8, 0xFF, 0xE0]),
        ])
        let answer = try await send(fixture, body, query: "?class=other")
        #expect(answer.status == 202)
        let shown = try answer.json(Shown.self)
        #expect(
            shown.classes.map(\.class) == ["Rome", "oslo"] && shown.classes.map(\.images) == [3, 1]
        )
        #expect(shown.passedOver?.total == 5)
        #expect(shown.passedOver?.reasons == ["sidecar": 2, "video": 1, "system": 1, "other": 1])
        #expect(
            shown.passedOver?.examples.contains("Takeout/Google Photos/oslo/fjord/2.MOV") == true
        )
        let path = try #require(answer.fields[.location])
        let images = try await fixture.send(.get, "\(path)/images").json(Images.self).images
        #expect(images.map(\.file) == ["Rome/1.png", "oslo/2.png", "Rome/3.png", "Rome/bare.png"])
        #expect(images[1].source == "Takeout/Google Photos/oslo/fjord/2.heic")
        // What is passed over leaves no file.
        #expect(try fixture.blobs.list().count == 4)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: fixture.folder + "/tmp").isEmpty
        )
        // A job that lost nothing says nothing, and a list does not repeat it.
        let plain = try await send(fixture, try zip([("a/one.jpg", [9])])).json(Shown.self)
        #expect(plain.passedOver == nil)
        #expect(try await fixture.send(.get, "/v1/jobs").text.contains("passed_over") == false)
        #expect(try await fixture.send(.get, path).json(Shown.self).passedOver?.total == 5)
    }

    @Test("One loose photo and one bad folder fail alone, by their paths, and the rest is done")
    func faultsAlone() async throws {
        let fixture = try await Fixture()
        let body = try zip([
            ("loose 1.jpg", [1]), ("cats/a.jpg", [2]), ("\(Self.long)/b.jpg", [3]),
            ("loose 2.jpg", [4]),
            ("cats/e.jpg", []),
        ])
        let answer = try await send(fixture, body)
        #expect(answer.status == 202)
        let shown = try answer.json(Shown.self)
        #expect(
            shown.failures.map(\.error?.code) == [
                "class_missing", "class_invalid", "class_missing", "image_empty",
            ]
        )
        #expect(
            shown.failures.map(\.source) == [
                "loose 1.jpg", "\(Self.long)/b.jpg", "loose 2.jpg", "cats/e.jpg",
            ]
        )
        #expect(shown.failures.map(\.file) == [nil, nil, nil, "cats/e.png"])
        #expect(shown.failures.map(\.class) == [nil, nil, nil, "cats"])
        #expect(shown.classes.map(\.images) == [2])
        #expect(try fixture.blobs.list().count == 1)
        try await fixture.work()
        let path = try #require(answer.fields[.location])
        let archive = try await fixture.send(.get, "\(path)/archive.zip")
        #expect(archive.status == 200 && archive.text.contains("\"source\" : \"loose 1.jpg\""))
        let events = try await fixture.send(.get, "\(path)/events").text
        #expect(
            events.contains("\"source\":\"cats/a.jpg\"")
                && events.contains("\"source\":\"loose 2.jpg\"")
        )
    }

    @Test(
        "Where no photo can be taken all faults are told at once, the first hundred by their paths"
    )
    func faultsOfAll() async throws {
        let fixture = try await Fixture()
        let few = try await send(
            fixture,
            try zip([
                ("one.jpg", [1]), ("\(Self.long)/two.jpg", [2]), ("ok/three.jpg", []),
                ("x.mov", [3]),
            ])
        )
        #expect((few.status, few.code) == (400, "class_missing"))
        let refusal = try few.json(Refusal.self)
        #expect(
            refusal.faults.map(\.source) == ["one.jpg", "\(Self.long)/two.jpg", "ok/three.jpg"]
        )
        #expect(refusal.faults.map(\.code) == ["class_missing", "class_invalid", "image_empty"])
        #expect(refusal.faultsTotal == 3)
        let many = try await send(fixture, try zip((0..<250).map { ("\($0).jpg", [UInt8($0)]) }))
            .json(Refusal.self)
        #expect(
            many.faults.map(\.source) == (0..<100).map { "\($0).jpg" } && many.faultsTotal == 250
        )
        // A name that leads elsewhere is named, and refuses all.
        let hostile = try await send(
            fixture,
            Self.tar(["a/one.jpg", "../two\u{1B}.jpg"]),
            type: "application/x-tar"
        )
        #expect((hostile.status, hostile.code) == (400, "archive_member_invalid"))
        #expect(try hostile.json(Refusal.self).faults.map(\.source) == ["../two\u{FFFD}.jpg"])
        // What holds no photo says what it has.
        let none = try await send(fixture, try zip([("a/b.mov", [1]), ("a/b.json", [1])]))
        #expect(
            none.code == "job_empty"
                && none.text.contains("2 files were passed over: 1 video, 1 sidecar.")
        )
        #expect(try fixture.blobs.list().isEmpty)
        #expect(try await fixture.store.statistics().images.total == 0)
    }

    /// A folder by which no class can be called.
    private static let long = String(repeating: "x", count: ClassLabel.maxLength + 1)

    /// A tar of empty files in the format of Unix version 7.
    private static func tar(_ names: [String]) -> [UInt8] {
        let blocks = names.flatMap { name in
            var block = [UInt8](repeating: 0, count: 512)
            block.replaceSubrange(0..<name.utf8.count, with: Array(name.utf8))
            block.replaceSubrange(124..<136, with: Array("00000000000\0".utf8))
            block.replaceSubrange(148..<156, with: Array("        ".utf8))
            let digits = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
            let sum = String(repeating: "0", count: 6 - digits.count) + digits + "\0 "
            block.replaceSubrange(148..<156, with: Array(sum.utf8))
            return block
        }
        return blocks + [UInt8](repeating: 0, count: 1024)
    }

    @Test(
        "How it is packed does not count for an Idempotency-Key, and an answer that is given again is the same"
    )
    func idempotency() async throws {
        let fixture = try await Fixture()
        func post(_ files: [(name: String, bytes: [UInt8])]) async throws -> Answer {
            let fields: HTTPFields = [.contentType: "application/zip", .idempotencyKey: "k"]
            return try await fixture.send(.post, "/v1/jobs", fields: fields, body: try zip(files))
        }
        let first = try await post([("a/1.jpg", [1]), ("2.jpg", [2])])
        let again = try await post([("w/a/1.jpg", [1]), ("w/2.jpg", [2]), ("w/3.mov", [3])])
        #expect(
            first.status == 202 && again.code == "idempotency_key_reused",
            "w holds a photo itself, and is the class"
        )
        let same = try await post([("a/1.jpg", [1]), ("2.jpg", [2]), ("3.mov", [3])])
        #expect(same.fields[.idempotentReplayed] == "true" && same.text == first.text)
    }

    @Test("The types of archives, and those that are compressed")
    func types() async throws {
        let fixture = try await Fixture()
        let body = try zip([("a/one.jpg", [1])])
        #expect(try await send(fixture, body, type: "application/x-zip-compressed").status == 202)
        #expect(
            try await send(fixture, body, type: "application/x-tar").code == "archive_truncated"
        )
        #expect(try await send(fixture, [], type: "application/tar").code == "archive_truncated")
        for type in ["application/gzip", "application/x-gzip", "application/zstd"] {
            let answer = try await send(fixture, body, type: type)
            #expect((answer.status, answer.code) == (415, "archive_compressed"))
        }
        #expect(
            try await send(fixture, body, type: "application/x-rar").code
                == "media_type_unsupported"
        )
    }
}
