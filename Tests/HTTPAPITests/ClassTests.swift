import BlobStorage
import Cryptography
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import LocalBlobs
import Queue
import Testing

@testable import HTTPAPI

@Suite("/v1/classes")
struct ClassTests {
    private static let path = "/v1/classes/cat/semantic-image"

    @Test("Without codecs a picture is refused, and nothing stays of it")
    func refusesWithoutCodecs() async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.send(.put, Self.path, body: Array("0".utf8))
        #expect((answer.status, answer.code) == (503, "codecs_unavailable"))
        #expect(answer.fields[.retryAfter] == "60")
        #expect(try await fixture.send(.get, "/v1/classes/cat").code == "class_unknown")
        #expect(try fixture.blobs.sweepTemporary() == 0)
        #expect(try await fixture.store.referencedBlobs().isEmpty)
    }

    @Test("A key that is revoked while its picture comes in has sent it in vain")
    func refusesRevokedKeys() async throws {
        let fixture = try await Fixture()
        let key = try #require(try await fixture.store.keys().first)
        let pieces = Pieces([Array("P1".utf8)]) { _ = try? await fixture.store.revokeKey(key.id) }
        let request = ServerRequest(
            method: .put,
            target: try RequestTarget(Self.path),
            fields: [.authorization: "Bearer \(fixture.secret.text)"],
            body: RequestBody(declaredLength: nil, pull: { await pieces.next() })
        )
        let answer = try await Answer(await fixture.api.respond(to: request, by: fixture.router))
        #expect((answer.status, answer.code) == (401, "key_invalid"))
        #expect(try await fixture.store.classes().isEmpty)
        #expect(try fixture.blobs.sweepOrphans(ifOlderThan: .zero) { _ in false } == 0)
    }

    @Test("Two that send pictures at once leave one, and its file")
    func keepsOneOfTwo() async throws {
        let fixture = try await Fixture()
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    let body = Array("P\(number % 3)".utf8)
                    let status = try await fixture.send(.put, Self.path, body: body).status
                    #expect(status == 200 || status == 201)
                }
            }
        }
        let kept = try await fixture.send(.get, Self.path)
        #expect(kept.status == 200 && kept.text.hasPrefix("PNG of P"))
        #expect(
            try fixture.blobs.sweepOrphans(ifOlderThan: .zero) { $0 == SHA256.hash(kept.body) } == 0
        )
    }

    private struct Shown: Decodable {
        struct Links: Decodable { let `self`: String }
        let label: String
        let links: Links
    }

    private struct Page: Decodable {
        let classes: [Shown]
        let nextCursor: String?
    }

    @Test("A label of any script has its place and its links, and both spellings are one class")
    func labels() async throws {
        let fixture = try await Fixture()
        for (sent, label, link) in [
            ("Vacaciones%202024", "Vacaciones 2024", "Vacaciones%202024"),
            ("Mu%CC%88ller", "M\u{FC}ller", "M%C3%BCller"),
            ("%E6%97%A5%E6%9C%AC", "日本", "%E6%97%A5%E6%9C%AC"), ("50%2541", "50%41", "50%2541"),
            ("a+b&c=d%3F%23", "a+b&c=d?#", "a%2Bb%26c%3Dd%3F%23"),
            ("manifest.json", "manifest.json", "manifest.json"),
        ] {
            let made = try await fixture.send(.put, "/v1/classes/\(sent)")
            #expect(made.status == 201, "\(made.text)")
            let shown = try made.json(Shown.self)
            #expect(Array(shown.label.utf8) == Array(label.utf8))
            #expect(shown.links.`self` == "/v1/classes/\(link)")
            #expect(try await fixture.send(.put, shown.links.`self`).status == 200)
            #expect(
                try await fixture.send(.get, shown.links.`self`).json(Shown.self).label == label
            )
        }
        #expect(try await fixture.store.classes().count == 6)
        for bad in ["a%2Fb", "a%5Cb", "%20a", "a%0A", "a%E2%80%8B", ".a"] {
            let answer = try await fixture.send(.put, "/v1/classes/\(bad)")
            #expect((answer.status, answer.code) == (400, "class_invalid"))
            #expect(try await fixture.send(.get, "/v1/classes/\(bad)").code == "class_unknown")
        }
    }

    @Test(
        "Cursors go into a query as they are, whatever the labels; those of earlier versions do still"
    )
    func cursors() async throws {
        let fixture = try await Fixture()
        let labels = ["a", "a b", "a%20b", "a+b", "b&limit=9", "classx_61", "z.-_", "é", "日本"]
        let tenant = try #require(try await fixture.store.keys().first).id
        for label in try labels.map({ try ClassLabel($0) }) {
            _ = try await fixture.store.createClass(tenant: tenant, label: label, assignment: nil)
        }
        var found: [String] = []
        var target = "/v1/classes?limit=1"
        while true {
            let page = try await fixture.send(.get, target).json(Page.self)
            found += page.classes.map(\.label)
            guard let cursor = page.nextCursor else { break }
            target = "/v1/classes?limit=1&cursor=\(cursor)"
            try #require(found.count <= labels.count)
        }
        #expect(found == labels.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        let old = try await fixture.send(.get, "/v1/classes?limit=1&cursor=class_z.-_").json(
            Page.self
        )
        #expect(old.classes.map(\.label) == ["é"])
        for bad in [
            "class_", "class_.a", "classx_", "classx_6", "classx_zz", "classx_ff", "classx_2f", "x",
        ] {
            #expect(
                try await fixture.send(.get, "/v1/classes?cursor=\(bad)").code == "cursor_invalid"
            )
        }
    }

    /// The pieces of a body, with something that happens before the last one is given out.
    private actor Pieces {
        private var rest: [[UInt8]]
        private let work: @Sendable () async -> Void

        init(_ pieces: [[UInt8]], _ work: @escaping @Sendable () async -> Void) {
            rest = pieces
            self.work = work
        }

        func next() async -> Result<[UInt8]?, HTTPFault> {
            guard !rest.isEmpty else { return .success(nil) }
            if rest.count == 1 { await work() }
            return .success(rest.removeFirst())
        }
    }
}
