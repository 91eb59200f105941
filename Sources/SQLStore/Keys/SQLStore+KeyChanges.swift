package import JobModel
package import Queue

extension SQLStore {
    /// Changes a key's name, expiry and quotas.
    public func updateKey(
        _ id: APIKeyID,
        _ change: APIKeyChange
    ) async throws(StoreError) -> APIKeyUpdate {
        defer { keysHaveChanged() }
        return try await write { db in
            try db.lock(.administrators)
            let time = try db.now
            guard let key = try Self.key(db, id) else { return .unknown }
            guard key.revokedAt == nil else { return .revoked }
            let expiry = change.expiresAt.applied(to: key.expiresAt) ?? .max
            if key.isActiveAdmin(at: time), expiry < key.expiresAt ?? .max {
                let others = try Self.activeAdmins(db, but: id, at: time)
                guard others.contains(where: { $0.expiresAt ?? .max >= expiry }) else {
                    return .lastAdmin
                }
            }
            try db.execute(
                """
                UPDATE api_keys SET name = ?, expires_at = ?, quota_images_queued = ?, quota_bytes_queued = ?,
                    quota_jobs_per_minute = ?
                WHERE id = ?
                """,
                [
                    change.name ?? key.name, change.expiresAt.applied(to: key.expiresAt),
                    change.imagesQueued.applied(to: key.quotas.imagesQueued),
                    change.bytesQueued.applied(to: key.quotas.bytesQueued),
                    change.jobsPerMinute.applied(to: key.quotas.jobsPerMinute), id.text,
                ]
            )
            guard let changed = try Self.key(db, id) else { return .unknown }
            return .updated(changed)
        }
    }

    /// Revokes a key permanently.
    @discardableResult
    public func revokeKey(_ id: APIKeyID) async throws(StoreError) -> APIKeyRevocation {
        defer { keysHaveChanged() }
        return try await write { lost, next in
            next == .revokedBefore ? lost : next
        } _: { db in
            try db.lock(.administrators)
            let time = try db.now
            guard let key = try Self.key(db, id) else { return .unknown }
            guard key.revokedAt == nil else { return .revokedBefore }
            if key.isActiveAdmin(at: time) {
                guard try !Self.activeAdmins(db, but: id, at: time).isEmpty else {
                    return .lastAdmin
                }
            }
            try db.execute("UPDATE api_keys SET revoked_at = ? WHERE id = ?", [time, id.text])
            return .revoked
        }
    }

    private static func activeAdmins(
        _ db: any SQLSession,
        but id: APIKeyID,
        at time: Int64
    ) throws -> [APIKey] {
        try db.rows("SELECT * FROM api_keys WHERE id <> ? AND revoked_at IS NULL", [id.text]).map(
            APIKey.init(row:)
        ).filter { $0.isActiveAdmin(at: time) }
    }
}

extension APIKey {
    fileprivate func isActiveAdmin(at time: Int64) -> Bool {
        scopes.contains(.admin) && state(at: time) == .active
    }
}
