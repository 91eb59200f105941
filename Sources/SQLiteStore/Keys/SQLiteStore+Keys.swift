public import Cryptography
import FoundationEssentials
import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// Creates an API key.
    public func createKey(
        name: String,
        scopes: Set<APIKeyScope>,
        quotas: APIKeyQuotas = APIKeyQuotas(),
        expiresAt: Int64? = nil,
        hash: SHA256Digest,
        prefix: String
    ) async throws(StoreError) -> APIKey {
        let key = APIKey(
            id: .random(),
            name: name,
            scopes: scopes,
            quotas: quotas,
            prefix: prefix,
            createdAt: now(),
            expiresAt: expiresAt,
            lastUsedAt: nil,
            revokedAt: nil
        )
        let familySeed = try randomSeed()
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO api_keys (id, name, scopes, hash, prefix, family_seed, created_at, expires_at,
                        quota_images_queued, quota_bytes_queued, quota_jobs_per_minute)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key.id.text, name, scopes.map(\.rawValue).sorted().joined(separator: " "),
                    Data(hash.bytes), prefix,
                    Int64(bitPattern: familySeed), key.createdAt, expiresAt, quotas.imagesQueued,
                    quotas.bytesQueued,
                    quotas.jobsPerMinute,
                ]
            )
        }
        return key
    }

    /// Returns the active key whose secret has this hash.
    public func key(hash: SHA256Digest) async throws(StoreError) -> APIKey? {
        let commits = try commitWatch.commits()
        var key = keyCache.lookUp(hash, commits: commits)
        if key == nil {
            // The index does not compare hashes in constant time. That leaks nothing useful: to
            // choose a hash, an attacker would need the secret first.
            key = try await readOnce { db in
                try Row.fetchOne(
                    db.cachedStatement(
                        sql: "SELECT * FROM api_keys WHERE hash = ? AND revoked_at IS NULL"
                    ),
                    arguments: [Data(hash.bytes)]
                ).map(APIKey.init(row:))
            }
            if let key { keyCache.keep(key, hash: hash, commits: commits) }
        }
        return key?.state(at: now()) == .active ? key : nil
    }

    /// Whether this is the hash of a current or former key's secret.
    public func hasKey(hash: SHA256Digest) async throws(StoreError) -> Bool {
        try await readOnce { db in
            try Bool.fetchOne(
                db,
                sql: "SELECT EXISTS (SELECT 1 FROM api_keys WHERE hash = ?)",
                arguments: [Data(hash.bytes)]
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
            try Row.fetchAll(db, sql: "SELECT * FROM api_keys ORDER BY created_at, rowid").map(
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
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM api_keys WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?
                    """,
                arguments: [last?.createdAt ?? .max, last?.id.text ?? "", count + 1]
            )
            let page = try rows.prefix(count).map(APIKey.init(row:))
            return APIKeyPage(keys: page, nextCursor: rows.count > count ? page.last?.id.text : nil)
        }
    }

    // MARK: - Parts

    static func key(_ db: Database, _ id: APIKeyID) throws -> APIKey? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM api_keys WHERE id = ?"),
            arguments: [id.text]
        )
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
