import Cryptography
import FoundationEssentials
import GRDB
import Migrations
import Queue

/// Migrates a database to this binary's schema, or refuses to touch it.
///
/// The table `schema_migrations` records the hash of every applied step. New steps are only ever
/// appended.
struct MigrationRunner {
    let migrations: [Migration]

    /// Verifies the applied steps and applies the rest, all in one transaction.
    ///
    /// - Throws: ``StoreError/schemaNewer(found:known:)``, ``StoreError/migrationChanged(name:)``,
    ///   ``StoreError/foreignDatabase``, ``StoreError/emptyDatabase`` for one without tables unless
    ///   `isMade`, and errors of SQLite.
    func run(_ db: Database, making isMade: Bool, now: Int64) throws {
        if try !db.tableExists("schema_migrations") {
            guard try isEmpty(db) else { throw StoreError.foreignDatabase }
            guard isMade else { throw StoreError.emptyDatabase }
            try db.execute(
                sql: """
                    CREATE TABLE schema_migrations (
                        version    INTEGER PRIMARY KEY,
                        name       TEXT NOT NULL,
                        sha256     BLOB NOT NULL,
                        applied_at INTEGER NOT NULL
                    ) STRICT
                    """
            )
        }
        let missing = try migrations.dropFirst(applied(db))
        if !missing.isEmpty, try !hasOldestBinary(db) {
            // Databases up to schema 12 lack this column.
            try db.execute(sql: "ALTER TABLE schema_migrations ADD COLUMN oldest_binary INTEGER")
        }
        for migration in missing {
            try db.execute(sql: String(decoding: migration.sql, as: UTF8.self))
            try db.execute(
                sql: """
                    INSERT INTO schema_migrations (version, name, sha256, applied_at, oldest_binary)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    migration.version, migration.name, digest(of: migration), now,
                    migration.oldestBinary,
                ]
            )
        }
    }

    /// Verifies that every step that this binary needs was applied.
    ///
    /// - Throws: ``StoreError/schemaOlder(found:known:)``, and the errors of
    ///   ``run(_:making:now:)``.
    func check(_ db: Database) throws {
        guard try db.tableExists("schema_migrations") else {
            throw try isEmpty(db) ? StoreError.emptyDatabase : .foreignDatabase
        }
        let found = try applied(db)
        let needed = migrations.last(where: \.isNeeded)?.version ?? 0
        guard found >= needed else { throw StoreError.schemaOlder(found: found, known: needed) }
    }

    private func isEmpty(_ db: Database) throws -> Bool {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
    }

    private func hasOldestBinary(_ db: Database) throws -> Bool {
        try db.columns(in: "schema_migrations").contains { $0.name == "oldest_binary" }
    }

    /// Returns the number of applied steps.
    ///
    /// This binary knows each of them, or the step declares that a binary of this version works
    /// with it.
    private func applied(_ db: Database) throws -> Int {
        let column = try hasOldestBinary(db) ? "oldest_binary" : "NULL AS oldest_binary"
        let applied = try Row.fetchAll(
            db,
            sql: "SELECT version, name, sha256, \(column) FROM schema_migrations ORDER BY version"
        )
        for (place, row) in applied.enumerated() {
            let version: Int = row["version"]
            guard place < migrations.count else {
                if let oldest: Int = row["oldest_binary"], oldest <= migrations.count { continue }
                throw StoreError.schemaNewer(
                    found: applied.last?["version"] ?? version,
                    known: migrations.count
                )
            }
            guard version == migrations[place].version,
                row["sha256"] == digest(of: migrations[place])
            else {
                throw StoreError.migrationChanged(name: row["name"])
            }
        }
        return applied.count
    }

    private func digest(of migration: Migration) -> Data {
        Data(SHA256.hash(migration.sql).bytes)
    }
}
