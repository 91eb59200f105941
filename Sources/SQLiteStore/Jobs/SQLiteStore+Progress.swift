import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// Returns a job and those of its images that ended after the given ending.
    public func progress(
        of id: JobIdentifier,
        tenant: APIKeyID,
        after ending: Int64,
        limit: Int
    ) async throws(StoreError) -> JobProgress? {
        try await read { db in
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM jobs WHERE id = ? AND tenant = ?"),
                arguments: [id.text, tenant.text]
            )
            guard let row else { return nil }
            let job: Int64 = row["seq"]
            let lastEnding = try Int64.fetchOne(
                db.cachedStatement(
                    sql: "SELECT max(ending) FROM images WHERE job = ? AND ending IS NOT NULL"
                ),
                arguments: [job]
            )
            let ended = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT * FROM images WHERE job = ? AND ending > ? AND state NOT IN ('queued', 'running')
                        ORDER BY ending LIMIT ?
                        """
                ),
                arguments: [job, ending, max(limit, 0)]
            )
            return JobProgress(
                job: try Job(row: row),
                lastEnding: lastEnding ?? 0,
                ended: try ended.map {
                    EndedImage(ending: $0["ending"], image: try JobImage(row: $0))
                }
            )
        }
    }

    /// Starts watching a job.
    public func watch(_ id: JobIdentifier, tenant: APIKeyID) async throws(StoreError) -> JobWatch? {
        let job = try await readOnce { db in
            try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT seq FROM jobs WHERE id = ? AND tenant = ?"),
                arguments: [id.text, tenant.text]
            )
        }
        return job.map { changedJobs.watches.watch($0) }
    }

    /// Wakes everyone who is watching a job.
    public func wakeWatches() {
        changedJobs.watches.notifyAll()
    }
}
