import JobModel
import Queue
import StoreHarness
import Testing

/// Pictures that were given out come back as uploads.
@Suite struct ProtectedPicturesTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    private func submit(
        _ store: any Store,
        _ tenant: APIKeyID,
        _ contents: [String],
        protectsAgain: Bool = false
    ) async throws -> Job {
        let images = try contents.enumerated().map { index, content in
            NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(numbered: index + 1),
                content: .stored(StoredBlob(sha256: blob(content), size: 1)),
                pixels: 1
            )
        }
        let new = NewJob(
            tenant: tenant,
            settings: .standard,
            retention: .seconds(1),
            protectsAgain: protectsAgain
        )
        guard case .created(let job) = try await store.createJob(new, images: images) else {
            throw StoreError.noImages
        }
        return job
    }

    /// A job of one image that is done; what the file is called that it gave out.
    private func output(_ store: any Store, _ tenant: APIKeyID) async throws -> String {
        let job = try await store.job(tenant, sizes: [1])
        let claim = try #require(try await store.claim(owner: worker()).first)
        #expect(try await store.finish(claim, done(claim)))
        return "output of \(job.id) 1"
    }

    @Test func `A picture that was given out fails at once, and the others of its job do not`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let given = try await output(store, tenant)
        let job = try await submit(store, tenant, ["a", given, "b", given])
        #expect(job.counts == JobCounts(queued: 2, failed: 2))
        let rows = try await store.images(job: job.id)
        #expect(rows.map(\.state) == [.queued, .failed, .queued, .failed])
        #expect(
            rows.map { $0.failure?.code } == [
                nil, "image_already_protected", nil, "image_already_protected",
            ]
        )
        #expect(rows[1].input == nil && rows[1].finishedAt == test.clock.now)
        #expect(try await submit(store, tenant, [given]).state == .failed)
    }

    @Test func `It is protected again if that is wanted`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await submit(store, tenant, [output(store, tenant)], protectsAgain: true)
        #expect(job.counts == JobCounts(queued: 1))
    }

    @Test func `Another tenant's pictures are unknown`() async throws {
        let store = try test.open()
        let given = try await output(store, store.tenant())
        #expect(try await submit(store, store.tenant(), [given]).counts == JobCounts(queued: 1))
    }

    @Test func `What was sent, but not given out, is no such picture`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        _ = try await submit(store, tenant, ["a"])
        #expect(try await submit(store, tenant, ["a"]).counts == JobCounts(queued: 1))
    }

    @Test func `It is known for as long as its job is kept`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let given = try await output(store, tenant)
        test.clock.advance(by: .seconds(3601))
        #expect(try await store.expireJobs().jobs == 1)
        #expect(try await submit(store, tenant, [given]).counts == JobCounts(queued: 1))
    }
}
