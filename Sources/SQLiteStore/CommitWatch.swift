import GRDB
import Queue
import Synchronization

/// Detects commits to a database by this process or another.
///
/// It reads shared memory, which takes nanoseconds. Where SQLite has none to show, it asks for
/// `data_version`, which takes microseconds and a lock.
final class CommitWatch: Sendable {
    /// A connection of its own, because `data_version` reports only commits of other connections.
    private let connection: DatabaseQueue
    private let header: Mutex<WALIndexHeader?>

    /// Opens a connection to a database that is already open.
    ///
    /// - Parameters:
    ///   - path: The database.
    ///   - readsMemory: Whether to read shared memory where there is some.
    /// - Throws: Faults of the database.
    init(path: String, readsMemory: Bool = true) throws {
        var configuration = Configuration()
        configuration.label = "palimpsest.commits"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        connection = try DatabaseQueue(path: path, configuration: configuration)
        header = Mutex(nil)
        guard readsMemory else { return }
        try connection.unsafeRead { db in
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema")
            header.withLock { $0 = WALIndexHeader(db) }
        }
    }

    /// Whether it reads shared memory.
    var readsMemory: Bool { header.withLock { $0 != nil } }

    /// Returns a number that changes when anything was committed since the previous call.
    func commits() throws(StoreError) -> Int {
        // The lock is also what keeps the compiler from reading the memory only once.
        if let count = header.withLock({ $0?.noteChange() }) { return count }
        do {
            let count = try connection.unsafeRead { db in
                try Int.fetchOne(db.cachedStatement(sql: "PRAGMA data_version"))
            }
            guard let count else { throw StoreError.corrupt("no answer to data_version") }
            return count
        } catch {
            throw StoreError(error)
        }
    }

    func close() throws {
        // The memory goes with the last connection.
        header.withLock { $0 = nil }
        try connection.close()
    }
}
