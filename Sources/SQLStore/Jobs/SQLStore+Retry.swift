package import JobModel
package import Queue

extension SQLStore {
    /// Requeues the failed and quarantined images of a job, or only one of them.
    public func retryJob(
        _ id: JobIdentifier,
        image number: Int?,
        tenant: APIKeyID
    ) async throws(StoreError) -> JobRetry? {
        let retry = try await write { lost, next -> JobRetry? in
            if case .nothing = next { lost } else { next }
        } _: { [self] db in
            let find = "SELECT * FROM jobs WHERE id = ? AND tenant = ?"
            try db.lock(.tenant(tenant.text))
            guard let seq: Int64 = try db.row(find, [id.text, tenant.text])?["seq"] else {
                return nil
            }
            try db.lock(.jobs([seq]))
            guard let job = try db.row(find, [id.text, tenant.text]).map(Job.init(row:)) else {
                return nil
            }
            let time = try db.now
            // A job that is due to expire counts as erased, even if the sweep is late.
            guard job.expiredAt == nil, (job.expiresAt ?? .max) > time else { return .expired }
            if let excess = try Self.excess(db, retrying: seq, number, tenant: tenant) {
                return .overQuota(excess)
            }
            var ledger = JobLedger()
            try takeAll(db, job: seq, image: number, .retried, now: time, &ledger)
            guard ledger.wakesWorkers else { return .nothing }
            try ledger.settle(db, now: time)
            return try db.row(find, [id.text, tenant.text]).map {
                .queued(try Job(row: $0))
            }
        }
        if case .queued = retry { wakeWorkers() }
        return retry
    }

    /// Returns which quota of the tenant's key a retry of the job would exceed.
    private static func excess(
        _ db: any SQLSession,
        retrying job: Int64,
        _ number: Int?,
        tenant: APIKeyID
    ) throws -> QuotaExcess? {
        let keyRow = try db.row("SELECT * FROM api_keys WHERE id = ?", [tenant.text])
        let row = try db.row(
            """
            SELECT count(*) AS count, CAST(coalesce(sum(input_size), 0) AS BIGINT) AS bytes FROM images
            WHERE job = ? AND state IN ('failed', 'quarantined') AND input_sha256 IS NOT NULL
                AND number = coalesce(?, number)
            """,
            [job, number]
        )
        guard let key = try keyRow.map(APIKey.init(row:)), let row else {
            throw StoreError.unknownTenant
        }
        let more = try QueuedImages(count: row["count"], bytes: row["bytes"])
        return key.quotas.excess(of: more, over: try queuedImages(db, tenant: tenant))
    }
}
