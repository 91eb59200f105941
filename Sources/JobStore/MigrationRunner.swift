import Cryptography
import FoundationEssentials
import GRDB
import Migrations
import Queue

/// Brings a database to the schema of this binary, or refuses to touch it.
///
/// The table `schema_migrations` remembers the hash of every step that was applied. Steps are only ever added at the end.
struct MigrationRunner {
    let migrations: [Migration]

    /// Checks what was applied and applies the rest, all in one transaction.
    ///
    /// - Throws: ``StoreError/schemaNewer(found:known:)``,
    ///   ``StoreError/migrationChanged(name:)``, ``StoreError/foreignDatabase``,
    ///   ``StoreError/emptyDatabase`` for one without tables unless it is to be made, errors of
    ///   SQLite.
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
        for migration in try migrations.dropFirst(applied(db)) {
            try db.execute(sql: String(decoding: migration.sql, as: UTF8.self))
            try db.execute(
                sql: "INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES (?, ?, ?, ?)",
                arguments: [migration.version, migration.name, digest(of: migration), now]
            )
        }
    }

    /// Checks that every step was applied.
    ///
    /// - Throws: ``StoreError/schemaOlder(found:known:)``, and as ``run(_:now:)`` does.
    func check(_ db: Database) throws {
        guard try db.tableExists("schema_migrations") else {
            throw try isEmpty(db) ? StoreError.emptyDatabase : .foreignDatabase
        }
        let found = try applied(db)
        guard found == migrations.count else {
            throw StoreError.schemaOlder(found: found, known: migrations.count)
        }
    }

    private func isEmpty(_ db: Database) throws -> Bool {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
    }

    /// How many steps were applied, all of them known.
    private func applied(_ db: Database) throws -> Int {
        let applied = try Row.fetchAll(db, sql: "SELECT version, name, sha256 FROM schema_migrations ORDER BY version")
        for (place, row) in applied.enumerated() {
            let version: Int = row["version"]
            guard place < migrations.count else {
                throw StoreError.schemaNewer(found: applied.last?["version"] ?? version, known: migrations.count)
            }
            guard version == migrations[place].version, row["sha256"] == digest(of: migrations[place]) else {
                throw StoreError.migrationChanged(name: row["name"])
            }
        }
        return applied.count
    }

    private func digest(of migration: Migration) -> Data {
        Data(SHA256.hash(migration.sql).bytes)
    }
}
