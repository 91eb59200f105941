import BlobStorage
import Cryptography
import Foundation
import JobModel
import ProcessHarness
import Queue
import SQLStore
import StoreHarness
import Synchronization
import Testing

@testable import PostgresStore

/// A way to the server, or a server, that fails at the worst moment.
@Suite(Server.isThere) struct OutageTests {
    private let schema = Server.newName()

    private func store(_ proxy: Proxy? = nil, _ options: String = "") throws -> PostgresStore {
        try PostgresStore(
            try Server.location(schema: schema, folder: proxy?.folder, options),
            generatorVersion: 1
        )
    }

    private func drop() { _ = try? Server.psql("DROP SCHEMA IF EXISTS \(schema) CASCADE") }

    private func count(_ table: String) throws -> String {
        try Server.psql("SELECT count(*) FROM \(schema).\(table)")
    }

    @Test(arguments: [Proxy.Cut.beforeCommit, .afterCommit])
    func `A job whose commit was cut off is made once`(cut: Proxy.Cut) async throws {
        defer { drop() }
        let proxy = try Proxy()
        let store = try store(proxy)
        let tenant = try await store.tenant()
        for number in 1...3 {
            proxy.set(cut)
            let job = try await store.job(tenant, sizes: [1, 2, 3])
            #expect(proxy.commitsCut == number)
            #expect(try await store.job(job.id, tenant: tenant)?.counts == JobCounts(queued: 3))
            #expect(try count("jobs") == "\(number)")
            #expect(try count("images") == "\(3 * number)")
        }
    }

    @Test(arguments: [Proxy.Cut.beforeCommit, .afterCommit])
    func `Whatever else is written when a commit is cut off is written once`(
        cut: Proxy.Cut
    ) async throws {
        defer { drop() }
        let proxy = try Proxy()
        let store = try store(proxy)
        proxy.set(cut)
        let tenant = try await store.tenant()
        #expect(try count("api_keys") == "1")
        let idempotency = NewJob.Idempotency(key: "once", fingerprint: blob("request"))
        proxy.set(cut)
        let job = try await store.job(tenant, sizes: [1, 2], idempotency: idempotency)
        proxy.set(cut)
        let claims = try await store.claim(owner: worker())
        #expect(claims.count == 2)
        proxy.set(cut)
        #expect(try await store.finish(claims.map { ($0, done($0)) }) == [true, true])
        #expect(try await store.job(job.id, tenant: tenant)?.counts == JobCounts(done: 2))
        #expect(try await store.statistics().endings[.done] == 2)
        _ = try await store.putWebhook(
            "https://example.org/",
            secret: Array(repeating: 1, count: 32),
            of: tenant
        )
        proxy.set(cut)
        #expect(try await store.addTestMessage(of: tenant) != nil)
        #expect(try count("webhook_messages") == "1")
        #expect(proxy.commitsCut == 5)
    }

    @Test(arguments: [Proxy.Cut.beforeCommit, .afterCommit])
    func `A commit that was cut off tells what it removed or changed`(
        cut: Proxy.Cut
    ) async throws {
        defer { drop() }
        let proxy = try Proxy()
        let store = try store(proxy)
        let (admin, tenant) = (try await store.tenant(), try await store.tenant())
        let job = try await store.job(tenant, sizes: [1])
        let claim = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(claim, .failed(broken))
        proxy.set(cut)
        guard
            case .queued(let again)? = try await store.retryJob(job.id, image: nil, tenant: tenant)
        else {
            Issue.record("the job was not tried again")
            return
        }
        #expect(again.counts == JobCounts(queued: 1))

        let old = StoredBlob(sha256: blob("old"), size: 1)
        let new = StoredBlob(sha256: blob("new"), size: 1)
        let cats = try ClassLabel("cats")
        _ = try await store.importSemanticImage(old, tenant: tenant, label: cats)
        proxy.set(cut)
        guard
            case .imported(_, let replaced) = try await store.importSemanticImage(
                new,
                tenant: tenant,
                label: cats
            )
        else {
            Issue.record("the picture was not imported")
            return
        }
        #expect(replaced == [old.sha256])
        proxy.set(cut)
        let removed = try await store.removeImportedSemanticImages(
            tenant: tenant,
            label: cats
        )
        #expect(removed == [new.sha256])

        proxy.set(cut)
        let erased = try await store.deleteJob(job.id, tenant: tenant)
        #expect(erased?.compactMap(\.input).count == 1)
        #expect(try await store.deleteJob(job.id, tenant: tenant) == nil)
        proxy.set(cut)
        #expect(try await store.revokeKey(tenant) == .revoked)
        #expect(try await store.revokeKey(tenant) == .revokedBefore)
        #expect(try await store.revokeKey(admin) != .unknown)
        #expect(proxy.commitsCut == 5)
    }

