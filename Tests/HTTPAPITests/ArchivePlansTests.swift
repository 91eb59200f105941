import HTTPTypes
import JobModel
import Synchronization
import Testing

@testable import HTTPAPI

@Suite("Plans of archives")
struct ArchivePlansTests {
    private struct Fault: Error {}

    private let made = Counter()

    private func key(_ lastEnding: Int64, of job: JobIdentifier = .random()) -> ArchivePlans.Key {
        ArchivePlans.Key(job: job, lastEnding: lastEnding)
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

    private let broken = ImageFailure(code: "image_corrupt", detail: "It is broken.")
}
