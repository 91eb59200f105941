import BlobStore
import Cryptography
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import JobStore
import Testing

@testable import Service

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
        #expect(try fixture.blobs.sweepOrphans(ifOlderThan: .zero) { $0 == SHA256.hash(kept.body) } == 0)
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