    @Test func `Idle connections that died are replaced, and nobody notices`() async throws {
        defer { drop() }
        let program = Server.newName()
        let store = try store(nil, "&application_name=\(program)")
        let tenant = try await store.tenant()
        for round in 1...3 {
            // Several connections at once.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 { group.addTask { _ = try await store.statistics() } }
                try await group.waitForAll()
            }
            try Server.psql(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE application_name = '\(program)'
                """
            )
            if round == 2 { _ = try await store.statistics() }
            try await store.job(tenant, sizes: [1])
            #expect(try count("jobs") == "\(round)")
        }
    }

    @Test func `A server that is away is unavailable within seconds, and used when it is back`()
        async throws
    {
        defer { drop() }
        let proxy = try Proxy()
        let store = try store(proxy)
        let tenant = try await store.tenant()
        proxy.set(.always)
        let start = ContinuousClock.now
        for _ in 0..<3 {
            await #expect {
                try await store.job(tenant, sizes: [1])
            } throws: { error in
                if case StoreError.unavailable? = error as? StoreError { true } else { false }
            }
        }
        #expect(ContinuousClock.now - start < .seconds(20))
        proxy.set(.never)
        try await store.job(tenant, sizes: [1])
        #expect(try count("jobs") == "1")
    }

    @Test func `A removal that has lost its connection looks again before it goes on`()
        async throws
    {
        defer { drop() }
        let proxy = try Proxy()
        let store = try store(proxy)
        let blobs = [blob("one"), blob("two"), blob("three")]
        let removed = Mutex<[SHA256Digest]>([])
        let other = try self.store()
        try await store.withUnreferenced(among: blobs) { free in
            let isFirst = removed.withLock { removed in
                defer { removed += free }
                return removed.isEmpty
            }
            guard isFirst else { return }
            proxy.set(.always)
            proxy.set(.never)
            // Without the lock somebody else may be about to place it.
            #expect(throws: Never.self) { try other.note([blobs[1]]) }
        }
        #expect(removed.withLock { $0 } == [blobs[0], blobs[0], blobs[2]])
    }

    @Test func `A store is not opened while its server is away`() throws {
        defer { drop() }
        let proxy = try Proxy()
        proxy.set(.always)
        #expect {
            try store(proxy)
        } throws: { error in
            if case StoreError.unavailable? = error as? StoreError { true } else { false }
        }
    }
}

/// Restarts of the server itself, which no other test must use meanwhile.
@Suite(Server.isThere, Server.isAlone, .serialized) struct RestartTests {
    private func control(_ word: String) throws {
        let end = try RunningProgram.run(try #require(Server.control), [word])
        try #require(end.isSuccess, "\(end.complaintText)")
    }

    @Test func `A server that crashed and is back is used, and nobody notices`() async throws {
        let store = try PostgresStore(try Server.location(), generatorVersion: 1)
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1, 2])
        for _ in 0..<2 {
            try control("restart")
            #expect(try await store.job(job.id, tenant: tenant)?.counts.total == 2)
        }
        try control("restart")
        let claims = try await store.claim(owner: worker())
        // A crash may undo a claim until something else has been written.
        try await store.checkWrites()
        try control("restart")
        #expect(try await store.finish(claims.map { ($0, done($0)) }) == [true, true])
    }

    @Test func `While it is down the store is unavailable, and then works again`() async throws {
        let store = try PostgresStore(try Server.location(), generatorVersion: 1)
        let tenant = try await store.tenant()
        try control("stop")
        let start = ContinuousClock.now
        for _ in 0..<3 {
            await #expect {
                try await store.job(tenant, sizes: [1])
            } throws: { error in
                if case StoreError.unavailable? = error as? StoreError { true } else { false }
            }
            await #expect(throws: StoreError.self) { try await store.check() }
        }
        #expect(ContinuousClock.now - start < .seconds(20))
        try control("start")
        try await store.check()
        try await store.checkWrites()
        let job = try await store.job(tenant, sizes: [1])
        #expect(try await store.job(job.id, tenant: tenant) != nil)
    }
}
