import Cryptography
import JobModel
import Queue
import StoreHarness
import Synchronization
import Testing

@Suite struct ExpiryTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test func `A finished job expires at its time: its images go, its row stays a week`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1], retention: .seconds(100))
        let running = try await store.job(tenant, sizes: [2], retention: .zero)
        let claim = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(claim, done(claim))
        test.clock.advance(by: .milliseconds(99_999))
        #expect(try await store.expireJobs().jobs == 0)
        test.clock.advance(by: .milliseconds(1))
        let gone = try await store.expireJobs().blobs
        #expect(Set(gone) == [claim.inputSHA256, blob("output of \(claim.jobID) 1")])
        let expired = try #require(try await store.job(job.id, tenant: tenant))
        #expect(expired.expiredAt == test.clock.now && expired.counts == JobCounts(done: 1))
        #expect(try await store.images(job: job.id).isEmpty)
        #expect(try await store.jobs(tenant: tenant).jobs.map(\.id) == [running.id])
        #expect(try await store.referencedBlobs() == [blob("\(tenant) cats 0 2")])
        test.clock.advance(by: JobExpiry.tombstoneLifetime - .milliseconds(1))
        _ = try await store.expireJobs()
        #expect(try await store.job(job.id, tenant: tenant) != nil)
        test.clock.advance(by: .milliseconds(1))
        _ = try await store.expireJobs()
        #expect(try await store.job(job.id, tenant: tenant) == nil)
        #expect(
            try await store.job(running.id, tenant: tenant) != nil,
            "an unfinished job never expires"
        )
    }

    @Test func `A blob that another job refers to stays`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        try await store.job(tenant, sizes: [1], retention: .zero)
        try await store.job(tenant, sizes: [1], retention: .seconds(1000))
        for _ in 0..<2 {
            let claim = try #require(try await store.claim(owner: worker()).first)
            try await store.finish(claim, done(claim))
        }
        let shared = blob("\(tenant) cats 0 1")
        // That nothing may be removed is no sign that nothing has expired.
        #expect(try await !store.expireJobs().blobs.contains(shared))
        test.clock.advance(by: .seconds(1000))
        #expect(try await store.expireJobs().blobs.contains(shared))
    }

    @Test func `What got a row between expiry and removal is not removed`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        try await store.job(tenant, sizes: [1, 2], retention: .zero)
        try await store.finish(store.claim(owner: worker()).map { ($0, .failed(broken)) })
        let gone = try await store.expireJobs().blobs
        #expect(gone.count == 2)
        try await store.job(tenant, sizes: [1])
        let removed = Mutex<[SHA256Digest]>([])
        try await store.withUnreferenced(among: gone) { hashes in removed.withLock { $0 += hashes }
        }
        #expect(removed.withLock { $0 } == [blob("\(tenant) cats 1 2")])
    }

    @Test
    func
        `Much expires in pieces, in which no other writer waits long, and is gone for everybody at the first`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let large = try await store.job(
            tenant,
            sizes: Array(repeating: 1, count: 50),
            retention: .zero
        )
        let small = try await store.job(tenant, sizes: [2], label: "dogs", retention: .zero)
        while case let claims = try await store.claim(owner: worker()), !claims.isEmpty {
            try await store.finish(claims.map { ($0, done($0)) })
        }
        let first = try await store.expireJobs(imageLimit: 20)
        #expect(first.jobs == 2 && first.images == 20)
        #expect(try await store.jobs(tenant: tenant).jobs.isEmpty)
        for id in [large.id, small.id] {
            #expect(try await store.job(id, tenant: tenant)?.expiredAt == test.clock.now)
        }
        #expect(try await store.referencedBlobs().isDisjoint(with: first.blobs))
        // The rest goes in another run of the service, whatever its clock says.
        test.clock.advance(by: .seconds(-3600))
        let next = try test.open()
        var pieces: [JobExpiry] = [first]
        while case let piece = try await next.expireJobs(imageLimit: 20), !piece.isEmpty {
            pieces.append(piece)
        }
        #expect(pieces.map(\.images) == [20, 20, 11] && pieces.map(\.jobs) == [2, 0, 0])
        // Each has a file of its own, sent and protected.
        #expect(Set(pieces.flatMap(\.blobs)).count == 102 && pieces.flatMap(\.blobs).count == 102)
        #expect(try await next.referencedBlobs().isEmpty)
    }

    @Test func `A job that is spared expires once it is not`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let read = try await store.job(tenant, sizes: [1], retention: .zero)
        let other = try await store.job(tenant, sizes: [2], retention: .zero)
        for _ in 0..<2 {
            try await store.finish(store.claim(owner: worker()).map { ($0, .failed(broken)) })
        }
        #expect(try await store.expireJobs(sparing: [read.id]).jobs == 1)
        #expect(try await store.jobs(tenant: tenant).jobs.map(\.id) == [read.id])
        #expect(try await store.job(other.id, tenant: tenant)?.expiredAt != nil)
        #expect(
            try await store.expireJobs()
                == JobExpiry(jobs: 1, images: 1, blobs: [blob("\(tenant) cats 0 1")])
        )
    }

    @Test func `Any number of blobs is looked through, and each is handed on once`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        try await store.job(tenant, sizes: [1])
        let nobodys = (0..<1000).map { blob("nobody's \($0)") }
        let found = Mutex<[[SHA256Digest]]>([])
        let candidates = nobodys + [blob("\(tenant) cats 0 1")]
        try await store.withUnreferenced(among: candidates) { hashes in
            found.withLock { $0.append(hashes) }
        }
        #expect(found.withLock { $0.flatMap(\.self) } == nobodys)
        #expect(
            found.withLock { $0.allSatisfy { $0.count <= 300 } },
            "the writer is held for some hundreds"
        )
    }

    @Test(arguments: [false, true])
    func `The request of an expired job makes a new one`(isSwept: Bool) async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        func idempotency(_ name: String) -> NewJob.Idempotency {
            NewJob.Idempotency(key: "k", fingerprint: blob(name))
        }
        let first = try await store.job(
            tenant,
            sizes: [1],
            retention: .seconds(9),
            idempotency: idempotency("a")
        )
        let claim = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(claim, done(claim))
        #expect(try await store.hasRequest("k", tenant: tenant))
        test.clock.advance(by: .seconds(9))
        if isSwept { #expect(try await store.expireJobs().jobs == 1) }
        #expect(try await !store.hasRequest("k", tenant: tenant))
        // Another request may use the name, too.
        let second = try await store.job(tenant, sizes: [2], idempotency: idempotency("b"))
        #expect(second.id != first.id)
        #expect(try await store.hasRequest("k", tenant: tenant))
        // The record is the new job's, and does not go with the row of the old one.
        _ = try await store.expireJobs()
        test.clock.advance(by: JobExpiry.tombstoneLifetime)
        _ = try await store.expireJobs()
        #expect(try await store.job(first.id, tenant: tenant) == nil)
        await #expect(throws: StoreError.self, "the same request is replayed") {
            try await store.job(tenant, sizes: [2], idempotency: idempotency("b"))
        }
    }
}
