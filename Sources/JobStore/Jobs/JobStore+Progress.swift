import GRDB
public import JobModel

extension JobStore {
    /// How a job stands, and which images ended after a moment, both of the same moment.
    ///
    /// Asked again with the last ending of the answer before, it tells every image that ended, each exactly once, whatever was
    /// restarted in between.
    ///
    /// - Parameters:
    ///   - id: The job.
    ///   - tenant: Whose it is.
    ///   - ending: The last ``EndedImage/ending`` that is known already; 0 for none.
    ///   - limit: The most images to tell.
    /// - Returns: The progress; `nil` if the tenant has no job of this name.
    /// - Throws: ``JobStoreError``.
    public func progress(
        of id: JobIdentifier,
        tenant: APIKeyID,
        after ending: Int64,
        limit: Int
    ) async throws(JobStoreError) -> JobProgress? {
        try await read { db in
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM jobs WHERE id = ? AND tenant = ?"),
                arguments: [id.text, tenant.text]
            )
            guard let row else { return nil }
            let job: Int64 = row["seq"]
            let lastEnding = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT max(ending) FROM images WHERE job = ? AND ending IS NOT NULL"),
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
                ended: try ended.map { EndedImage(ending: $0["ending"], image: try JobImage(row: $0)) }
            )
        }
    }

    /// Begins to watch a job.
    ///
    /// - Returns: The watch; `nil` if the tenant has no job of this name.
    /// - Throws: ``JobStoreError``.
    public func watch(_ id: JobIdentifier, tenant: APIKeyID) async throws(JobStoreError) -> JobWatch? {
        let job = try await readOnce { db in
            try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT seq FROM jobs WHERE id = ? AND tenant = ?"),
                arguments: [id.text, tenant.text]
            )
        }
        return job.map { JobWatch($0, among: watches) }
    }

    /// Wakes everyone who waits for a job, so that they look around; for the end of the service.
    public func wakeWatches() {
        watches.notifyAll()
    }
}
