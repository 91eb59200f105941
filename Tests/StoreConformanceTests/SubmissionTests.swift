import Cryptography
import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct SubmissionTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test func `A job comes back as it was made`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let settings = try ProtectionSettings(
            mode: .sampleWise,
            strength: 4,
            clip: false,
            workingSize: 128
        )
        let stored = StoredBlob(sha256: blob("a"), size: 5_000_000_000)
        let images = [
            NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(sanitizing: "a.jpg", fallback: "x"),
                content: .stored(stored)
            ),
            NewImage(
                label: try ClassLabel("dogs"),
                name: OutputName(sanitizing: "a.jpg", fallback: "x"),
                content: .refused(broken)
            ),
            NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(sanitizing: "a.png", fallback: "x"),
                content: .stored(stored)
            ),
        ]
        let submission = try await store.createJob(
            NewJob(tenant: tenant, settings: settings, retention: .seconds(10)),
            images: images
        )
        guard case .created(let job) = submission else { throw StoreError.noImages }
        #expect(job.state == .running, "one image is finished already")
        #expect(job.counts == JobCounts(queued: 2, failed: 1))
        #expect(job.settings == settings)
        #expect(job.createdAt == test.clock.now)
        let reopened = try test.open()
        #expect(try await reopened.job(job.id, tenant: tenant) == job)
        #expect(
            try await reopened.job(job.id, tenant: store.tenant()) == nil,
            "another's job is unknown"
        )
        let rows = try await reopened.images(job: job.id)
        #expect(rows.map(\.number) == [1, 2, 3])
        #expect(rows.map(\.name) == ["a", "a", "a-2"])
        #expect(rows.map(\.state) == [.queued, .failed, .queued])
        #expect(rows[0].input == stored && rows[1].input == nil)
        #expect(rows[1].failure == broken && rows[1].finishedAt == test.clock.now)
        #expect(try await reopened.images(job: job.id, states: [.failed]).map(\.number) == [2])
        #expect(try await reopened.images(job: job.id, states: []).isEmpty)
        #expect(
            try await reopened.images(
                job: job.id,
                states: Set(ImageState.allCases),
                after: 1,
                limit: 1
            ).map(\.number) == [2]
        )
        #expect(try await reopened.image(job: job.id, number: 3) == rows[2])
        #expect(try await reopened.image(job: job.id, number: 4) == nil)
        #expect(try await reopened.statistics().images == job.counts)
    }

    @Test func `A job whose images were all refused has failed at once`() async throws {
        let store = try test.open()
        let image = NewImage(
            label: try ClassLabel("cats"),
            name: OutputName(numbered: 1),
            content: .refused(broken)
        )
        let new = NewJob(
            tenant: try await store.tenant(),
            settings: .standard,
            retention: .seconds(10)
        )
        guard case .created(let job) = try await store.createJob(new, images: [image]) else {
            throw StoreError.noImages
        }
        #expect(job.state == .failed)
        #expect(job.expiresAt == test.clock.now + 10_000)
        #expect(try await store.claim(owner: worker()).isEmpty)
    }

    @Test func `A job without images, or of nobody, is refused`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        await #expect(throws: StoreError.noImages) { try await store.job(tenant, sizes: []) }
        await #expect(throws: StoreError.unknownTenant) {
            try await store.job(.random(), sizes: [1])
        }
    }

    @Test func `The same request twice is one job, another with its key is a conflict`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        func submit(
            _ tenant: APIKeyID,
            _ key: String,
            _ content: String
        ) async throws -> JobSubmission {
            let image = NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(numbered: 1),
                content: .stored(StoredBlob(sha256: blob(content), size: 1))
            )
            let idempotency = NewJob.Idempotency(key: key, fingerprint: blob(content))
            let new = NewJob(
                tenant: tenant,
                settings: .standard,
                retention: .seconds(1),
                idempotency: idempotency
            )
            return try await store.createJob(new, images: [image])
        }
        guard case .created(let job) = try await submit(tenant, "k", "a") else {
            throw StoreError.noImages
        }
        #expect(try await submit(tenant, "k", "a") == .replayed(job))
        #expect(try await submit(tenant, "k", "b") == .conflict)
        guard case .created = try await submit(tenant, "k2", "b") else { throw StoreError.noImages }
        guard case .created = try await submit(store.tenant(), "k", "c") else {
            throw StoreError.noImages
        }
        #expect(try await store.jobs(tenant: tenant).jobs.count == 2)
    }

    @Test func `The same request sent many times at once is one job`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let image = NewImage(
            label: try ClassLabel("cats"),
            name: OutputName(numbered: 1),
            content: .stored(StoredBlob(sha256: blob("a"), size: 1))
        )
        let new = NewJob(
            tenant: tenant,
            settings: .standard,
            retention: .seconds(1),
            idempotency: NewJob.Idempotency(key: "k", fingerprint: blob("a"))
        )
        let created = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    if case .created = try await store.createJob(new, images: [image]) {
                        true
                    } else {
                        false
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(created == 1)
    }

    @Test func `Jobs are listed newest first, page by page, while new ones come in`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        var ids: [JobIdentifier] = []
        for _ in 0..<7 { ids.append(try await store.job(tenant, sizes: [1]).id) }
        let foreign = try await store.job(store.tenant(), sizes: [1])
        var seen: [JobIdentifier] = []
        var cursor: String?
        repeat {
            let page = try await store.jobs(tenant: tenant, cursor: cursor, limit: 3)
            seen += page.jobs.map(\.id)
            cursor = page.nextCursor
            // It tells nothing of other tenants' jobs, such as how many there are.
            #expect(cursor == nil || ids.map(\.text).contains(cursor))
            try await store.job(tenant, sizes: [1])
            // Whoever works the list off may erase what has been seen.
            for job in page.jobs { _ = try await store.deleteJob(job.id, tenant: tenant) }
        } while cursor != nil
        #expect(seen == ids.reversed())
        for bad in ["", "x y", "1", foreign.id.text, JobIdentifier.random().text] {
            await #expect(throws: StoreError.invalidCursor) {
                try await store.jobs(tenant: tenant, cursor: bad)
            }
        }
    }
}
