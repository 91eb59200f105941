import BlobStorage
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import LocalBlobs
import Queue
import StoreHarness
import Testing

@testable import HTTPAPI

@Suite("Quotas of POST /v1/jobs")
struct QuotaTests {
    private func key(
        _ fixture: Fixture,
        _ quotas: APIKeyQuotas
    ) async throws -> (id: APIKeyID, secret: String) {
        let secret = try APIKeySecret.generate()
        let key = try await fixture.store.createKey(
            name: "q",
            scopes: [.submit, .read],
            quotas: quotas,
            hash: secret.hash,
            prefix: secret.prefix
        )
        return (key.id, secret.text)
    }

    /// A request whose body counts how often it was asked for.
    private func unread(_ length: UInt64?) -> (RequestBody, Counter) {
        let counter = Counter()
        let body = RequestBody(declaredLength: length) {
            counter.count()
            return .failure(.disconnected)
        }
        return (body, counter)
    }

    private func submit(
        _ fixture: Fixture,
        _ secret: String,
        body: RequestBody,
        fields: HTTPFields = [:]
    ) async throws -> Answer {
        var fields = fields
        fields[.authorization] = "Bearer \(secret)"
        let request = ServerRequest(
            method: .post,
            target: try RequestTarget("/v1/jobs?class=a"),
            fields: fields,
            body: body
        )
        return try await Answer(await fixture.api.respond(to: request, by: fixture.router))
    }

