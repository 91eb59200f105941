public import Cryptography
import GRDB
import Migrations
public import Queue

extension SQLiteStore {
    /// Copies the database of a store that this or another process may be writing to, as it is at one moment.
    ///
    /// It blocks on the disk, and holds nobody up meanwhile.
    ///
    /// - Parameters:
    ///   - path: The database, which must have this version's schema.
    ///   - destination: The copy, a file that is not there yet: one file, checked, and safe from a power cut.
    /// - Returns: Every blob that a row of the copy refers to.
    /// - Throws: ``StoreError/schemaOlder(found:known:)``, errors as the opening of a store has them.
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
            try source.read { db in try MigrationRunner(migrations: Migrations.all).check(db) }
            var writing = Configuration()
            writing.label = "palimpsest.backup"
            writing.prepareDatabase { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            let copy = try DatabaseQueue(path: destination, configuration: writing)
            // All pages in one step: several would begin anew whenever somebody writes in between.
            try source.backup(to: copy)
            try source.close()
            let referenced = try copy.writeWithoutTransaction { db in
                // One file, without a log beside it that could be forgotten.
                _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
                let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
                guard verdict == "ok" else { throw StoreError.corrupt(verdict ?? "no answer to quick_check") }
                return try referencedBlobs(db)
            }
            try copy.close()
            return referenced
        } catch {
            throw StoreError(error)
        }
    }
}
