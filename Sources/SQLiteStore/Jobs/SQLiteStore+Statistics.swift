import GRDB
import JobModel
import POSIX
public import Queue

extension SQLiteStore {
    /// Returns what the store holds and has done.
    public func statistics() async throws(StoreError) -> StoreStatistics {
        let bytes = Self.size(of: pool.path) + Self.size(of: pool.path + "-wal")
        return try await read { db in
            var jobs: [JobState: Int] = [:]
            var images = JobCounts()
            var endings = JobCounts()
            for row in try Row.fetchAll(db, sql: Self.countsSQL) {
                endings.done += row["done_endings"]
                endings.failed += row["failed_endings"]
                endings.quarantined += row["quarantined_endings"]
                endings.cancelled += row["cancelled_endings"]
                if let state = JobState(rawValue: row["state"]) { jobs[state] = row["count"] }
                let counts = JobCounts(row: row)
                for state in ImageState.allCases { images[state] += counts[state] }
            }
            for row in try Row.fetchAll(db, sql: "SELECT state, total FROM past_endings") {
                if let state = ImageState(rawValue: row["state"]) { endings[state] += row["total"] }
            }
            let oldest = try Int64.fetchOne(db, sql: Self.oldestSQL)
            return StoreStatistics(
                jobs: jobs,
                images: images,
                endings: Dictionary(
                    uniqueKeysWithValues: ImageState.allCases.filter(\.isTerminal).map {
                        ($0, endings[$0])
                    }
                ),
                oldestQueuedAt: oldest,
                databaseBytes: bytes
            )
        }
    }

    static let countsSQL = """
        SELECT state, count(*) AS count, sum(queued_count) AS queued_count, sum(running_count) AS running_count,
            sum(done_count) AS done_count, sum(failed_count) AS failed_count,
            sum(quarantined_count) AS quarantined_count, sum(cancelled_count) AS cancelled_count,
            sum(done_endings) AS done_endings, sum(failed_endings) AS failed_endings,
            sum(quarantined_endings) AS quarantined_endings, sum(cancelled_endings) AS cancelled_endings
        FROM jobs WHERE expired_at IS NULL GROUP BY state
        """

    static let oldestSQL =
        "SELECT min(created_at) FROM jobs WHERE queued_count > 0 AND finished_at IS NULL"

    /// Returns the size of a file in bytes; 0 if it does not exist, as the log after a clean
    /// shutdown.
    private static func size(of path: String) -> UInt64 {
        (try? FileStatus(of: path).size) ?? 0
    }
}
