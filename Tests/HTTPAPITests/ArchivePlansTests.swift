import HTTPTypes
import JobModel
import Synchronization
import Testing

@testable import HTTPAPI

@Suite("Plans of archives")
struct ArchivePlansTests {
    private struct Fault: Error {}

    private let made = Counter()

    private func key(
        _ lastEnding: Int64,
        of job: JobIdentifier = .random(),
        previews: Bool = true
    ) -> ArchivePlans.Key {
        ArchivePlans.Key(job: job, lastEnding: lastEnding, hasPreviews: previews)
    }

    private func plan(_ plans: ArchivePlans, _ key: ArchivePlans.Key) async throws -> ArchivePlan {
        try await plans.plan(key) { [made] in
            made.count()
            // Whoever asks meanwhile is to wait for this one.
            for _ in 0..<100 { await Task.yield() }
            return try ArchivePlan(members: [], manifest: Array("\(key)".utf8), signature: [])
        }
    }

    @Test("Who asks at the same time, and who asks again, gets the plan that was made once")
    func isShared() async throws {
        let plans = ArchivePlans()
        let key = key(1)
        let digests = try await withThrowingTaskGroup { group in
            for _ in 0..<20 { group.addTask { try await plan(plans, key).digest } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(try await digests == [plan(plans, key).digest])
        #expect(made.value == 1)
    }

    @Test(
        "A job that has ended again has another plan, and the one that was asked for longest ago goes"
    )
    func isBounded() async throws {
        let plans = ArchivePlans(capacity: 2)
        let first = key(1)
        let again = key(2, of: first.job)
        #expect(try await plan(plans, first).digest != plan(plans, again).digest)
        _ = try await plan(plans, first)
        #expect(made.value == 2)
        _ = try await plan(plans, key(1))
        _ = try await plan(plans, first)
        #expect(made.value == 3)
        _ = try await plan(plans, again)
        #expect(made.value == 4)
    }

    @Test("A plan that could not be made is made anew")
    func failures() async throws {
        let plans = ArchivePlans()
        let key = key(1)
        await #expect(throws: Fault.self) { try await plans.plan(key) { throw Fault() } }
        _ = try await plan(plans, key)
        #expect(made.value == 1)
    }

    @Test("A range is of the archive as it is after its job was tried again")
    func isFresh() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        try await fixture.work { _ in .failure(broken) }
        let before = try await fixture.send(.get, "\(path)/archive.zip?partial=true")
        #expect(
            try await fixture.send(.get, "\(path)/archive.zip?partial=true").body == before.body
        )
        #expect(try await fixture.send(.post, "\(path)/retry").status == 202)
        try await fixture.work()
        let after = try await fixture.send(.get, "\(path)/archive.zip")
        #expect(after.status == 200 && after.fields[.eTag] != before.fields[.eTag])
        let range = try await fixture.send(
            .get,
            "\(path)/archive.zip",
            fields: [.range: "bytes=10-19"]
        )
        #expect(range.status == 206 && range.body == Array(after.body[10..<20]))
    }

    @Test("previews=false leaves out what shows the photo as it was, and no other file")
    func withoutPreviews() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1], query: "?class=a&name=x.jpg&preview=true")
        try await fixture.work()
        let whole = try await fixture.send(.get, "\(path)/archive.zip")
        for name in ["a/x.png", "a/x.before.jpg", "a/x.after.jpg", "index.html", "manifest.json"] {
            #expect(whole.text.contains("  \(name)\n"), "\(name) is in SHA256SUMS")
        }
        let asBefore = try await fixture.send(.get, "\(path)/archive.zip?previews=true")
        #expect(asBefore.body == whole.body && asBefore.fields[.eTag] == whole.fields[.eTag])

        let target = "\(path)/archive.zip?previews=false"
        let less = try await fixture.send(.get, target)
        #expect(less.status == 200)
        for name in ["a/x.png", "manifest.json", "manifest.json.sig"] {
            #expect(less.text.contains("  \(name)\n"), "\(name) is in SHA256SUMS")
        }
        for word in ["before.jpg", "after.jpg", "index.html", "the preview"] {
            #expect(whole.text.contains(word) && !less.text.contains(word))
        }
        let tag = try #require(less.fields[.eTag])
        #expect(tag != whole.fields[.eTag])
        let range: HTTPFields = [.range: "bytes=10-99", .ifRange: tag]
        let part = try await fixture.send(.get, target, fields: range)
        #expect(part.status == 206 && part.body == Array(less.body[10..<100]))
        #expect(part.fields[.contentRange] == "bytes 10-99/\(less.body.count)")
        #expect(try await fixture.send(.get, target, fields: [.ifNoneMatch: tag]).status == 304)
        let other = try await fixture.send(.get, "\(path)/archive.zip", fields: range)
        #expect(other.status == 200 && other.body == whole.body)
    }

    @Test("The parameter changes nothing of a job without previews, and must be true or false")
    func withoutAnyPreviews() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        try await fixture.work()
        let whole = try await fixture.send(.get, "\(path)/archive.zip")
        for value in ["true", "false", "False"] {
            let same = try await fixture.send(.get, "\(path)/archive.zip?previews=\(value)")
            #expect(same.body == whole.body && same.fields[.eTag] == whole.fields[.eTag])
        }
        for value in ["", "no", "0"] {
            let wrong = try await fixture.send(.get, "\(path)/archive.zip?previews=\(value)")
            #expect((wrong.status, wrong.code) == (400, "previews_invalid"))
        }
        let twice = "\(path)/archive.zip?previews=false&previews=true"
        #expect(try await fixture.send(.get, twice).code == "parameter_repeated")
    }

    private let broken = ImageFailure(code: "image_corrupt", detail: "It is broken.")
}
