import Cryptography
import Foundation
import GRDB
import JobModel
import Migrations
import Queue
import StoreHarness
import Testing

@testable import SQLStore
@testable import SQLiteStore

/// What is SQLite's own about jobs and their images.
@Suite struct JobRowsTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    /// The numbers of the images that ended after an ending, in their order, by pages.
    private func ended(
        _ store: SQLiteStore,
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

    private func lastEnding(_ store: SQLiteStore, _ job: Job) async throws -> Int64 {
        try #require(try await store.progress(of: job.id, tenant: job.tenant, after: 0, limit: 0))
            .lastEnding
    }

    @Test func `Jobs of an earlier schema have their images numbered in the order of their ends`()
        async throws
    {
        let old = try test.open(
            migrations: Array(Migrations.all.prefix { $0.name != "m0006_image_endings" })
        )
        let (tenant, id) = (APIKeyID.random(), JobIdentifier.random())
        try await old.pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO api_keys (id, name, scopes, hash, prefix, family_seed, created_at)
                    VALUES (:tenant, 'test', 'read submit', zeroblob(32), 'plm_', 5, 7);
                    INSERT INTO jobs (seq, id, tenant, state, settings, queued_count, running_count, done_count, failed_count,
                        quarantined_count, cancelled_count, retention_ms, created_at)
                    VALUES (1, :id, :tenant, 'running', :settings, 1, 0, 0, 2, 0, 0, 1000, 7);
                    INSERT INTO images (job, number, tenant, label, name, state, input_sha256, input_size, available_at,
                        failure_code, failure_detail, finished_at)
                    VALUES (1, 1, :tenant, 'cats', 'a', 'failed', zeroblob(32), 1, 7, 'broken', '', 9),
                        (1, 2, :tenant, 'cats', 'b', 'failed', zeroblob(32), 1, 7, 'broken', '', 8),
                        (1, 3, :tenant, 'cats', 'c', 'queued', zeroblob(32), 1, 7, NULL, NULL, NULL)
                    """,
                arguments: [
                    "tenant": tenant.text, "id": id.text,
                    "settings": try JSONColumn.encode(ProtectionSettings.standard),
                ]
            )
        }
        try old.close()
        let store = try test.open()
        let job = try #require(try await store.job(id, tenant: tenant))
        #expect(try await ended(store, job) == [2, 1])
        #expect(try await lastEnding(store, job) == 2)
    }

    @Test func `Other jobs, and what is rolled back, wake nobody`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [100_000])
        let watch = try #require(try await store.watch(job.id, tenant: tenant))
        let mark = watch.mark
        let other = try await store.job(tenant, sizes: [1])
        _ = try await store.cancelJob(other.id, tenant: tenant)
        await #expect(throws: StoreError.self) {
            try await store.pool.write { db in
                try db.execute(sql: "UPDATE jobs SET started_at = 1")
                throw StoreError.noImages
            }
        }
        #expect(watch.mark == mark)
    }

    @Test func `No statement can store or queue an image without a class`() async throws {
        let store = try test.open()
        let images = [
            NewImage(label: nil, name: OutputName(numbered: 1), content: .refused(broken)),
            NewImage(
                label: try ClassLabel("c"),
                name: OutputName(numbered: 2),
                content: .stored(StoredBlob(sha256: blob("c"), size: 8))
            ),
        ]
        let new = NewJob(
            tenant: try await store.tenant(),
            settings: .standard,
            retention: .seconds(10)
        )
        _ = try await store.createJob(new, images: images)
        try store.close()
        let queue = try DatabaseQueue(path: test.path)
        for sql in [
            "UPDATE images SET label = '' WHERE number = 2",
            "UPDATE images SET label = 'c' WHERE number = 1",
            "UPDATE images SET input_sha256 = zeroblob(32) WHERE number = 1",
            """
            INSERT INTO images (job, number, tenant, label, name, state, input_sha256, available_at)
            SELECT job, 3, tenant, '', 'x', 'queued', zeroblob(32), 0 FROM images WHERE number = 2
            """,
        ] {
            let error = await #expect(throws: DatabaseError.self) {
                try await queue.write { db in try db.execute(sql: sql) }
            }
            #expect(error?.message == "an image without a class cannot be stored", "\(sql)")
        }
    }

    @Test func `A job of an earlier version has none of it`() async throws {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Fixtures/schema-8.sql"
        )
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: test.path, configuration: configuration)
        let sql = try String(contentsOf: fixture, encoding: .utf8)
        try await queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try queue.close()
        let store = try test.open()
        let tenant = try #require(try await store.keys().first).id
        let jobs = try await store.jobs(tenant: tenant).jobs
        #expect(jobs.count == 4 && jobs.allSatisfy { $0.classes == nil && $0.passedOver == nil })
        for job in jobs {
            let images = try await store.images(job: job.id)
            #expect(!images.isEmpty && images.allSatisfy { $0.source == nil && $0.label != nil })
        }
    }
}
