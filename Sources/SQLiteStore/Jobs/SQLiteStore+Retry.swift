import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// Requeues the failed and quarantined images of a job, or only one of them.
    public func retryJob(
        _ id: JobIdentifier,
        image number: Int?,
        tenant: APIKeyID
    ) async throws(StoreError) -> JobRetry? {
        let retry = try await write { [self] db -> JobRetry? in
            let time = now()
            let find = "SELECT * FROM jobs WHERE id = ? AND tenant = ?"
            guard let row = try Row.fetchOne(db, sql: find, arguments: [id.text, tenant.text])
            else { return nil }
            let job = try Job(row: row)
            // A job that is due to expire counts as erased, even if the sweep is late.
            guard job.expiredAt == nil, (job.expiresAt ?? .max) > time else { return .expired }
            if let excess = try Self.excess(db, retrying: row["seq"], number, tenant: tenant) {
                return .overQuota(excess)
            }
            var ledger = JobLedger()
            try takeAll(db, job: row["seq"], image: number, .retried, now: time, &ledger)
            guard ledger.wakesWorkers else { return .nothing }
            try ledger.settle(db, now: time)
            return try Row.fetchOne(db, sql: find, arguments: [id.text, tenant.text]).map {
                .queued(try Job(row: $0))
            }
        }
        if case .queued = retry { signal.notify() }
        return retry
    }

    /// Returns which quota of the tenant's key a retry of the job would exceed.
    private static func excess(
        _ db: Database,
        retrying job: Int64,
        _ number: Int?,
        tenant: APIKeyID
    ) throws -> QuotaExcess? {
        let keyRow = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM api_keys WHERE id = ?"),
            arguments: [tenant.text]
        )
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT count(*) AS count, coalesce(sum(input_size), 0) AS bytes FROM images
                WHERE job = ? AND state IN ('failed', 'quarantined') AND input_sha256 IS NOT NULL
                    AND number = coalesce(?, number)
                """,
            arguments: [job, number]
        )
        guard let key = try keyRow.map(APIKey.init(row:)), let row else {
            throw StoreError.unknownTenant
        }
        let more = QueuedImages(count: row["count"], bytes: row["bytes"])
        return key.quotas.excess(of: more, over: try queuedImages(db, tenant: tenant))
    }
}
