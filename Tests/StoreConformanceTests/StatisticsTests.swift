import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct StatisticsTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test func `States are counted over all tenants, and ends are remembered when their job is erased`() async throws {
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

    @Test func `A claim's wait is counted from when it could be claimed this time`() async throws {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [100_000])
        test.clock.advance(by: .seconds(7))
        let first = try await store.claim(owner: worker())
        #expect(try await store.queueWaits(of: first) == [7])
        try await store.finish(try #require(first.first), .released)
        test.clock.advance(by: .milliseconds(1500))
        #expect(try await store.queueWaits(of: store.claim(owner: worker())) == [1.5])
    }
}
