import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct RecoveryTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test func `What a killed run had is taken back at once by the next`() async throws {
        let tenant: APIKeyID
        let job: Job
        let lost: [ClaimedImage]
        do {
            let store = try test.open()
            tenant = try await store.tenant()
            job = try await store.job(tenant, sizes: [1, 1, 100_000])
            lost = try await store.claim(owner: worker(run: "run1"))
            #expect(lost.count == 2)
        }
        let store = try test.open()
        #expect(try await store.claim(owner: worker(run: "run2")).map(\.number) == [3])
        #expect(try await store.reclaim(previousRunsOf: "host", currentRun: "run2") == 2)
        #expect(
            try await store.job(job.id, tenant: tenant)?.counts == JobCounts(queued: 2, running: 1)
        )
        #expect(try await store.finish(lost[0], done(lost[0])) == false, "the dead have no say")
        // Each alone from now on: one of the two may be what killed the run.
        #expect(try await store.claim(owner: worker(run: "run2")).map(\.number) == [1])
        #expect(try await store.claim(owner: worker(run: "run2")).map(\.number) == [2])
    }

    @Test func `Images do not wait for a clock that was set back, and still wait between attempts`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        try await store.job(tenant, sizes: [100_000, 100_000])
        let failed = try await store.claim(owner: worker())
        try await store.finish(failed[0], .retry(ImageFailure(code: "storage_full", detail: "")))
        #expect(
            try await store.endImpossibleWaits() == 0,
            "a second or so is a wait that the rule gives"
        )
        #expect(try await store.claim(owner: worker()).map(\.number) == [2])
        try await store.job(tenant, sizes: [100_000])
        test.clock.advance(by: .seconds(-3600))
        #expect(try await store.claim(owner: worker()).isEmpty)
        #expect(try await store.endImpossibleWaits() == 2)
        #expect(try await store.claim(owner: worker()).map(\.number) == [1])
        #expect(try await store.claim(owner: worker()).map(\.number) == [1])
    }

    @Test func `Other installations keep their leases, even with names that begin alike`()
        async throws
    {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [100_000, 100_000, 100_000])
        for instance in ["host", "host2", "hos"] {
            _ = try await store.claim(owner: worker(instance: instance))
        }
        #expect(try await store.reclaim(previousRunsOf: "host") == 1)
        #expect(try await store.claim(owner: worker()).map(\.number) == [1])
    }

    @Test func `An image that is hit by five kills of the service is set aside`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [100_000])
        for run in 1...5 {
            #expect(try await store.claim(owner: worker(run: "run\(run)")).count == 1)
            #expect(
                try await store.reclaim(previousRunsOf: "host", currentRun: "run\(run + 1)") == 1
            )
        }
        #expect(try await store.image(job: job.id, number: 1)?.failure == .interrupted)
        #expect(try await store.job(job.id, tenant: tenant)?.state == .failed)
    }

    @Test
    func
        `A lease that ran out is lengthened if it is known to be at work, and its image pays nothing`()
        async throws
    {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [100_000, 100_000])
        let (alive, dead) = (
            try await store.claim(owner: worker(0)), try await store.claim(owner: worker(1))
        )
        test.clock.advance(by: .seconds(3600))
        #expect(try await store.rescueExpired(sparing: alive, lease: .seconds(60)) == 1)
        #expect(try await store.heartbeat(claims: alive + dead) == [true, false])
        test.clock.advance(by: .seconds(60))
        #expect(
            try await store.rescueExpired(sparing: dead, lease: .seconds(60)) == 1,
            "who has lost it has lost it"
        )
    }

    @Test func `A lease holds to its last moment, and the fifth that ends sets its image aside`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [100_000])
        _ = try await store.claim(owner: worker())
        test.clock.advance(by: .milliseconds(59_999))
        #expect(try await store.rescueExpired() == 0)
        test.clock.advance(by: .milliseconds(1))
        #expect(try await store.rescueExpired() == 1)
        for _ in 2...5 {
            #expect(try await store.job(job.id, tenant: tenant)?.state == .queued)
            #expect(try await store.claim(owner: worker()).count == 1)
            test.clock.advance(by: .seconds(60))
            #expect(try await store.rescueExpired() == 1)
        }
        let image = try #require(try await store.image(job: job.id, number: 1))
        #expect(image.state == .quarantined && image.failure == .interrupted)
        #expect(try await store.job(job.id, tenant: tenant)?.state == .failed)
    }

    @Test func `Only a worker's word counts as a crash: leases that ran out are no first one`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [100_000])
        for _ in 0..<4 {
            _ = try await store.claim(owner: worker())
            test.clock.advance(by: .seconds(60))
            #expect(try await store.rescueExpired() == 1)
        }
        for state in [ImageState.queued, .quarantined] {
            let claim = try #require(try await store.claim(owner: worker()).first)
            #expect(try await store.finish(claim, .crashed(reason: "signal 9")))
            #expect(try await store.image(job: job.id, number: 1)?.state == state)
        }
        #expect(try await store.image(job: job.id, number: 1)?.failure == .quarantined)
    }
}
