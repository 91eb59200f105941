import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct StatisticsTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test
    func `States are counted over all tenants, and ends are remembered when their job is erased`()
        async throws
    {
        let store = try test.open()
        let job = try await store.job(store.tenant("a"), sizes: [100_000, 100_000])
        test.clock.advance(by: .seconds(10))
        try await store.job(store.tenant("b"), sizes: [100_000])
        let first = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(first, done(first))
        var statistics = try await store.statistics()
        #expect(statistics.jobs == [.running: 1, .queued: 1])
        #expect(statistics.images == JobCounts(queued: 2, done: 1))
        #expect(statistics.endings == [.done: 1, .failed: 0, .quarantined: 0, .cancelled: 0])
        #expect(statistics.oldestQueuedAt == job.createdAt)
        #expect(statistics.databaseBytes > 4096)

        _ = try await store.cancelJob(job.id, tenant: job.tenant)
        _ = try await store.deleteJob(job.id, tenant: job.tenant)
        statistics = try await store.statistics()
        #expect(statistics.endings == [.done: 1, .failed: 0, .quarantined: 0, .cancelled: 1])
        #expect(statistics.images == JobCounts(queued: 1))
        #expect(statistics.oldestQueuedAt == job.createdAt + 10_000)
    }

    @Test
    func `Every ending is counted, also the second of an image, and whatever becomes of its job`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let images = try (1...6).map { number in
            NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(numbered: number),
                content: number == 6
                    ? .refused(broken) : .stored(StoredBlob(sha256: blob("\(number)"), size: 1)),
                pixels: 1
            )
        }
        let new = NewJob(tenant: tenant, settings: .standard, retention: .seconds(100))
        guard case .created(let job) = try await store.createJob(new, images: images) else {
            throw StoreError.noImages
        }
        #expect(try await store.statistics().endings == Self.endings(failed: 1), "one was refused")
        let claims = try await store.claim(owner: worker())
        try await store.finish([
            (claims[0], done(claims[0])), (claims[1], .failed(broken)), (claims[2], .released),
        ])
        // A release and a retry are no endings; two images are still at work.
        #expect(try await store.statistics().endings == Self.endings(done: 1, failed: 2))
        for _ in 0..<2 {
            let claim = try #require(try await store.claim(owner: worker()).first)
            try await store.finish(claim, .crashed(reason: "signal 9"))
        }
        #expect(
            try await store.statistics().endings == Self.endings(done: 1, failed: 2, quarantined: 1)
        )

        _ = try await store.retryJob(job.id, tenant: tenant)
        #expect(
            try await store.statistics().endings == Self.endings(done: 1, failed: 2, quarantined: 1)
        )
        let again = try #require(try await store.claim(owner: worker(), limit: 1).first)
        try await store.finish(again, done(again))
        _ = try await store.cancelJob(job.id, tenant: tenant)
        let all = Self.endings(done: 2, failed: 2, quarantined: 1, cancelled: 3)
        #expect(try await store.statistics().endings == all)

        test.clock.advance(by: .seconds(100))
        #expect(try await store.expireJobs().jobs == 1)
        #expect(try await store.statistics().endings == all, "the job has expired")
        test.clock.advance(by: JobExpiry.tombstoneLifetime)
        _ = try await store.expireJobs()
        #expect(try await store.job(job.id, tenant: tenant) == nil)
        #expect(try await store.statistics().endings == all, "its row is gone, too")
        #expect(try await test.open().statistics().endings == all)
    }

    private static func endings(
        done: Int = 0,
        failed: Int = 0,
        quarantined: Int = 0,
        cancelled: Int = 0
    ) -> [ImageState: Int] {
        [.done: done, .failed: failed, .quarantined: quarantined, .cancelled: cancelled]
    }

    @Test func `A claim's wait is counted from when it could be claimed this time`() async throws {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [100_000])
        test.clock.advance(by: .seconds(7))
        let first = try await store.claim(owner: worker())
        #expect(first.map(\.waited) == [.seconds(7)])
        try await store.finish(try #require(first.first), .released)
        test.clock.advance(by: .milliseconds(1500))
        #expect(try await store.claim(owner: worker()).map(\.waited) == [.milliseconds(1500)])
    }
}
