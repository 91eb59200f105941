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

/// Databases that earlier versions of the schema made, kept as SQL, and opened by the code of today.
@Suite struct EarlierSchemaTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Fixtures"
    )
    private static let time: Int64 = 1_700_000_000_000

    private func id<Identifier: OpaqueIdentifier>(_ number: Int) throws -> Identifier {
        try #require(
            Identifier(Identifier.prefix + String(repeating: "0", count: 25) + String(number))
        )
    }

    /// Makes the database of a version.
    private func restore(_ version: Int) throws {
        let sql = try String(
            contentsOf: Self.fixtures.appending(path: "schema-\(version).sql"),
            encoding: .utf8
        )
        var configuration = Configuration()
        // A dump has the tables in the order of their names.
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: test.path, configuration: configuration)
        try queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try queue.close()
    }

    /// Every value of every row of every table, in the columns that a version has.
    private func content(
        of tables: [String: [String]]? = nil
    ) throws -> (tables: [String: [String]], rows: [String: [[DatabaseValue]]]) {
        let queue = try DatabaseQueue(path: test.path)
        defer { try? queue.close() }
        return try queue.read { db in
            var names: [String: [String]] = tables ?? [:]
            if tables == nil {
                let all = try String.fetchAll(
                    db,
                    sql: """
                        SELECT name FROM sqlite_schema
                        WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                            -- The thirteenth migration counts endings elsewhere.
                            AND name NOT IN ('schema_migrations', 'ending_totals')
                        """
                )
                for table in all { names[table] = try db.columns(in: table).map(\.name) }
            }
            var rows: [String: [[DatabaseValue]]] = [:]
            for (table, columns) in names {
                // The third, the fourth and the thirteenth migration give these other values.
                let kept = columns.filter {
                    !["generator_version", "scopes", "lease_until"].contains($0)
                }
                .joined(separator: ", ")
                rows[table] = try Row.fetchAll(
                    db,
                    sql: "SELECT \(kept) FROM \(table) ORDER BY \(kept)"
                ).map {
                    Array($0.databaseValues)
                }
            }
            return (names, rows)
        }
    }

    @Test func `There is a database of every schema but the newest`() throws {
        let files = Set(try FileManager.default.contentsOfDirectory(atPath: Self.fixtures.path))
        for version in 1..<Migrations.all.count {
            #expect(
                files.contains("schema-\(version).sql"),
                "make it by Tests/SQLiteStoreTests/Fixtures/dump_schema.py \(version)"
            )
        }
    }

    @Test(arguments: 1..<Migrations.all.count)
    func `No value of any row is lost or changed`(version: Int) throws {
        try restore(version)
        let before = try content()
        #expect(before.rows["images"]?.count == 13 && before.rows["jobs"]?.count == 7)
        let store = try test.open()
        try store.close()
        let after = try content(of: before.tables)
        // The clock is set anew whenever the store is opened.
        for table in before.tables.keys.sorted() where table != "clock" {
            #expect(before.rows[table] == after.rows[table], "\(table)")
        }
    }

    /// Waits for the end of the leases of a schema under which they go on to hold.
    private func passLeases(of version: Int) {
        if version >= 13 { test.clock.advance(by: .seconds(61)) }
    }

    private static func leases(_ db: Database) throws -> [Int64] {
        try Int64.fetchAll(
            db,
            sql: "SELECT lease_until FROM images WHERE state = 'running' AND claim IS NULL"
        )
    }

    @Test func `Endings of images that were retried, expired or erased stay counted`() async throws
    {
        try restore(12)
        let queue = try DatabaseQueue(path: test.path)
        // As if more had ended than the rows still tell.
        try await queue.write { db in
            try db.execute(
                sql: "UPDATE ending_totals SET total = total + 10 WHERE state = 'failed'"
            )
        }
        try queue.close()
        let store = try test.open()
        let endings: [ImageState: Int] = [.done: 2, .failed: 13, .quarantined: 2, .cancelled: 2]
        #expect(try await store.statistics().endings == endings)
        for tenant in [try id(1), try id(2)] as [APIKeyID] {
            for job in try await store.jobs(tenant: tenant).jobs {
                _ = try await store.deleteJob(job.id, tenant: tenant)
            }
        }
        #expect(try await store.statistics().endings == endings)
    }

    @Test(arguments: 2..<Migrations.all.count)
    func `Jobs that were there go on with the classes as they were when the schema changed`(
        version: Int
    ) async throws {
        try restore(version)
        let store = try test.open()
        let one: APIKeyID = try id(1)
        let dogs = try ClassLabel("dogs")
        // The jobs hold on to both pictures, so that no file may go.
        #expect(try await store.removeImportedSemanticImages(tenant: one, label: dogs) == [])
        #expect(
            try await store.referencedBlobs().isSuperset(of: [blob("picture 0"), blob("picture 1")])
        )
        let cats = ImportedClass(
            label: try ClassLabel("cats"),
            pictures: [StoredBlob(sha256: blob("new"), size: 9)]
        )
        #expect(try await store.importSemanticImages([cats], tenant: one) == [])
        passLeases(of: version)
        try await store.rescueExpired()
        var imported: [String: ArtefactPart<SHA256Digest>] = [:]
        while case let claims = try await store.claim(owner: worker()), !claims.isEmpty {
            for claim in claims where claim.tenant == one {
                imported["\(claim.jobID) \(claim.label)"] = claim.artefact
            }
            try await store.finish(claims.map { ($0, done($0)) })
        }
        let first: JobIdentifier = try id(1)
        #expect(imported["\(first) dogs"] == .imported(blob("picture 0")))
        guard case .generated = imported["\(first) cats"] else {
            Issue.record("\(imported)")
            return
        }
        #expect(imported.count == 2)
        // What failed before, and is tried again.
        let fourth: JobIdentifier = try id(4)
        guard case .queued = try await store.retryJob(fourth, tenant: one) else {
            Issue.record("nothing is tried again")
            return
        }
        let again = try await store.claim(owner: worker())
        #expect(again.first { $0.label == dogs }?.artefact == .imported(blob("picture 0")))
        // With the last job the pictures go.
        try await store.finish(again.map { ($0, done($0)) })
        var erased: [SHA256Digest] = []
        for job in try await store.jobs(tenant: one).jobs {
            erased += try await store.deleteJob(job.id, tenant: one)?.flatMap(\.outputs) ?? []
        }
        #expect(Set(erased).isSuperset(of: [blob("picture 0"), blob("picture 1")]))
        #expect(
            try await store.referencedBlobs().isDisjoint(with: [
                blob("picture 0"), blob("picture 1"),
            ])
        )
    }

    @Test(arguments: 1..<Migrations.all.count)
    func `What it holds is understood and worked on`(version: Int) async throws {
        try restore(version)
        let store = try test.open()
        let (one, two): (APIKeyID, APIKeyID) = (try id(1), try id(2))
        #expect(try await store.keys().map(\.name) == ["one", "two"])
        #expect(
            try await store.keys().map(\.scopes) == [[.admin, .read, .submit], [.read, .submit]]
        )
        #expect(try await store.key(hash: blob("secret 1"))?.id == one)
        #expect(try await store.key(hash: blob("secret 2")) == nil, "it was revoked")

        let states =
            try await store.jobs(tenant: one).jobs.map(\.state)
            + store.jobs(tenant: two).jobs.map(\.state)
        #expect(states == [.failed, .failed, .done, .running, .cancelled, .queued])
        let endings = try await store.statistics().endings
        #expect(endings == [.done: 2, .failed: 3, .quarantined: 2, .cancelled: 2])
        let images = try await store.images(job: id(1))
        #expect(
            images.map(\.state) == [.queued, .running, .done, .failed, .quarantined, .cancelled]
        )
        #expect(
            images[2].output?.sha256 == blob("output 1 3") && images[2].outputCRC32 == 0xdead_beef
        )
        #expect(images[2].report?.ssim == 0.875 && images[3].failure?.code == "image_corrupt")
        #expect(try await store.job(id(7), tenant: one)?.expiredAt == Self.time + 86_406_000)
        #expect(try await store.images(job: id(6)).first?.input == nil)

        let idempotency = NewJob.Idempotency(key: "k", fingerprint: blob("request"))
        let image = NewImage(
            label: try ClassLabel("cats"),
            name: OutputName(numbered: 1),
            content: .refused(broken)
        )
        let again = NewJob(
            tenant: one,
            settings: .standard,
            retention: .zero,
            idempotency: idempotency
        )
        let third: JobIdentifier = try id(3)
        guard case .replayed(let replayed) = try await store.createJob(again, images: [image])
        else {
            Issue.record("the record of the request is lost")
            return
        }
        #expect(replayed.id == third)

        // A lease of a schema without tokens has none and holds no longer.
        #expect(
            try await store.pool.read { db in try Self.leases(db) } == (version < 13 ? [0] : [])
        )
        passLeases(of: version)

        // What the old run had is taken back, everything queued is claimed with what to hide in it, and all jobs come to their end.
        #expect(try await store.rescueExpired() == 1)
        var claimed: Set<String> = []
        while true {
            let claims = try await store.claim(owner: worker())
            if claims.isEmpty { break }
            for claim in claims {
                claimed.insert("\(claim.jobID) \(claim.number)")
                #expect(claim.pixels == 4 * Int(claim.inputSize), "guessed from the bytes")
                let isImported = version >= 2 && claim.label.text == "dogs" && claim.tenant == one
                if isImported { #expect(claim.artefact == .imported(blob("picture 0"))) }
                if !isImported, case .generated(let assignment) = claim.artefact {
                    #expect(assignment.generatorVersion == 2 && assignment.familySeed == 7)
                }
            }
            #expect(try await store.finish(claims.map { ($0, done($0)) }).allSatisfy { $0 })
        }
        #expect(claimed.count == 4)
        let counts = try await store.statistics().images
        #expect(counts.queued == 0 && counts.running == 0)
        let fourth: JobIdentifier = try id(4)
        guard case .queued(let retried) = try await store.retryJob(fourth, tenant: one) else {
            Issue.record("what failed under an earlier schema cannot be tried again")
            return
        }
        #expect(retried.counts == JobCounts(queued: 2) && retried.priority == .normal)
    }
}
