import BlobStorage
import Cryptography
import Glibc
import HTTPTypes
import JobModel
import LocalBlobs
import Operations
import Queue
import StoreHarness
import Testing

@testable import HTTPAPI

@Suite("What becomes of a job")
struct ResultTests {
    private struct Shown: Decodable {
        let state: String
    }

    @Test(
        "The archive is 409 before the end, then the same bytes in one piece, in ranges and after an If-None-Match"
    )
    func archive() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload(Array(repeating: 7, count: 300_000))
        let early = try await fixture.send(.get, "\(path)/archive.zip")
        #expect((early.status, early.code) == (409, "job_unfinished"))
        #expect(try await fixture.send(.get, "\(path)/archive.zip?partial=true").status == 200)
        try await fixture.work()

        let whole = try await fixture.send(.get, "\(path)/archive.zip")
        #expect(whole.status == 200)
        #expect(whole.body.starts(with: [0x50, 0x4B, 0x03, 0x04]))
        let length = whole.body.count
        for range in [
            0..<1, 0..<length, 29..<31, 100_000..<299_999, (length - 30)..<length,
            131_072..<131_073,
        ] {
            let field: HTTPFields = [.range: "bytes=\(range.lowerBound)-\(range.upperBound - 1)"]
            let part = try await fixture.send(.get, "\(path)/archive.zip", fields: field)
            #expect(part.status == 206)
            #expect(part.body == Array(whole.body[range]))
            #expect(
                part.fields[.contentRange]
                    == "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
            )
        }
        let tag = try #require(whole.fields[.eTag])
        let same = try await fixture.send(.get, "\(path)/archive.zip", fields: [.ifNoneMatch: tag])
        #expect((same.status, same.body) == (304, []))
        let outside = try await fixture.send(
            .get,
            "\(path)/archive.zip",
            fields: [.range: "bytes=\(length)-"]
        )
        #expect((outside.status, outside.code) == (416, "range_outside"))
        for (field, status) in [
            (tag, 200), ("*", 200), ("\"other\", \(tag)", 200), ("\"other\"", 412),
            ("W/\(tag)", 412),
        ] {
            #expect(
                try await fixture.send(.get, "\(path)/archive.zip", fields: [.ifMatch: field])
                    .status == status
            )
        }
        let stale: HTTPFields = [.range: "bytes=0-1", .ifRange: "\"other\""]
        #expect(try await fixture.send(.get, "\(path)/archive.zip", fields: stale).status == 200)
    }

    @Test("SHA256SUMS names every other file by its digest")
    func sums() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1, 2, 3], query: "?class=a&name=x.jpg")
        try await fixture.work { .picture($0 + [4]) }
        let archive = try await fixture.send(.get, "\(path)/archive.zip")
        // From: printf '\1\2\3\4' | sha256sum
        let line = "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a  a/x.png\n"
        #expect(archive.text.contains(line))
        #expect(archive.text.contains("  manifest.json\n"))
        #expect(archive.text.contains("  manifest.json.sig\n"))
    }

    @Test("A failed image has its error, and a job without any protected image has no archive")
    func failures() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        try await fixture.work { _ in
            .failure(ImageFailure(code: "image_corrupt", detail: "It is broken."))
        }
        let job = try await fixture.send(.get, path)
        #expect(try job.json(Shown.self).state == "failed")
        #expect(job.text.contains("image_corrupt") && job.text.contains("It is broken."))
        #expect(try await fixture.send(.get, "\(path)/archive.zip").code == "job_failed")
        #expect(try await fixture.send(.get, "\(path)/images/1.png").code == "image_failed")
        #expect(try await fixture.send(.get, "\(path)/images/1/report").code == "image_failed")
        for number in ["0", "2", "01", "x", "-1", "99999999999999999999"] {
            #expect(
                try await fixture.send(.get, "\(path)/images/\(number).png").code == "image_unknown"
            )
        }
    }

    @Test(
        "A protected file that is lost or cut short is a 500 with a code before any of it is promised"
    )
    func lostFiles() async throws {
        for isCut in [false, true] {
            let fixture = try await Fixture()
            let path = try await fixture.upload([1])
            try await fixture.work { _ in .picture([5, 6, 7]) }
            #expect(try await fixture.send(.get, "\(path)/images/1.png").status == 200)
            let digest = SHA256.hash([5, 6, 7])
            if isCut {
                let file = "\(fixture.folder)/blobs/\(digest.hex.prefix(2))/\(digest.hex)"
                try #require(truncate(file, 2) == 0)
            } else {
                try fixture.blobs.remove(digest)
            }
            for (method, target) in [
                (HTTPRequest.Method.get, "archive.zip"), (.head, "archive.zip"),
                (.get, "archive.zip?partial=true"),
                (.get, "images/1.png"), (.head, "images/1.png"),
            ] {
                let answer = try await fixture.send(method, "\(path)/\(target)")
                #expect(
                    (answer.status, answer.code) == (500, "storage_missing"),
                    "\(method) \(target)"
                )
            }
            #expect(try await fixture.send(.get, "\(path)/images/1/report").status == 200)
        }
    }

    @Test("A waiting request is answered when the job ends")
    func waiting() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        async let waiting = fixture.send(.get, "\(path)?wait=60")
        try await fixture.work()
        #expect(try await waiting.json(Shown.self).state == "done")
    }

    @Test("A waiting request whose client has gone is no error of the service")
    func cancelledWait() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        let waiting = Task { try await fixture.send(.get, "\(path)?wait=60").status }
        waiting.cancel()
        #expect(try await waiting.value == 200)
    }

    @Test("An erased job is gone with its files, but not with those of others")
    func erase() async throws {
        let fixture = try await Fixture()
        let shared = try await fixture.upload([1])
        let twin = try await fixture.upload([1])
        let alone = try await fixture.upload([2])
        try await fixture.work()
        #expect(try fixture.blobs.list().count == 4)
        #expect(try await fixture.send(.delete, alone).status == 204)
        #expect(try fixture.blobs.list().count == 2)
        #expect(try await fixture.send(.delete, shared).status == 204)
        #expect(try fixture.blobs.list().count == 2)
        #expect(try await fixture.send(.get, "\(twin)/images/1.png").body == [1, 0])
        #expect(try await fixture.send(.delete, twin).status == 204)
        #expect(try fixture.blobs.list().isEmpty)
        #expect(try await fixture.send(.get, twin).status == 404)
        #expect(try await fixture.send(.delete, twin).status == 404)
    }

    @Test("A cancelled job keeps what is done, and a worker's late result does not count")
    func cancel() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        let owner = try #require(WorkerOwner(instance: "tests", run: "one", worker: 0))
        let claim = try #require(
            try await fixture.store.claim(owner: owner, lease: .seconds(60)).first
        )
        let answer = try await fixture.send(.post, "\(path)/cancel")
        #expect(try answer.json(Shown.self).state == "cancelled")
        #expect(try await fixture.store.finish(claim, .released) == false)
        #expect(try await fixture.send(.post, "\(path)/cancel").status == 200)
        #expect(try await fixture.store.claim(owner: owner, lease: .seconds(60)).isEmpty)
    }

    @Test("An expired job is 410, and its files are gone")
    func expiry() async throws {
        let fixture = try await Fixture { $0.retention = .seconds(100) }
        let path = try await fixture.upload([1])
        try await fixture.work()
        fixture.clock.advance(seconds: 99)
        try await fixture.housekeeping.expire()
        #expect(try await fixture.send(.get, path).status == 200)
        fixture.clock.advance(seconds: 2)
        try await fixture.housekeeping.expire()
        let gone = try await fixture.send(.get, path)
        #expect((gone.status, gone.code) == (410, "job_expired"))
        #expect(try await fixture.send(.get, "\(path)/archive.zip").status == 410)
        #expect(try fixture.blobs.list().isEmpty)
    }

    @Test(
        "The sweep at the start removes spools and sets blobs without rows aside, and nothing else"
    )
    func sweep() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        _ = try fixture.blobs.put([9, 9, 9])
        try await fixture.housekeeping.leftovers.cleanUpAfterLastRun()
        #expect(try fixture.blobs.list() == [SHA256.hash([1])])
        #expect(try fixture.blobs.listSetAside() == [SHA256.hash([9, 9, 9])])
        #expect(try await fixture.send(.get, path).status == 200)
    }

    @Test("Cursors lead through all jobs and images, and a made-up one is refused")
    func cursors() async throws {
        let fixture = try await Fixture()
        for byte in UInt8(1)...5 { _ = try await fixture.upload([byte]) }
        struct Page: Decodable {
            struct Item: Decodable { let id: String }
            let jobs: [Item]
            let nextCursor: String?
        }
        var seen: [String] = []
        var cursor: String? = nil
        repeat {
            let query = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await fixture.send(.get, "/v1/jobs?limit=2\(query)").json(Page.self)
            #expect(page.jobs.count <= 2)
            seen += page.jobs.map(\.id)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(Set(seen).count == 5)
        for cursor in ["!", "1", "\(JobIdentifier.random())"] {
            #expect(
                try await fixture.send(.get, "/v1/jobs?cursor=\(cursor)").code == "cursor_invalid"
            )
        }
        #expect(try await fixture.send(.get, "/v1/jobs?limit=0").code == "limit_invalid")
        #expect(try await fixture.send(.get, "/v1/jobs?page=2").code == "parameter_unknown")
        #expect(
            try await fixture.send(.get, "/v1/jobs?limit=2&limit=3").code == "parameter_repeated"
        )
    }
}
