import Foundation
import HTTPTypes
import JobModel
import JobRunner
import Queue
import StoreHarness
import Testing

@testable import HTTPAPI

@Suite("Priorities, retries and forecasts")
struct QueueTests {
    private struct Shown: Decodable {
        struct Counts: Decodable { let total, queued, running, done, failed: Int }
        let id, state, priority: String
        let etaSeconds: Int?
        let counts: Counts
    }

    // MARK: - Priority

    @Test(
        "The priority is normal unless the query or a field says otherwise, and is part of the request"
    )
    func priorities() async throws {
        let fixture = try await Fixture()
        let plain = try await fixture.send(.post, "/v1/jobs?class=a", body: [1]).json(Shown.self)
        #expect(plain.priority == "normal")
        let urgent = try await fixture.send(.post, "/v1/jobs?class=a&priority=high", body: [1])
            .json(Shown.self)
        #expect(urgent.priority == "high")
        let part = "--X\r\nContent-Disposition: form-data; name=\"priority\"\r\n\r\nlow\r\n"
        let file =
            "--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.jpg\"\r\n\r\nx\r\n--X--\r\n"
        let form: HTTPFields = [.contentType: "multipart/form-data; boundary=X"]
        let body = Array((part + file).utf8)
        let low = try await fixture.send(
            .post,
            "/v1/jobs?class=a&priority=high",
            fields: form,
            body: body
        )
        #expect(try low.json(Shown.self).priority == "low")
        let wrong = try await fixture.send(.post, "/v1/jobs?class=a&priority=9", body: [1])
        #expect(wrong.status == 400 && wrong.code == "priority_invalid")
        #expect(
            try await fixture.send(.get, "/v1/jobs/\(urgent.id)").json(Shown.self).priority
                == "high"
        )

        let named: HTTPFields = [.idempotencyKey: "k"]
        let first = try await fixture.send(
            .post,
            "/v1/jobs?class=a&priority=high",
            fields: named,
            body: [1]
        )
        let same = try await fixture.send(
            .post,
            "/v1/jobs?class=a&priority=high",
            fields: named,
            body: [1]
        )
        let other = try await fixture.send(.post, "/v1/jobs?class=a", fields: named, body: [1])
        #expect(try first.json(Shown.self).id == same.json(Shown.self).id && other.status == 422)
    }

    @Test(
        "What an image will cost is read from its header, and guessed from its bytes where that is none"
    )
    func pixels() async throws {
        let fixture = try await Fixture()
        let photos = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
            .appending(path: "e2e/fixtures")
        // 201 × 129 and 128 × 160, says Pillow.
        for (bytes, pixels) in [
            (Array(try Data(contentsOf: photos.appending(path: "plane.jpg"))), 25_929),
            (Array(try Data(contentsOf: photos.appending(path: "hats.png"))), 20_480),
            ([1, 2, 3], 65_537),
            (Array(repeating: 7, count: 20_000), 80_000),
        ] {
            _ = try await fixture.upload(bytes)
            let owner = try #require(WorkerOwner(instance: "tests", run: "one", worker: 0))
            let claim = try #require(try await fixture.store.claim(owner: owner).first)
            #expect(claim.pixels == pixels)
        }
    }

    // MARK: - Retry

    @Test("Failed images are tried again on request: 202, and they go the whole way")
    func retries() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        try await fixture.work { _ in
            .failure(ImageFailure(code: "image_corrupt", detail: "It is broken."))
        }
        #expect(try await fixture.send(.get, path).json(Shown.self).state == "failed")
        let answer = try await fixture.send(.post, "\(path)/retry")
        #expect(
            answer.status == 202 && answer.fields[.location] == path
                && answer.fields[.retryAfter] == "1"
        )
        #expect(try answer.json(Shown.self).state == "queued")
        try await fixture.work()
        #expect(try await fixture.send(.get, path).json(Shown.self).state == "done")
        #expect(try await fixture.send(.get, "\(path)/images/1.png").body == [1, 0])
    }

    @Test("Nothing to try again is 409, somebody else's job 404, an expired one 410")
    func refusesRetries() async throws {
        let fixture = try await Fixture { $0.retention = .seconds(10) }
        let path = try await fixture.upload([1])
        for _ in 0..<2 {
            let answer = try await fixture.send(.post, "\(path)/retry")
            #expect(answer.status == 409 && answer.code == "nothing_to_retry")
            try await fixture.work()
        }
        #expect(try await fixture.send(.post, "\(path)/retry?x=1").status == 400)
        #expect(
            try await fixture.send(.post, "/v1/jobs/\(JobIdentifier.random())/retry").status == 404
        )
        let secret = APIKeySecret(presented: "plm_other")
        _ = try await fixture.store.createKey(
            name: "o",
            scopes: [.submit, .read],
            hash: secret.hash,
            prefix: secret.prefix
        )
        #expect(try await fixture.send(.post, "\(path)/retry", key: secret.text).status == 404)
        fixture.clock.advance(seconds: 10)
        let answer = try await fixture.send(.post, "\(path)/retry")
        #expect(answer.status == 410 && answer.code == "job_expired")
    }

    // MARK: - Forecast

    @Test(
        "Without a measurement nobody knows; then the pixels of the queue, the speed and the codecs tell"
    )
    func forecasts() async throws {
        let fixture = try await Fixture()
        let unknown = try await fixture.send(
            .post,
            "/v1/jobs?class=a",
            body: Array(repeating: 7, count: 25_000)
        )
        #expect(
            try unknown.json(Shown.self).etaSeconds == nil && unknown.fields[.retryAfter] == "1"
        )
        // Two codecs, each 1,000 pixels a second; the first job has 100,000 pixels: 50 seconds.
        fixture.throughput.record(pixels: 1000, busy: .seconds(1))
        let path = try #require(unknown.fields[.location])
        let first = try await fixture.send(.get, path)
        #expect(try first.json(Shown.self).etaSeconds == 50)
        #expect(first.fields[.retryAfter] == "30", "it is asked for now and then all the same")
        fixture.clock.advance(seconds: 1)
        // The next one stands behind it.
        let second = try await fixture.send(
            .post,
            "/v1/jobs?class=a",
            body: Array(repeating: 8, count: 20_000)
        )
        #expect(try second.json(Shown.self).etaSeconds == 90)

        struct List: Decodable { let jobs: [Shown] }
        #expect(
            try await fixture.send(.get, "/v1/jobs").json(List.self).jobs.map(\.etaSeconds) == [
                90, 50,
            ]
        )
        try await fixture.work()
        let ended = try await fixture.send(.get, path)
        #expect(try ended.json(Shown.self).etaSeconds == nil && ended.fields[.retryAfter] == nil)
    }

    @Test("Another key's queue counts as far as it is served meanwhile")
    func forecastsAcrossKeys() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.upload(Array(repeating: 7, count: 25_000))
        fixture.throughput.record(pixels: 1000, busy: .seconds(1))
        let secret = APIKeySecret(presented: "plm_other")
        _ = try await fixture.store.createKey(
            name: "o",
            scopes: [.submit, .read],
            hash: secret.hash,
            prefix: secret.prefix
        )
        let body = [UInt8](repeating: 9, count: 20_000)
        let guest = try await fixture.send(.post, "/v1/jobs?class=a", body: body, key: secret.text)
        #expect(
            try guest.json(Shown.self).etaSeconds == 80,
            "its own 80,000 pixels and as many of the other's"
        )
    }
}
