import GRDB
public import JobModel

extension JobStore {
    /// What is left to do of every job, of all tenants, for a forecast.
    ///
    /// The images of a job are taken to be alike. It goes through all unfinished jobs, so its answer should serve for a while.
    ///
    /// - Returns: The work, in no order.
    /// - Throws: ``JobStoreError``.
    public func unfinishedWork() async throws(JobStoreError) -> [QueueForecast.Work] {
        try await readOnce { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(sql: "SELECT * FROM jobs INDEXED BY jobs_unfinished WHERE finished_at IS NULL")
            )
            var work: [QueueForecast.Work] = []
            while let row = try rows.next() { work.append(try Self.work(row)) }
            return work
        }
    }

    private static func work(_ row: Row) throws -> QueueForecast.Work {
        guard let tenant = APIKeyID(row["tenant"] as String) else {
            throw JobStoreError.corrupt("a row holds no legal key identifier")
        }
        let left = JobCounts(row: row).share(of: row["pixels"])
        return QueueForecast.Work(tenant: tenant, turn: row["turn"], pixels: left)
    }
}

extension Job {
    /// What is left to do of it, if its images are alike.
    public var work: QueueForecast.Work {
        QueueForecast.Work(tenant: tenant, turn: turn, pixels: counts.share(of: pixels))
    }
}

extension JobCounts {
    /// What of a job's pixels belongs to images that are not finished.
    fileprivate func share(of pixels: Int64) -> Int64 {
        total > 0 ? pixels / Int64(total) * Int64(queued + running) : 0
    }
}
