package import JobModel
package import Queue

extension SQLStore {
    /// Returns a job and those of its images that ended after the given ending.
    public func progress(
        of id: JobIdentifier,
        tenant: APIKeyID,
        after ending: Int64,
        limit: Int
    ) async throws(StoreError) -> JobProgress? {
        try await read { db in
            let row = try db.row(
                "SELECT * FROM jobs WHERE id = ? AND tenant = ?",
                [id.text, tenant.text]
            )
            guard let row else { return nil }
            let job: Int64 = try row["seq"]
            let lastEnding = try db.value(
                Int64.self,
                "SELECT max(ending) FROM images WHERE job = ? AND ending IS NOT NULL",
                [job]
            )
            let ended = try db.rows(
                """
                SELECT * FROM images WHERE job = ? AND ending > ? AND state NOT IN ('queued', 'running')
                ORDER BY ending LIMIT ?
                """,
                [job, ending, max(limit, 0)]
            )
            return JobProgress(
                job: try Job(row: row),
                lastEnding: lastEnding ?? 0,
                ended: try ended.map {
                    try EndedImage(ending: $0["ending"], image: JobImage(row: $0))
                }
            )
        }
    }

    /// Starts watching a job.
    public func watch(_ id: JobIdentifier, tenant: APIKeyID) async throws(StoreError) -> JobWatch? {
        let job = try await readOnce { db in
            try db.value(
                Int64.self,
                "SELECT seq FROM jobs WHERE id = ? AND tenant = ?",
                [id.text, tenant.text]
            )
        }
        return job.map { parts.watches.watch($0) }
    }

    /// Wakes everyone who is watching a job.
    public func wakeWatches() {
        parts.watches.notifyAll()
    }
}
