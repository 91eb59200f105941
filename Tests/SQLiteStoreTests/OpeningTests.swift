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

@Suite struct OpeningTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test func `The connections have the settings that durability rests on`() async throws {
        let store = try test.open()
        #expect(try await pragmas(of: store) == ["2", "wal", "1", "5000"])
        // A write does not put it back.
        _ = try await store.tenant()
        #expect(try await pragmas(of: store) == ["2", "wal", "1", "5000"])
    }

    /// Read from the connection that writes.
    private func pragmas(of store: SQLiteStore) async throws -> [String?] {
        try await store.pool.writeWithoutTransaction { db in
            try ["synchronous", "journal_mode", "foreign_keys", "busy_timeout"].map { name in
                try Row.fetchOne(db, sql: "PRAGMA \(name)").map {
                    "\($0[0] as DatabaseValue)".filter { $0 != "\"" }
                }
            }
        }
    }

    @Test func `Every table is strict`() async throws {
        let store = try test.open()
        let loose = try await store.pool.read { db in
            try String.fetchAll(
                db,
                sql:
                    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'"
            )
        }
        #expect(loose.isEmpty)
    }

    @Test func `The binary has every file of the folder, byte for byte, numbered without gaps`()
        throws
    {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Migrations").standardized
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix(".sql")
        }
        .sorted()
        let all = [("m", Migrations.all), ("postgres_", Migrations.postgres)]
        #expect(files == all.flatMap(\.1).map { $0.name + ".sql" })
        for (prefix, migrations) in all {
            for (index, migration) in migrations.enumerated() {
                #expect(migration.version == index + 1)
                let number = String(migration.version)
                let zeros = String(repeating: "0", count: 4 - number.count)
                #expect(migration.name.hasPrefix(prefix + zeros + number + "_"))
                let file = folder.appendingPathComponent(migration.name + ".sql")
                #expect(migration.sql == Array(try Data(contentsOf: file)))
            }
        }
    }

    @Test func `A database opens again, and a further migration is applied to it once`()
        async throws
    {
        let tenant = try await test.open().tenant()
        let more =
            Migrations.all + [
                step(known + 1, "CREATE TABLE more (x INTEGER) STRICT; INSERT INTO more VALUES (7)")
            ]
        for _ in 0..<2 {
            let store = try test.open(migrations: more)
            #expect(try await store.keys().map(\.id) == [tenant])
            #expect(
                try await store.pool.read { db in try Int.fetchAll(db, sql: "SELECT x FROM more") }
                    == [
                        7
                    ]
            )
        }
    }

    @Test func `A migration that was changed after it was applied is refused`() throws {
        _ = try test.open()
        var changed = Migrations.all
        changed[0] = Migration(
            version: 1,
            name: "m0001_initial",
            sql: changed[0].sql + Array("-- x".utf8)
        )
        #expect(throws: StoreError.migrationChanged(name: "m0001_initial")) {
            try test.open(migrations: changed)
        }
        _ = try test.open()
    }

    @Test func `A database newer than the binary is refused and left alone`() throws {
        _ = try test.open(
            migrations: Migrations.all + [
                step(known + 1, "CREATE TABLE a (x INTEGER)"),
                step(known + 2, "CREATE TABLE b (x INTEGER)"),
            ]
        )
        let error = #expect(throws: StoreError.self) { try test.open() }
        #expect(error == .schemaNewer(found: known + 2, known: known))
        #expect(error?.description.contains("schema version \(known + 2)") == true)
    }

    @Test func `A database that is ahead is worked on if its steps say that this binary may`()
        async throws
    {
        let ahead =
            Migrations.all + [step(known + 1, "CREATE TABLE more (x INTEGER)", oldestBinary: known)]
        try test.open(migrations: ahead).close()
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1])
        let claim = try #require(try await store.claim(owner: worker()).first)
        #expect(try await store.finish(claim, done(claim)))
        // A second process, and a backup, may use it, too.
        let attached = try SQLiteStore(attachingTo: test.path, generatorVersion: 1)
        #expect(try await attached.job(job.id, tenant: tenant)?.state == .done)
        try attached.close()
        #expect(try SQLiteStore.copyDatabase(at: test.path, to: test.path + ".copy").count == 2)
        try store.close()
        // The newer binary goes on with what the older one wrote, and applies nothing twice.
        let newer = try test.open(migrations: ahead)
        #expect(try await newer.job(job.id, tenant: tenant)?.state == .done)
    }

    @Test func `One step ahead that this binary does not understand is enough to refuse`() throws {
        let ahead =
            Migrations.all + [
                step(known + 1, "CREATE TABLE a (x INTEGER)", oldestBinary: known),
                step(known + 2, "CREATE TABLE b (x INTEGER)", oldestBinary: known + 1),
            ]
        try test.open(migrations: ahead).close()
        let refusal = StoreError.schemaNewer(found: known + 2, known: known)
        #expect(throws: refusal) { try test.open() }
        #expect(throws: refusal) { try SQLiteStore(attachingTo: test.path, generatorVersion: 1) }
        #expect(throws: refusal) {
            try SQLiteStore.copyDatabase(at: test.path, to: test.path + ".copy")
        }
        // The binary of the schema between the two understands both.
        try test.open(migrations: Array(ahead.dropLast())).close()
    }

    @Test func `A step that only the next release needs may be missing where nobody may migrate`()
        throws
    {
        try test.open().close()
        let (needed, unneeded) = (
            step(known + 1, "SELECT 1"), step(known + 1, "SELECT 1", isNeeded: false)
        )
        #expect(throws: StoreError.schemaOlder(found: known, known: known + 1)) {
            try attach(migrations: Migrations.all + [needed])
        }
        try attach(migrations: Migrations.all + [unneeded])
        #expect(throws: StoreError.schemaOlder(found: known, known: known + 2)) {
            try attach(migrations: Migrations.all + [unneeded, step(known + 2, "SELECT 1")])
        }
    }

    private func attach(migrations: [Migration]) throws {
        try SQLiteStore(
            path: test.path,
            generatorVersion: 1,
            migrations: migrations,
            isAttached: true,
            machine: .system
        ).close()
    }

    @Test func `A migration that fails leaves nothing of itself or of those before it`() throws {
        let bad =
            Migrations.all + [
                step(known + 1, "CREATE TABLE half (x INTEGER); INSERT INTO nowhere VALUES (1)")
            ]
        #expect(throws: StoreError.self) { try test.open(migrations: bad) }
        let queue = try DatabaseQueue(path: test.path)
        let tables = try queue.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema")
        }
        #expect(tables == 0)
        _ = try test.open()
    }

    @Test func `Another program's database is refused`() throws {
        let queue = try DatabaseQueue(path: test.path)
        try queue.write { db in try db.execute(sql: "CREATE TABLE songs (title TEXT)") }
        #expect(throws: StoreError.foreignDatabase) { try test.open() }
    }

    @Test func `What is no database is refused`() throws {
        try Data(repeating: 65, count: 8192).write(to: URL(fileURLWithPath: test.path))
        #expect {
            try test.open()
        } throws: { error in
            if case StoreError.corrupt = error { true } else { false }
        }
    }

    @Test func `A damaged database is found at the opening`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        for _ in 0..<4 { try await store.job(tenant, sizes: Array(repeating: 10, count: 100)) }
        let pageSize = try await store.pool.read { db in
            try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
        }
        let root = try await store.pool.read { db in
            try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'images'")
                ?? 0
        }
        try store.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: test.path))
        try file.seek(toOffset: UInt64((root - 1) * pageSize))
        try file.write(contentsOf: Data(repeating: 0xa5, count: pageSize))
        try file.close()
        #expect {
            try test.open()
        } throws: { error in
            if case StoreError.corrupt = error { true } else { false }
        }
    }

    @Test func `A closed store leaves one file behind that holds everything`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        try await store.check()
        try store.close()
        await #expect(throws: StoreError.self) { try await store.check() }
        let wal =
            try? FileManager.default.attributesOfItem(atPath: test.path + "-wal")[.size] as? Int
        #expect((wal ?? 0) == 0)
        #expect(try await test.open().keys().map(\.id) == [tenant])
    }

    private let known = Migrations.all.count

    private func step(
        _ version: Int,
        _ sql: String,
        oldestBinary: Int? = nil,
        isNeeded: Bool = true
    ) -> Migration {
        Migration(
            version: version,
            name: "m000\(version)_test",
            sql: Array(sql.utf8),
            oldestBinary: oldestBinary,
            isNeeded: isNeeded
        )
    }
}

/// Databases that are not to be made.
@Suite struct UnmadeDatabaseTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test(arguments: ["PRAGMA user_version = 3", "VACUUM"])
    func `A database without tables is not filled unless it is to be made`(sql: String) throws {
        let queue = try DatabaseQueue(path: test.path)
        try queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try queue.close()
        #expect(throws: StoreError.emptyDatabase) {
            _ = try SQLiteStore(path: test.path, generatorVersion: 1, making: false)
        }
        #expect(throws: StoreError.emptyDatabase) {
            _ = try SQLiteStore(attachingTo: test.path, generatorVersion: 1)
        }
        #expect(throws: StoreError.emptyDatabase) {
            _ = try SQLiteStore.copyDatabase(at: test.path, to: test.path + "2")
        }
        try SQLiteStore(path: test.path, generatorVersion: 1, making: true).close()
        try SQLiteStore(path: test.path, generatorVersion: 1, making: false).close()
    }
}
