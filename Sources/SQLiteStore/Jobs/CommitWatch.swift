import GRDB
import Queue

/// Tells whether anything was committed to a database since, by this process or another.
///
/// It has a connection of its own, since SQLite counts for each connection what the others commit.
final class CommitWatch: Sendable {
    private let connection: DatabaseQueue

    /// Opens a connection to a database that is open already.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.label = "palimpsest.commits"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        connection = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// A number that differs from the one before if there was a commit in between.
    ///
    /// It is a look at shared memory, of some microseconds.
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

    /// Closes the connection.
    func close() throws {
        try connection.close()
    }
}
