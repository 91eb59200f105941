import JobModel
import Queue
import StoreHarness
import Testing

@testable import SQLStore
@testable import SQLiteStore

@Suite struct JobCacheTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    /// What the database has, whatever is remembered.
    private func stored(_ store: SQLiteStore, _ job: Job) async throws -> Job? {
        try await store.readOnce { db in
            try SQLiteStore.job(db, job.id, tenant: job.tenant)
        }
    }

    @Test func `A job is as the database has it after every change`() async throws {
        let store = try test.open()
        let job = try await store.job(store.tenant(), sizes: [100_000, 100_000])
        func check() async throws {
            for _ in 0..<2 {
                #expect(
                    try await store.job(job.id, tenant: job.tenant) == stored(store, job)
                )
            }
        }
        try await check()
        let first = try #require(try await store.claim(owner: worker()).first)
        try await check()
        try await store.finish(first, .failed(broken))
        try await check()
        let second = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(second, done(second))
        try await check()
        _ = try await store.retryJob(job.id, image: nil, tenant: job.tenant)
        try await check()
        _ = try await store.cancelJob(job.id, tenant: job.tenant)
        try await check()
        test.clock.advance(by: .seconds(1_000_000))
        _ = try await store.expireJobs()
        try await check()
        #expect(try await store.job(job.id, tenant: job.tenant)?.expiredAt != nil)
        test.clock.advance(by: JobExpiry.tombstoneLifetime)
        _ = try await store.expireJobs()
        #expect(try await store.job(job.id, tenant: job.tenant) == nil)
    }

    @Test func `A job that is erased is gone at once, and nobody else's at any time`() async throws
    {
        let store = try test.open()
        let job = try await store.job(store.tenant(), sizes: [100_000])
        let stranger = try await store.tenant()
        #expect(try await store.job(job.id, tenant: job.tenant) != nil)
        #expect(try await store.job(job.id, tenant: stranger) == nil)
        _ = try await store.deleteJob(job.id, tenant: job.tenant)
        #expect(try await store.job(job.id, tenant: job.tenant) == nil)
    }

    @Test func `Who has made a change sees it, however many read meanwhile`() async throws {
        let store = try test.open()
        let job = try await store.job(
            store.tenant(),
            sizes: Array(repeating: 100_000, count: 60)
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    while !Task.isCancelled {
                        _ = try await store.job(job.id, tenant: job.tenant)
                        // What is remembered is answered without a wait.
                        await Task.yield()
                    }
                }
            }
            for number in 1...60 {
                let claim = try #require(try await store.claim(owner: worker()).first)
                try await store.finish(claim, done(claim))
                let seen = try await store.job(job.id, tenant: job.tenant)
                #expect(seen?.counts.done == number)
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func `A row that was read before a change is not remembered after it`() async throws {
        let store = try test.open()
        let job = try await store.job(store.tenant(), sizes: [1])
        let cache = JobCache()
        let before = cache.lookUp(job.id)
        #expect(before.job == nil)
        cache.forget([8])
        cache.keep(job, seq: 7, after: before.changes)
        #expect(cache.lookUp(job.id).job == nil)
        cache.keep(job, seq: 7, after: cache.lookUp(job.id).changes)
        #expect(cache.lookUp(job.id).job == job)
        cache.forget([7])
        #expect(cache.lookUp(job.id).job == nil)
    }
}
