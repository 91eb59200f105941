import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct OutcomeTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test func `A protected image has its output and its report`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1], retention: .seconds(100))
        let claim = try #require(try await store.claim(owner: worker()).first)
        test.clock.advance(by: .seconds(3))
        #expect(try await store.finish(claim, done(claim)))
        let image = try #require(try await test.open().image(job: job.id, number: 1))
        guard case .done(let output, let crc32, let report, _) = done(claim) else {
            throw StoreError.noImages
        }
        #expect(
            image.state == .done && image.output == output && image.outputCRC32 == crc32
                && image.report == report
        )
        #expect(
            image.failure == nil && image.finishedAt == test.clock.now
                && image.startedAt == test.clock.now - 3000
        )
        let after = try #require(try await store.job(job.id, tenant: tenant))
        #expect(after.state == .done && after.counts == JobCounts(done: 1))
        #expect(after.finishedAt == test.clock.now && after.expiresAt == test.clock.now + 100_000)
    }

    @Test func `One bad image does not fail the others`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1, 1, 1])
        let claims = try await store.claim(owner: worker())
        #expect(
            try await store.finish([(claims[0], done(claims[0])), (claims[1], .failed(broken))])
                == [true, true]
        )
        #expect(try await store.job(job.id, tenant: tenant)?.state == .running)
        #expect(try await store.job(job.id, tenant: tenant)?.expiresAt == nil)
        #expect(try await store.finish(claims[2], done(claims[2])))
        let after = try #require(try await store.job(job.id, tenant: tenant))
        #expect(after.state == .done && after.counts == JobCounts(done: 2, failed: 1))
        #expect(try await store.image(job: job.id, number: 2)?.failure == broken)
    }

    @Test func `A job of bad images alone has failed`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1, 1])
        try await store.finish(store.claim(owner: worker()).map { ($0, .failed(broken)) })
        #expect(try await store.job(job.id, tenant: tenant)?.state == .failed)
    }

    @Test func `A fault of the machine is retried after growing waits, five times in all`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1])
        for (attempt, wait) in zip(1..., [1, 2, 4, 8]) {
            let claim = try #require(try await store.claim(owner: worker()).first)
            #expect(claim.attempt == attempt)
            #expect(try await store.finish(claim, .retry(ioFault)))
            #expect(try await store.job(job.id, tenant: tenant)?.counts == JobCounts(queued: 1))
            test.clock.advance(by: .milliseconds(wait * 1000 - 1))
            #expect(try await store.claim(owner: worker()).isEmpty, "it waits \(wait) s")
            test.clock.advance(by: .milliseconds(wait * 100 + 1))
        }
        let last = try #require(try await store.claim(owner: worker()).first)
        #expect(try await store.finish(last, .retry(ioFault)))
        let image = try #require(try await store.image(job: job.id, number: 1))
        #expect(image.state == .failed && image.failure == ioFault)
        #expect(try await store.job(job.id, tenant: tenant)?.state == .failed)
    }

    @Test func `The second crash sets an image aside, and the job ends without it`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [100_000, 1])
        for _ in 0..<2 {
            let claim = try #require(
                try await store.claim(owner: worker()).first { $0.number == 1 }
            )
            #expect(try await store.finish(claim, .crashed(reason: "signal 9")))
        }
        #expect(try await store.image(job: job.id, number: 1)?.failure == .quarantined)
        let rest = try await store.claim(owner: worker())
        #expect(rest.map(\.number) == [2])
        try await store.finish(rest[0], done(rest[0]))
        let after = try #require(try await store.job(job.id, tenant: tenant))
        #expect(after.state == .done && after.counts == JobCounts(done: 1, quarantined: 1))
    }

    @Test func `A release counts for nothing, however often`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1])
        for _ in 0..<10 {
            let claim = try #require(try await store.claim(owner: worker()).first)
            #expect(try await store.finish(claim, .released))
            #expect(try await store.job(job.id, tenant: tenant)?.state == .queued)
        }
        let claim = try #require(try await store.claim(owner: worker()).first)
        #expect(try await store.finish(claim, done(claim)))
    }

    @Test func `An outcome that is told again is answered as before, and changes nothing`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: Array(repeating: 1, count: 5))
        let claims = try await store.claim(owner: worker())
        let outcomes = [
            done(claims[0]), .failed(broken), .retry(ioFault), .crashed(reason: "signal 9"),
            .released,
        ]
        let told = Array(zip(claims, outcomes))
        #expect(try await store.finish(told) == Array(repeating: true, count: 5))
        let after = try await (
            store.job(job.id, tenant: tenant), store.images(job: job.id), store.statistics().endings
        )
        test.clock.advance(by: .milliseconds(1))
        // The next run may tell it, after a commit whose answer was lost.
        let next = try test.open()
        for store in [store, next] {
            #expect(try await store.finish(told) == Array(repeating: true, count: 5))
        }
        for claim in claims { #expect(try await store.finish(claim, .failed(ioFault))) }
        #expect(try await store.job(job.id, tenant: tenant) == after.0)
        #expect(try await store.images(job: job.id) == after.1)
        #expect(try await store.statistics().endings == after.2)
        #expect(try await store.heartbeat(claims: claims) == Array(repeating: false, count: 5))
    }

    @Test func `An outcome that is told twice in one call counts once`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1])
        let claim = try #require(try await store.claim(owner: worker()).first)
        #expect(
            try await store.finish([(claim, done(claim)), (claim, .failed(broken))]) == [
                true, true,
            ]
        )
        #expect(try await store.job(job.id, tenant: tenant)?.counts == JobCounts(done: 1))
        #expect(try await store.statistics().endings[.done] == 1)
    }

    @Test func `An outcome that comes after a cancel does not count`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1, 1])
        let claims = try await store.claim(owner: worker())
        #expect(try await store.finish(claims[0], done(claims[0])))
        _ = try await store.cancelJob(job.id, tenant: tenant)
        #expect(try await store.finish(claims[1], done(claims[1])) == false)
        #expect(try await store.finish(claims[0], done(claims[0])), "it was done before")
        let after = try await store.job(job.id, tenant: tenant)
        #expect(after?.counts == JobCounts(done: 1, cancelled: 1))
        _ = try await store.deleteJob(job.id, tenant: tenant)
        #expect(
            try await store.finish(claims.map { ($0, done($0)) }) == [false, false],
            "it is erased"
        )
    }

    @Test func `An outcome that comes after another worker has the image does not count`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1])
        let late = try #require(try await store.claim(owner: worker(0)).first)
        test.clock.advance(by: .seconds(60))
        #expect(try await store.rescueExpired() == 1)
        #expect(
            try await store.finish(late, done(late)) == false,
            "its lease is gone, be it claimed or not"
        )
        let rescued = try #require(try await store.claim(owner: worker(1)).first)
        #expect(try await store.finish(late, .crashed(reason: "signal 9")) == false)
        #expect(try await store.job(job.id, tenant: tenant)?.counts == JobCounts(running: 1))
        #expect(try await store.finish(rescued, done(rescued)))
        #expect(try await store.finish(late, .failed(broken)) == false)
        #expect(try await store.finish(rescued, done(rescued)))
        #expect(try await store.job(job.id, tenant: tenant)?.counts == JobCounts(done: 1))
    }

    @Test func `An outcome is kept even if the task that brings it is cancelled`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1])
        let claim = try #require(try await store.claim(owner: worker()).first)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await store.finish(claim, done(claim))
        }
        #expect(try await task.value)
        #expect(try await store.job(job.id, tenant: tenant)?.state == .done)
    }
}
