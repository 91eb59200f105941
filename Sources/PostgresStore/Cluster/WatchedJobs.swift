import SQLStore
import Synchronization

/// Finds out which of the watched jobs have changed, whoever changed them.
final class WatchedJobs: Sendable {
    /// The transaction that last wrote each job's row.
    private let versions = Mutex<[Int64: String]>([:])

    /// Reads the versions of jobs, and returns those that differ from the last look or are gone.
    func changed(among jobs: [Int64], _ session: any SQLSession) throws -> [Int64] {
        let list = jobs.map(String.init).joined(separator: ", ")
        let rows = try session.rows(
            "SELECT seq, CAST(xmin AS text) AS version FROM jobs WHERE seq IN (\(list))"
        )
        var found: [Int64: String] = [:]
        for row in rows { found[try row["seq"]] = try row["version"] as String }
        return versions.withLock { versions in
            defer { versions = found }
            return jobs.filter { found[$0] == nil || versions[$0] != found[$0] }
        }
    }
}
