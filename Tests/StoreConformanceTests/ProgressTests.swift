import JobModel
import Queue
import StoreHarness
import Testing

/// Waits would take an hour if their wake-ups were lost, which the time limit of the suite turns into a failure.
@Suite(.timeLimit(.minutes(10))) struct ProgressTests {
    let test: TestStore

    init() throws { test = try TestStore() }
    static let hour = Duration.seconds(3600)

    /// The numbers of the images that ended after an ending, in their order, by pages.
    private func ended(
        _ store: any Store,
        _ job: Job,
        after: Int64 = 0,
        page: Int = 2
    ) async throws -> [Int] {
        var last = after
        var numbers: [Int] = []
        while true {
            let progress = try #require(
                try await store.progress(of: job.id, tenant: job.tenant, after: last, limit: page)
            )
            #expect(progress.ended.map(\.ending) == progress.ended.map(\.ending).sorted())
            guard let next = progress.ended.last?.ending else { return numbers }
            #expect(next <= progress.lastEnding)
            numbers += progress.ended.map(\.image.number)
            last = next
        }
    }

    private func lastEnding(_ store: any Store, _ job: Job) async throws -> Int64 {
        try #require(try await store.progress(of: job.id, tenant: job.tenant, after: 0, limit: 0))
            .lastEnding
    }

    @Test func `Images are told in the order in which they ended, each once, also by the next run`()
        async throws
    {
        var store = try test.open()
        let job = try await store.job(store.tenant(), sizes: Array(repeating: 100_000, count: 5))
        var claims: [ClaimedImage] = []
        for _ in 0..<4 { claims += try await store.claim(owner: worker()) }
        #expect(try await ended(store, job) == [])
        try await store.finish(claims[2], done(claims[2]))
        try await store.finish(claims[3], .failed(broken))
        try await store.finish(claims[0], done(claims[0]))
        #expect(try await ended(store, job) == [3, 4, 1])
        #expect(try await ended(store, job, after: 1) == [4, 1])

        store = try test.open()
        try await store.reclaim(previousRunsOf: "host")
        #expect(try await ended(store, job, after: 3) == [])
        _ = try await store.cancelJob(job.id, tenant: job.tenant)
        #expect(try await ended(store, job, after: 3).sorted() == [2, 5])
        #expect(try await ended(store, job).count == 5)
    }

    @Test func `What is given back, tried again later or crashed once has not ended`() async throws
    {
        let store = try test.open()
        let job = try await store.job(store.tenant(), sizes: [100_000])
        for outcome in [ImageOutcome.released, .crashed(reason: "it died")] {
            let claim = try #require(try await store.claim(owner: worker()).first)
            try await store.finish(claim, outcome)
            test.clock.advance(by: .seconds(600))
        }
        #expect(try await ended(store, job) == [])
        let claim = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(claim, .crashed(reason: "it died"))
        #expect(try await ended(store, job) == [1])
    }

    @Test func `Images that were refused on the way have ended from the start`() async throws {
        let store = try test.open()
        let images = try (1...3).map { number in
            NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(numbered: number),
                content: .refused(broken)
            )
        }
        let new = NewJob(
            tenant: try await store.tenant(),
            settings: .standard,
            retention: .seconds(60)
        )
        guard case .created(let job) = try await store.createJob(new, images: images) else {
            Issue.record("the job was not made")
            return
        }
        #expect(try await ended(store, job) == [1, 2, 3])
    }

    @Test func `An image that is tried again is told again when it ends again, and not before`()
        async throws
    {
        let store = try test.open()
        let job = try await store.job(store.tenant(), sizes: [100_000, 100_000])
        let first = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(first, done(first))
        let second = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(second, .failed(broken))
        #expect(try await ended(store, job) == [1, 2])
        // The one that ended last, so that its number must not be given out anew.
        _ = try await store.retryJob(job.id, tenant: job.tenant)
        #expect(try await ended(store, job) == [1])
        #expect(try await lastEnding(store, job) == 2)
        let claim = try #require(try await store.claim(owner: worker()).first)
        #expect(try await ended(store, job) == [1])
        try await store.finish(claim, done(claim))
        #expect(try await ended(store, job, after: 2) == [2])
        #expect(try await ended(store, job) == [1, 2])
        #expect(try await lastEnding(store, job) == 3)
    }

    @Test func `Nobody sees another tenant's progress`() async throws {
        let store = try test.open()
        let job = try await store.job(store.tenant("a"), sizes: [1])
        let other = try await store.tenant("b")
        #expect(try await store.progress(of: job.id, tenant: other, after: 0, limit: 1) == nil)
        #expect(try await store.watch(job.id, tenant: other) == nil)
    }

    // MARK: - Watches

    @Test func `Whatever happens to a job wakes those who watch it`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [100_000, 100_000])
        let watch = try #require(try await store.watch(job.id, tenant: tenant))
        var mark = watch.mark
        let claim = try #require(try await store.claim(owner: worker()).first)
        await watch.wait(after: mark, atMost: Self.hour)
        mark = watch.mark
        try await store.finish(claim, done(claim))
        await watch.wait(after: mark, atMost: Self.hour)
        mark = watch.mark
        _ = try await store.cancelJob(job.id, tenant: tenant)
        await watch.wait(after: mark, atMost: Self.hour)
        mark = watch.mark
        _ = try await store.deleteJob(job.id, tenant: tenant)
        await watch.wait(after: mark, atMost: Self.hour)
        mark = watch.mark
        store.wakeWatches()
        await watch.wait(after: mark, atMost: Self.hour)
    }

    @Test func `Watches are counted, and forgotten with their owners`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1])
        let watch = try #require(try await store.watch(job.id, tenant: tenant))
        do {
            let second = try #require(try await store.watch(job.id, tenant: tenant))
            #expect(second.count == 2)
        }
        #expect(watch.count == 1)
    }
}
