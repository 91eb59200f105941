import Archive
import BlobStore
import FoundationEssentials
import HTTPTypes
import JobModel
import JobStore
import Testing

@testable import Service

@Suite("POST /v1/jobs with archives")
struct ArchiveUploadTests {
    private struct Images: Decodable {
        struct Image: Decodable { let file, state: String }
        let images: [Image]
    }

    /// A ZIP of stored files, by the module's writing side.
    private func zip(_ files: [(name: String, bytes: [UInt8])]) throws -> [UInt8] {
        let entries = files.map {
            ZIPEntry(name: $0.name, size: UInt64($0.bytes.count), crc32: CRC32.checksum($0.bytes))
        }
        let layout = try ZIPLayout(entries: entries)
        return files.enumerated().flatMap { layout.localHeader(at: $0) + $1.bytes } + layout.trailer()
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
        let body = try zip([("a/one.jpg", [1]), ("two.jpg", [2]), ("a/x/one.png", [3]), ("a/.hidden", [4])])
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
        #expect(try await fixture.send(.get, "\(path)/images").json(Images.self).images.count == 100)
        #expect(try fixture.blobs.list().count == 50)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder + "/tmp").isEmpty)
    }

    @Test("An archive that is refused at its last byte leaves no row, no blob and no file")
    func nothingLeft() async throws {
        let fixture = try await Fixture()
        let body = try zip([("a/one.jpg", [1]), ("a/two.jpg", [2])])
        #expect(try await send(fixture, Array(body.dropLast())).code == "archive_truncated")
        #expect(try await send(fixture, body + [0]).code == "archive_invalid")
        #expect(try await send(fixture, try zip([("a/one.jpg", [1]), ("two.jpg", [2])])).code == "class_missing")
        let invisible = try zip([("a/one.jpg", [1]), ("b\u{200B}/two.jpg", [2])])
        #expect(try await send(fixture, invisible).code == "class_invalid")
        #expect(try fixture.blobs.list().isEmpty)
        #expect(try await fixture.store.statistics().images.total == 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: fixture.folder + "/tmp")
        #expect(files.isEmpty)
    }

    @Test("The types of archives, and those that are compressed")
    func types() async throws {
        let fixture = try await Fixture()
        let body = try zip([("a/one.jpg", [1])])
        #expect(try await send(fixture, body, type: "application/x-zip-compressed").status == 202)
        #expect(try await send(fixture, body, type: "application/x-tar").code == "archive_truncated")
        #expect(try await send(fixture, [], type: "application/tar").code == "archive_truncated")
        for type in ["application/gzip", "application/x-gzip", "application/zstd"] {
            let answer = try await send(fixture, body, type: type)
            #expect((answer.status, answer.code) == (415, "archive_compressed"))
        }
        #expect(try await send(fixture, body, type: "application/x-rar").code == "media_type_unsupported")
    }
}
