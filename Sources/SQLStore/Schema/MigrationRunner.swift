import Cryptography
package import Migrations
import Queue

/// Migrates a database to this binary's schema, or refuses to touch it.
///
/// The table `schema_migrations` records the hash of every applied step. New steps are only ever
/// appended.
package struct MigrationRunner {
    private let migrations: [Migration]

    /// Runs all these steps, in their order.
    package init(migrations: [Migration]) {
        self.migrations = migrations
    }

    /// Verifies the applied steps and applies the rest, all in one transaction.
    ///
    /// - Throws: ``StoreError/schemaNewer(found:known:)``, ``StoreError/migrationChanged(name:)``,
    ///   ``StoreError/foreignDatabase``, ``StoreError/emptyDatabase`` for one without tables unless
    ///   `isMade`, and errors of the database.
    package func run(_ db: any SchemaSession, making isMade: Bool, now: Int64) throws {
        if try !db.hasTable("schema_migrations") {
            guard try db.isEmpty else { throw StoreError.foreignDatabase }
            guard isMade else { throw StoreError.emptyDatabase }
            try db.run("CREATE TABLE schema_migrations \(db.migrationTable)")
        }
        let missing = try migrations.dropFirst(applied(db))
        if !missing.isEmpty, try !db.hasColumn("oldest_binary", of: "schema_migrations") {
            // Databases up to schema 12 lack this column.
            try db.run("ALTER TABLE schema_migrations ADD COLUMN oldest_binary INTEGER")
        }
        for migration in missing {
            try db.run(String(decoding: migration.sql, as: UTF8.self))
            try db.execute(
                """
                INSERT INTO schema_migrations (version, name, sha256, applied_at, oldest_binary)
                VALUES (?, ?, ?, ?, ?)
                """,
                [
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
    package func check(_ db: any SchemaSession) throws {
        guard try db.hasTable("schema_migrations") else {
            throw try db.isEmpty ? StoreError.emptyDatabase : .foreignDatabase
        }
        let found = try applied(db)
        let needed = migrations.last(where: \.isNeeded)?.version ?? 0
        guard found >= needed else { throw StoreError.schemaOlder(found: found, known: needed) }
    }

    /// Returns the number of applied steps.
    ///
    /// This binary knows each of them, or the step declares that a binary of this version works
    /// with it.
    private func applied(_ db: any SchemaSession) throws -> Int {
        let hasOldest = try db.hasColumn("oldest_binary", of: "schema_migrations")
        let column = hasOldest ? "oldest_binary" : "NULL AS oldest_binary"
        let applied = try db.rows(
            "SELECT version, name, sha256, \(column) FROM schema_migrations ORDER BY version"
        )
        for (place, row) in applied.enumerated() {
            let version: Int = try row["version"]
            guard place < migrations.count else {
                if let oldest: Int = try row["oldest_binary"], oldest <= migrations.count {
                    continue
                }
                throw StoreError.schemaNewer(
                    found: try applied.last?["version"] ?? version,
                    known: migrations.count
                )
            }
            guard version == migrations[place].version,
                try row["sha256"] == digest(of: migrations[place])
            else {
                throw StoreError.migrationChanged(name: try row["name"])
            }
        }
        return applied.count
    }

    private func digest(of migration: Migration) -> [UInt8] {
        SHA256.hash(migration.sql).bytes
    }
}
