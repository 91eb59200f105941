public import Cryptography
import GRDB
import Migrations
public import Queue
import SQLStore

extension SQLiteStore {
    /// Copies a consistent snapshot of a store's database, which this or another process may be
    /// writing to.
    ///
    /// It blocks on the disk, but does not block writers.
    ///
    /// - Parameters:
    ///   - path: The database, which must have this version's schema.
    ///   - destination: The copy, which must not exist yet. It becomes a single file, checked and
    ///     safe from a power cut.
    /// - Returns: Every blob that a row of the copy refers to.
    /// - Throws: ``StoreError/schemaOlder(found:known:)``, and the errors of opening a store.
    public static func copyDatabase(
        at path: String,
        to destination: String
    ) throws(StoreError) -> Set<SHA256Digest> {
        do {
            var reading = Configuration()
            reading.label = "palimpsest.backup"
            reading.readonly = true
            reading.busyMode = .timeout(5)
            let source = try DatabaseQueue(path: path, configuration: reading)
            let clock = StoreClock(machine: .system)
            try source.read { db in
                try MigrationRunner(migrations: Migrations.all)
                    .check(SQLiteSession(db, clock: clock))
            }
            var writing = Configuration()
            writing.label = "palimpsest.backup"
            writing.prepareDatabase { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            let copy = try DatabaseQueue(path: destination, configuration: writing)
            // Copy all pages in one step: a copy in several steps restarts whenever another process
            // writes in between.
            try source.backup(to: copy)
            try source.close()
            let referenced = try copy.writeWithoutTransaction { db in
                // Leave no log beside the file that could be forgotten.
                _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
                let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
                guard verdict == "ok" else {
                    throw StoreError.corrupt(verdict ?? "no answer to quick_check")
                }
                return try referencedBlobs(SQLiteSession(db, clock: clock))
            }
            try copy.close()
            return referenced
        } catch {
            throw StoreError(error)
        }
    }
}
