package import Cryptography
package import JobModel
package import Queue

extension SQLStore {
    /// Creates an API key.
    public func createKey(
        name: String,
        scopes: Set<APIKeyScope>,
        quotas: APIKeyQuotas = APIKeyQuotas(),
        expiresAt: Int64? = nil,
        hash: SHA256Digest,
        prefix: String
    ) async throws(StoreError) -> APIKey {
        let id = APIKeyID.random()
        let familySeed = try randomSeed()
        return try await write { db in
            if db.isRepeated, let key = try Self.key(db, id) { return key }
            let key = APIKey(
                id: id,
                name: name,
                scopes: scopes,
                quotas: quotas,
                prefix: prefix,
                createdAt: try db.now,
                expiresAt: expiresAt,
                lastUsedAt: nil,
                revokedAt: nil
            )
            try db.execute(
                """
                INSERT INTO api_keys (id, name, scopes, hash, prefix, family_seed, created_at,
                    expires_at, quota_images_queued, quota_bytes_queued, quota_jobs_per_minute)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    id.text, name, scopes.map(\.rawValue).sorted().joined(separator: " "),
                    hash.bytes, prefix, Int64(bitPattern: familySeed), key.createdAt, expiresAt,
                    quotas.imagesQueued, quotas.bytesQueued, quotas.jobsPerMinute,
                ]
            )
            return key
        }
    }

    /// Returns the active key whose secret has this hash.
    public func key(hash: SHA256Digest) async throws(StoreError) -> APIKey? {
        let version = try await keysVersion()
        var key = parts.keyCache.lookUp(hash, version: version)
        if key == nil {
            // The index does not compare hashes in constant time. That leaks nothing useful: to
            // choose a hash, an attacker would need the secret first.
            key = try await readOnce { db in
                try db.row(
                    "SELECT * FROM api_keys WHERE hash = ? AND revoked_at IS NULL",
                    [hash.bytes]
                ).map(APIKey.init(row:))
            }
            if let key { parts.keyCache.keep(key, hash: hash, version: version) }
        }
        return key?.state(at: currentTime) == .active ? key : nil
    }

    /// Whether this is the hash of a current or former key's secret.
    public func hasKey(hash: SHA256Digest) async throws(StoreError) -> Bool {
        try await readOnce { db in
            try db.value(
                Bool.self,
                "SELECT EXISTS (SELECT 1 FROM api_keys WHERE hash = ?)",
                [hash.bytes]
            ) ?? false
        }
    }

    /// Returns a key by its identifier.
    public func key(_ id: APIKeyID) async throws(StoreError) -> APIKey? {
        try await readOnce { db in try Self.key(db, id) }
    }

    /// Returns all keys, oldest first.
    public func keys() async throws(StoreError) -> [APIKey] {
        try await read { db in
            try db.rows("SELECT * FROM api_keys ORDER BY created_at, \(db.dialect.keyOrder)").map(
                APIKey.init(row:)
            )
        }
    }

    /// Returns a page of all keys, newest first.
    public func keys(cursor: String?, limit: Int) async throws(StoreError) -> APIKeyPage {
        let count = min(max(limit, 1), 1000)
        return try await read { db in
            var last: APIKey?
            if let cursor {
                last = try APIKeyID(cursor).flatMap { try Self.key(db, $0) }
                guard last != nil else { throw StoreError.invalidCursor }
            }
            let rows = try db.rows(
                """
                SELECT * FROM api_keys WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?
                """,
                [last?.createdAt ?? .max, last?.id.text ?? "", count + 1]
            )
            let page = try rows.prefix(count).map(APIKey.init(row:))
            return APIKeyPage(keys: page, nextCursor: rows.count > count ? page.last?.id.text : nil)
        }
    }

    // MARK: - Parts

    static func key(_ db: any SQLSession, _ id: APIKeyID) throws -> APIKey? {
        try db.row("SELECT * FROM api_keys WHERE id = ?", [id.text])
            .map(APIKey.init(row:))
    }

    func randomSeed() throws(StoreError) -> UInt64 {
        do throws(CryptographyError) {
            return try SecureRandom.uint64()
        } catch {
            throw .randomUnavailable
        }
    }
}
