import GRDB
import GRDBSQLite

/// The header of a write-ahead log's index, in the memory that all processes share which have the
/// database open.
///
/// A commit writes both copies of the header before it returns (SQLite's "WAL-mode File Format",
/// section 2.1). So whoever learns of a commit finds other bytes here than before it.
struct WALIndexHeader: Sendable {
    /// The version that every SQLite since 3.7.0 writes.
    private static let version: UInt32 = 3_007_000
    /// Two copies of 48 bytes.
    private static let words = 12
    private static let firstRegionBytes: Int32 = 32768

    /// Any thread may read what other processes write anyway; nobody writes through it.
    nonisolated(unsafe) private let start: UnsafeRawPointer
    private var last: [UInt64]
    private(set) var changes = 0

    /// Finds the header; `nil` if this database has none, or not in this form.
    ///
    /// SQLite itself tells its address: another descriptor of the file would, when closed, drop the
    /// locks that this process has on it.
    ///
    /// - Parameter db: A connection that has read the database, and stays open as long as this
    ///   value is used.
    init?(_ db: Database) {
        var file: UnsafeMutablePointer<sqlite3_file>?
        guard
            sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_FILE_POINTER, &file)
                == SQLITE_OK,
            let file, let methods = file.pointee.pMethods?.pointee, methods.iVersion >= 2,
            let map = methods.xShmMap
        else { return nil }
        var region: UnsafeMutableRawPointer?
        guard map(file, 0, Self.firstRegionBytes, 0, &region) == SQLITE_OK, let region else {
            return nil
        }
        start = UnsafeRawPointer(region)
        last = Array(repeating: 0, count: Self.words)
        _ = noteChange()
        let isInitialized = start.load(fromByteOffset: 12, as: UInt8.self) == 1
        guard start.load(as: UInt32.self) == Self.version, isInitialized,
            last[..<(Self.words / 2)] == last[(Self.words / 2)...]
        else { return nil }
    }

    /// Counts a change of the header since the previous call, if there was one; returns the count.
    mutating func noteChange() -> Int {
        var isSame = true
        for word in 0..<Self.words {
            let bytes = start.load(fromByteOffset: 8 * word, as: UInt64.self)
            if bytes != last[word] {
                last[word] = bytes
                isSame = false
            }
        }
        if !isSame { changes += 1 }
        return changes
    }
}