    @Test(
        "A full queue refuses an upload before its body is read, and has room again when its images are done"
    )
    func imagesQueued() async throws {
        let fixture = try await Fixture()
        let (_, secret) = try await key(fixture, APIKeyQuotas(imagesQueued: 2))
        for number in [UInt8(1), 2] {
            #expect(
                try await fixture.send(.post, "/v1/jobs?class=a", body: [number], key: secret)
                    .status == 202
            )
        }
        for length in [UInt64(1), nil] {
            let (body, reads) = unread(length)
            let refused = try await submit(fixture, secret, body: body)
            #expect((refused.status, refused.code) == (429, "quota_images"))
            #expect(refused.fields[.retryAfter] != nil && reads.value == 0)
        }
        #expect(try fixture.blobs.list().count == 2)
        try await fixture.work()
        #expect(
            try await fixture.send(.post, "/v1/jobs?class=a", body: [3], key: secret).status == 202
        )
    }

    @Test(
        "Bytes count as they are declared before the body is read, and as they have come afterwards"
    )
    func bytesQueued() async throws {
        let fixture = try await Fixture()
        let (_, secret) = try await key(fixture, APIKeyQuotas(bytesQueued: 100))
        let image = [UInt8](repeating: 7, count: 60)
        #expect(
            try await fixture.send(.post, "/v1/jobs?class=a", body: image, key: secret).status
                == 202
        )
        let (body, reads) = unread(41)
        let refused = try await submit(fixture, secret, body: body)
        #expect((refused.status, refused.code) == (429, "quota_bytes"))
        #expect(refused.fields[.retryAfter] != nil && reads.value == 0)

        // Without a declared length it is found when the job is to be made, and leaves nothing.
        let pieces = Pieces([[UInt8](repeating: 8, count: 41)])
        let late = try await submit(
            fixture,
            secret,
            body: RequestBody(declaredLength: nil) { pieces.next() }
        )
        #expect((late.status, late.code) == (429, "quota_bytes"))
        #expect(pieces.isEmpty)
        #expect(try fixture.blobs.list().count == 1)
        #expect(try await fixture.store.statistics().images.total == 1)
        // Nor does it take away what somebody else needs.
        let again = Pieces([image])
        let same = try await submit(
            fixture,
            secret,
            body: RequestBody(declaredLength: nil) { again.next() }
        )
        #expect(same.code == "quota_bytes")
        #expect(try fixture.blobs.list().count == 1)
        #expect(
            try await fixture.send(
                .post,
                "/v1/jobs?class=a",
                body: Array(image.prefix(40)),
                key: secret
            ).status == 202
        )
    }

    @Test("An upload that alone is over a quota is told so, and not told to wait")
    func neverFits() async throws {
        let fixture = try await Fixture()
        let (_, secret) = try await key(fixture, APIKeyQuotas(bytesQueued: 100))
        let refused = try await fixture.send(
            .post,
            "/v1/jobs?class=a",
            body: [UInt8](repeating: 7, count: 101),
            key: secret
        )
        #expect((refused.status, refused.code) == (429, "quota_bytes"))
        #expect(refused.fields[.retryAfter] == nil && refused.text.contains("alone"))
    }

    @Test("What a form or an archive has besides its images does not count")
    func framing() async throws {
        let fixture = try await Fixture()
        let (_, secret) = try await key(fixture, APIKeyQuotas(bytesQueued: 10))
        let form =
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n12345\r\n--x--\r\n"
        let fields: HTTPFields = [.contentType: "multipart/form-data; boundary=x"]
        func send() async throws -> Answer {
            try await fixture.send(
                .post,
                "/v1/jobs?class=a",
                fields: fields,
                body: Array(form.utf8),
                key: secret
            )
        }
        #expect(form.utf8.count > 10)
        for _ in 0..<2 { #expect(try await send().status == 202) }
        let refused = try await send()
        #expect((refused.status, refused.code) == (429, "quota_bytes"))
        #expect(refused.fields[.retryAfter] != nil)
    }

    @Test("A key that is revoked while its upload comes in makes no job, and leaves nothing")
    func revokedOnTheWay() async throws {
        let fixture = try await Fixture()
        let (id, secret) = try await key(fixture, APIKeyQuotas())
        let pieces = Pieces([[1, 2, 3]])
        let body = RequestBody(declaredLength: nil) {
            _ = try? await fixture.store.revokeKey(id)
            return pieces.next()
        }
        let answer = try await submit(fixture, secret, body: body)
        #expect((answer.status, answer.code) == (401, "key_invalid"))
        #expect(try fixture.blobs.list().isEmpty)
        #expect(try await fixture.store.statistics().images.total == 0)
    }

    @Test("Jobs of a minute: the fields count down, then 429 with the time to wait")
    func rate() async throws {
        let fixture = try await Fixture()
        let (_, secret) = try await key(fixture, APIKeyQuotas(jobsPerMinute: 2))
        for left in [1, 0] {
            let answer = try await fixture.send(
                .post,
                "/v1/jobs?class=a",
                body: [UInt8(left)],
                key: secret
            )
            #expect(answer.status == 202)
            #expect(answer.fields[.rateLimitPolicy] == "\"jobs\";q=2;w=60")
            let field = try #require(answer.fields[.rateLimit])
            #expect(field.wholeMatch(of: #/"jobs";r=(\d+);t=(\d+)/#)?.1 == "\(left)")
        }
        let (body, reads) = unread(1)
        let refused = try await submit(fixture, secret, body: body)
        #expect((refused.status, refused.code) == (429, "rate_limited"))
        #expect(reads.value == 0)
        let wait = try #require(refused.fields[.retryAfter].flatMap(Int.init))
        #expect((1...30).contains(wait))
        #expect(refused.fields[.rateLimit]?.hasPrefix("\"jobs\";r=0;t=") == true)
        #expect(try await fixture.store.statistics().images.total == 2)
        // What only looks is not counted.
        #expect(try await fixture.send(.get, "/v1/jobs", key: secret).status == 200)
        // Others' minutes are their own, and without a quota there are no fields.
        let free = try await fixture.send(.post, "/v1/jobs?class=a", body: [9])
        #expect(
            free.status == 202 && free.fields[.rateLimit] == nil
                && free.fields[.rateLimitPolicy] == nil
        )
        // Who waits as long as told is served, and once.
        fixture.clock.advance(seconds: Int64(wait))
        for status in [202, 429] {
            let late = try await fixture.send(.post, "/v1/jobs?class=a", body: [7], key: secret)
            #expect(late.status == status)
        }
    }

    @Test("A request that makes no job takes none of the minute, whatever it is refused for")
    func givesBack() async throws {
        let fixture = try await Fixture { $0.maxImageBytes = 10 }
        let (_, secret) = try await key(fixture, APIKeyQuotas(imagesQueued: 1, jobsPerMinute: 1))
        func send(
            _ query: String,
            _ body: [UInt8],
            _ fields: HTTPFields = [:]
        ) async throws -> Answer {
            try await fixture.send(
                .post,
                "/v1/jobs\(query)",
                fields: fields,
                body: body,
                key: secret
            )
        }
        for (query, body, code) in [
            ("", [UInt8(1)], "class_missing"), ("?class=a", [], "job_empty"),
            ("?class=a", [UInt8](repeating: 1, count: 11), "image_too_large"),
            ("?class=a&strength=99", [1], "strength_invalid"),
        ] {
            let answer = try await send(query, body)
            #expect(answer.code == code)
            #expect(answer.fields[.rateLimit]?.hasPrefix("\"jobs\";r=1") == true)
        }
        let (body, _) = unread(1)
        let broken = try await submit(fixture, secret, body: body)
        #expect(broken.code == "client_disconnected" && broken.fields[.rateLimit] != nil)
        #expect(try await send("?class=a", [1], [.idempotencyKey: "once"]).status == 202)
        // The job is there, so that neither its place in the queue nor the minute is asked for.
        let again = try await send("?class=a", [1], [.idempotencyKey: "once"])
        #expect(again.status == 202 && again.fields[.idempotentReplayed] == "true")
        #expect(try await send("?class=a", [2], [.idempotencyKey: "once"]).status == 422)
        #expect(try fixture.blobs.list().count == 1)
        #expect(try await send("?class=a", [2]).code == "rate_limited")
    }

    @Test("Uploads at the same time do not pass a rate together")
    func concurrentRate() async throws {
        let fixture = try await Fixture()
        let (_, secret) = try await key(fixture, APIKeyQuotas(jobsPerMinute: 3))
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in UInt8(0)..<10 {
                group.addTask {
                    try await fixture.send(.post, "/v1/jobs?class=a", body: [number], key: secret)
                        .status
                }
            }
            return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(statuses == [202: 3, 429: 7])
        #expect(try await fixture.store.statistics().images.total == 3)
        #expect(try fixture.blobs.list().count == 3)
    }
}
