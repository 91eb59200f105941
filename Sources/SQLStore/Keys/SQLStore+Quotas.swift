package import JobModel
package import Queue

extension SQLStore {
    /// Returns the number and the bytes of a tenant's images that are queued or running.
    public func queuedImages(tenant: APIKeyID) async throws(StoreError) -> QueuedImages {
        try await readOnce { db in try Self.queuedImages(db, tenant: tenant) }
    }

    /// Whether a tenant has used this idempotency key before, for a job that has not expired.
    public func hasRequest(_ key: String, tenant: APIKeyID) async throws(StoreError) -> Bool {
        try await readOnce { db in
            try db.value(
                Bool.self,
                """
                SELECT EXISTS (
                    SELECT 1 FROM idempotency JOIN jobs ON jobs.seq = idempotency.job
                    WHERE idempotency.tenant = ? AND idempotency.key = ?
                        AND jobs.expired_at IS NULL AND (jobs.expires_at IS NULL OR jobs.expires_at > ?)
                )
                """,
                [tenant.text, key, try db.now]
            ) ?? false
        }
    }

    static var queuedImagesSQL: String {
        """
        SELECT count(*) AS count, CAST(coalesce(sum(input_size), 0) AS BIGINT) AS bytes FROM images
        WHERE tenant = ? AND state IN ('queued', 'running')
        """
    }

    static func queuedImages(_ db: any SQLSession, tenant: APIKeyID) throws -> QueuedImages {
        guard let row = try db.row(queuedImagesSQL, [tenant.text]) else {
            return QueuedImages(count: 0, bytes: 0)
        }
        return try QueuedImages(count: row["count"], bytes: row["bytes"])
    }

    /// Returns why a job must be refused, judged by its key within this transaction.
    ///
    /// While the request's body arrived, the key may have been revoked or another upload may have
    /// filled a quota.
    ///
    /// - Returns: The refusal; `nil` if the job may be created.
    /// - Throws: ``StoreError/unknownTenant``, and errors of the database.
    func refusal(
        _ db: any SQLSession,
        of new: NewJob,
        _ images: [NewImage]
    ) throws -> JobSubmission? {
        guard
            let row = try db.row("SELECT * FROM api_keys WHERE id = ?", [new.tenant.text])
        else { throw StoreError.unknownTenant }
        let key = try APIKey(row: row)
        guard key.state(at: try db.now) == .active else { return .keyUnusable }
        guard key.quotas.imagesQueued != nil || key.quotas.bytesQueued != nil else { return nil }
        var more = QueuedImages(count: 0, bytes: 0)
        for case .stored(let blob) in images.map(\.content) {
            more.count += 1
            more.bytes += Int(clamping: blob.size)
        }
        let queued = try Self.queuedImages(db, tenant: new.tenant)
        return key.quotas.excess(of: more, over: queued).map { .overQuota($0) }
    }
}
