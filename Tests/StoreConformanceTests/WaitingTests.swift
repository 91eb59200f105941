import JobModel
import Queue
import StoreHarness
import Testing

/// Each wait would take an hour if its wake-up were lost, which the time limit of the suite turns into a failure.
@Suite(.timeLimit(.minutes(10))) struct WaitingTests {
    let test: TestStore

    init() throws { test = try TestStore() }
    static let hour = Duration.seconds(3600)

    @Test func `A new job wakes all who wait`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 {
                let mark = store.workMark
                group.addTask { try await store.waitForWork(after: mark, atMost: Self.hour) }
            }
            try await store.job(tenant, sizes: [1])
            try await group.waitForAll()
        }
    }

    @Test func `A wake-up between the look and the wait is not lost`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let mark = store.workMark
        #expect(try await store.claim(owner: worker()).isEmpty)
        try await store.job(tenant, sizes: [1])
        // Claimed meanwhile by another, so that only the signal can end the wait.
        _ = try await store.claim(owner: worker(1))
        #expect(store.workMark != mark)
        try await store.waitForWork(after: mark, atMost: Self.hour)
    }

    @Test func `Whatever puts an image back into the queue wakes`() async throws {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [100_000])
        var claim = try #require(try await store.claim(owner: worker()).first)
        var mark = store.workMark
        try await store.finish(claim, .released)
        // The image is there to be claimed, which ends the wait by itself; the mark tells that those who wait already are woken.
        #expect(store.workMark != mark)
        try await store.waitForWork(after: mark, atMost: Self.hour)

        claim = try #require(try await store.claim(owner: worker()).first)
        mark = store.workMark
        test.clock.advance(by: .seconds(60))
        try await store.rescueExpired()
        #expect(store.workMark != mark)
        try await store.waitForWork(after: mark, atMost: Self.hour)

        claim = try #require(try await store.claim(owner: worker()).first)
        mark = store.workMark
        try await store.reclaim(previousRunsOf: "host")
        #expect(store.workMark != mark)
        try await store.waitForWork(after: mark, atMost: Self.hour)
    }

    @Test func `Only an end of leases tells their holders to look`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let start = store.leaseMark
        let job = try await store.job(tenant, sizes: [1])
        #expect(try await store.cancelJob(.random(), tenant: tenant) == nil)
        #expect(try await store.deleteJob(.random(), tenant: tenant) == nil)
        #expect(try await store.deleteJob(job.id, tenant: store.tenant("other")) == nil)
        #expect(try await store.cancelJob(job.id, tenant: tenant) != nil)
        #expect(try await store.deleteJob(job.id, tenant: tenant) != nil)
        #expect(store.leaseMark == start, "nobody had any of it")
        for erases in [false, true] {
            let job = try await store.job(tenant, sizes: [1])
            #expect(try await store.claim(owner: worker()).count == 1)
            let mark = store.leaseMark
            if erases {
                _ = try await store.deleteJob(job.id, tenant: tenant)
            } else {
                _ = try await store.cancelJob(job.id, tenant: tenant)
            }
            #expect(store.leaseMark != mark)
        }
    }

    @Test func `The end of an image's own wait ends the wait for work`() async throws {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [1])
        let claim = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(claim, .retry(ioFault))
        // Its time is 1 to 1.1 s ahead; almost all of that passes on the test's clock.
        test.clock.advance(by: .milliseconds(1000))
        try await store.waitForWork(after: store.workMark, atMost: Self.hour)
    }

    @Test func `A timeout and a cancelled task end the wait`() async throws {
        let store = try test.open()
        try await store.waitForWork(after: store.workMark, atMost: .milliseconds(1))
        let mark = store.workMark
        let task = Task { try await store.waitForWork(after: mark, atMost: Self.hour) }
        task.cancel()
        try await task.value
    }
}
