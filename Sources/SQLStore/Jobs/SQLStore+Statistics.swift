import JobModel
package import Queue

extension SQLStore {
    /// Returns what the store holds and has done.
    public func statistics() async throws(StoreError) -> StoreStatistics {
        let bytes = try await databaseBytes()
        return try await read { db in
            var jobs: [JobState: Int] = [:]
            var images = JobCounts()
            var endings = JobCounts()
            for row in try db.rows(Self.countsSQL) {
                endings.done += try row["done_endings"]
                endings.failed += try row["failed_endings"]
                endings.quarantined += try row["quarantined_endings"]
                endings.cancelled += try row["cancelled_endings"]
                if let state = try JobState(rawValue: row["state"]) {
                    jobs[state] = try row["count"]
                }
                let counts = try JobCounts(row: row)
                for state in ImageState.allCases { images[state] += counts[state] }
            }
            for row in try db.rows("SELECT state, total FROM past_endings") {
                if let state = try ImageState(rawValue: row["state"]) {
                    endings[state] += try row["total"]
                }
            }
            let oldest = try db.value(Int64.self, Self.oldestSQL)
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

    static var countsSQL: String {
        let sums = ImageState.allCases.flatMap { state in
            let name = state.rawValue
            return state.isTerminal ? ["\(name)_count", "\(name)_endings"] : ["\(name)_count"]
        }.map { "CAST(sum(\($0)) AS BIGINT) AS \($0)" }.joined(separator: ", ")
        return """
            SELECT state, count(*) AS count, \(sums)
            FROM jobs WHERE expired_at IS NULL GROUP BY state
            """
    }

    static var oldestSQL: String {
        "SELECT min(created_at) FROM jobs WHERE queued_count > 0 AND finished_at IS NULL"
    }
}
