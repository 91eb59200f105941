import GRDB
import Queue

/// Detects commits to a database by this process or another.
///
/// It has its own connection because SQLite's `data_version` reports only commits of other
/// connections.
final class CommitWatch: Sendable {
    private let connection: DatabaseQueue

    /// Opens a connection to a database that is already open.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.label = "palimpsest.commits"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        connection = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Returns a number that changes when anything was committed since the previous call.
    ///
    /// It takes microseconds, because SQLite reads it from shared memory.
    func commits() throws(StoreError) -> Int {
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
        try connection.close()
    }
}
