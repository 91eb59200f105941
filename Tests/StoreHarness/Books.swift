package import Queue
import SQLStore

/// What the jobs of a store say beside what their images say.
package enum Books {
    /// Compares them, in SQL that shares nothing with the store's own.
    ///
    /// - Returns: What is wrong, in words; empty if all is well.
    package static func faults(in store: any Store) async throws -> [String] {
        guard let store = store as? any SQLStore else { return ["the store is not in SQL"] }
        return try await store.read { db in
            let jobs = try db.values(String.self, wrongJobs).map { "the counts of \($0) are wrong" }
            let tired = try db.values(
                Int.self,
                "SELECT number FROM images WHERE crashes > 2 OR errors > 5 OR interruptions > 5"
            ).map { "image \($0) was tried too often" }
            return jobs + tired
        }
    }

    private static let wrongJobs = """
        SELECT jobs.id FROM jobs JOIN (
            SELECT job, count(*) AS total,
                sum(CASE state WHEN 'queued' THEN 1 ELSE 0 END) AS q,
                sum(CASE state WHEN 'running' THEN 1 ELSE 0 END) AS r,
                sum(CASE state WHEN 'done' THEN 1 ELSE 0 END) AS d,
                sum(CASE state WHEN 'failed' THEN 1 ELSE 0 END) AS f,
                sum(CASE state WHEN 'quarantined' THEN 1 ELSE 0 END) AS x,
                sum(CASE state WHEN 'cancelled' THEN 1 ELSE 0 END) AS c,
                coalesce(max(ending), 0) AS endings
            FROM images GROUP BY job
        ) AS counted ON job = seq
        -- The images of an expired job go some at a time.
        WHERE expired_at IS NULL AND (queued_count <> q OR running_count <> r OR done_count <> d
            OR failed_count <> f OR quarantined_count <> x OR cancelled_count <> c
            OR jobs.state <> CASE
                WHEN q = total THEN 'queued'
                WHEN q + r > 0 THEN 'running'
                WHEN d > 0 THEN 'done'
                WHEN c > 0 THEN 'cancelled'
                ELSE 'failed' END
            OR done_endings + failed_endings + quarantined_endings + cancelled_endings <> endings
            OR (finished_at IS NULL) <> (q + r > 0) OR (expires_at IS NULL) <> (q + r > 0))
        """
}
