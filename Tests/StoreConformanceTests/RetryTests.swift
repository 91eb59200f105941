import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct RetryTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    /// A job of one image that is done, one that failed, one that was set aside, and one that was refused at the upload.
    private func mixedJob(_ store: any Store, _ tenant: APIKeyID) async throws -> Job {
        var images = try (1...3).map { number in
            NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(numbered: number),
                content: .stored(StoredBlob(sha256: blob("\(number)"), size: 1)),
                pixels: 1
            )
        }
        images.append(
            NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(numbered: 4),
                content: .refused(broken)
            )
        )
        let new = NewJob(tenant: tenant, settings: .standard, retention: .seconds(100))
        guard case .created(let job) = try await store.createJob(new, images: images) else {
            throw StoreError.noImages
        }
        let claims = try await store.claim(owner: worker())
        let outcomes: [(ClaimedImage, ImageOutcome)] = [
            (claims[0], done(claims[0])), (claims[1], .failed(broken)),
            (claims[2], .crashed(reason: "signal 9")),
        ]
        #expect(try await store.finish(outcomes) == [true, true, true])
        let again = try #require(try await store.claim(owner: worker()).first)
        #expect(try await store.finish(again, .crashed(reason: "signal 9")))
        return try #require(try await store.job(job.id, tenant: tenant))
    }

    @Test func `What failed or was set aside is queued again with a clean record; the rest stays`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await mixedJob(store, tenant)
        #expect(job.state == .done && job.counts == JobCounts(done: 1, failed: 2, quarantined: 1))
        test.clock.advance(by: .seconds(50))
        let mark = store.workMark
        guard case .queued(let retried) = try await store.retryJob(job.id, tenant: tenant) else {
            Issue.record("nothing was queued")
            return
        }
        #expect(
            retried.state == .running && retried.counts == JobCounts(queued: 2, done: 1, failed: 1)
        )
        #expect(retried.finishedAt == nil && retried.expiresAt == nil)
        #expect(store.workMark != mark, "it wakes those who wait")
        try await store.waitForWork(after: mark, atMost: .seconds(3600))
        let images = try await store.images(job: job.id)
        #expect(images.map(\.state) == [.done, .queued, .queued, .failed])
        #expect(
            images[1].failure == nil && images[2].finishedAt == nil && images[3].failure == broken
        )

        // The crashes of before count no longer: the two are claimed together, and one more crash is the first.
        let claims = try await store.claim(owner: worker())
        #expect(
            claims.map(\.number) == [2, 3] && claims.map(\.attempt) == [2, 3],
            "attempts go on, as they fence"
        )
        try await store.finish([
            (claims[0], done(claims[0])), (claims[1], .crashed(reason: "signal 9")),
        ])
        #expect(try await store.image(job: job.id, number: 3)?.state == .queued)
        let last = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(last, done(last))
        let after = try #require(try await store.job(job.id, tenant: tenant))
        #expect(after.state == .done && after.counts == JobCounts(done: 3, failed: 1))
        #expect(
            after.expiresAt == test.clock.now + 100_000,
            "it is kept as long as if it had ended now"
        )
    }

    @Test func `A job that failed altogether is as new`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1, 1])
        try await store.finish(store.claim(owner: worker()).map { ($0, .failed(broken)) })
        guard case .queued(let retried) = try await store.retryJob(job.id, tenant: tenant) else {
            Issue.record("nothing was queued")
            return
        }
        #expect(retried.state == .queued && retried.counts == JobCounts(queued: 2))
    }

    @Test func `While other images run, those that failed already go back`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1, 100_000])
        try await store.finish(store.claim(owner: worker()).map { ($0, .failed(broken)) })
        let running = try #require(try await store.claim(owner: worker()).first)
        _ = try await store.retryJob(job.id, tenant: tenant)
        #expect(
            try await store.job(job.id, tenant: tenant)?.counts == JobCounts(queued: 1, running: 1)
        )
        #expect(try await store.finish(running, done(running)), "its lease is untouched")
    }

    @Test func `One image goes back alone`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1, 1, 1])
        let claims = try await store.claim(owner: worker())
        try await store.finish(claims.map { ($0, $0.number == 3 ? done($0) : .failed(broken)) })
        for number in [3, 4] {
            #expect(
                try await store.retryJob(job.id, image: number, tenant: tenant) == .nothing,
                "it has not failed, or is not there"
            )
        }
        guard case .queued(let retried) = try await store.retryJob(job.id, image: 2, tenant: tenant)
        else {
            Issue.record("it is not queued")
            return
        }
        #expect(retried.counts == JobCounts(queued: 1, done: 1, failed: 1))
        #expect(try await store.claim(owner: worker()).map(\.number) == [2])
    }

    @Test func `Without anything to try again nothing changes`() async throws {
        let store = try test.open()
        let (tenant, other) = (try await store.tenant(), try await store.tenant())
        let job = try await store.job(tenant, sizes: [1, 1])
        #expect(try await store.retryJob(job.id, tenant: tenant) == .nothing, "all is queued")
        #expect(try await store.retryJob(job.id, tenant: other) == nil, "another's job is unknown")
        let cancelled = try await store.cancelJob(job.id, tenant: tenant)
        #expect(
            try await store.retryJob(job.id, tenant: tenant) == .nothing,
            "what was cancelled stays so"
        )
        #expect(try await store.job(job.id, tenant: tenant) == cancelled)
    }

    @Test func `What a quota has no room for is not tried again`() async throws {
        let store = try test.open()
        let secret = try APIKeySecret.generate()
        let quotas = APIKeyQuotas(imagesQueued: 2)
        let tenant = try await store.createKey(
            name: "small",
            scopes: [.submit],
            quotas: quotas,
            hash: secret.hash,
            prefix: secret.prefix
        ).id
        let failed = try await store.job(tenant, sizes: [1, 1])
        try await store.finish(store.claim(owner: worker()).map { ($0, .failed(broken)) })
        try await store.job(tenant, sizes: [1])
        let excess = QuotaExcess(quota: .imagesQueued, limit: 2, isFinal: false)
        #expect(try await store.retryJob(failed.id, tenant: tenant) == .overQuota(excess))
        #expect(try await store.job(failed.id, tenant: tenant)?.counts == JobCounts(failed: 2))
        let claim = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(claim, done(claim))
        guard case .queued = try await store.retryJob(failed.id, tenant: tenant) else {
            Issue.record("there is room again")
            return
        }
    }

    @Test func `An expired job cannot be tried again, be its files erased yet or not`() async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await mixedJob(store, tenant)
        test.clock.advance(by: .seconds(100))
        #expect(try await store.retryJob(job.id, tenant: tenant) == .expired)
        #expect(try await store.expireJobs().jobs == 1)
        #expect(try await store.retryJob(job.id, tenant: tenant) == .expired)
    }
}
