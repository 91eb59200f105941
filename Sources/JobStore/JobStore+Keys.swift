public import Cryptography
import FoundationEssentials
import GRDB
public import JobModel

extension JobStore {
    /// Makes an API key, and with it a tenant with a secret family of semantic images.
    ///
    /// - Parameters:
    ///   - name: For people.
    ///   - scopes: What it may do.
    ///   - hash: Of the secret, see ``APIKeySecret/hash``.
    ///   - prefix: See ``APIKeySecret/prefix``.
    /// - Returns: The key.
    /// - Throws: ``JobStoreError``; two keys of one hash cannot be.
    public func createKey(
        name: String,
        scopes: Set<APIKeyScope>,
        hash: SHA256Digest,
        prefix: String
    ) async throws(JobStoreError) -> APIKey {
        let key = APIKey(
            id: .random(),
            name: name,
            scopes: scopes,
            prefix: prefix,
            createdAt: now(),
            revokedAt: nil
        )
        let familySeed = try randomSeed()
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO api_keys (id, name, scopes, hash, prefix, family_seed, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key.id.text, name, scopes.map(\.rawValue).sorted().joined(separator: " "), Data(hash.bytes), prefix,
                    Int64(bitPattern: familySeed), key.createdAt,
                ]
            )
        }
        return key
    }

    /// Looks a key up by the hash of its secret.
    ///
    /// - Returns: The key; `nil` if there is none or it was revoked.
    /// - Throws: ``JobStoreError``.
    public func key(hash: SHA256Digest) async throws(JobStoreError) -> APIKey? {
        let (known, generation) = keyCache.lookUp(hash)
        if let known { return known }
        // The index compares hashes in varying time. That tells nothing of use: who could aim at a hash would need the secret first.
        let key = try await readOnce { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM api_keys WHERE hash = ? AND revoked_at IS NULL"),
                arguments: [Data(hash.bytes)]
            ).map(APIKey.init(row:))
        }
        if let key { keyCache.keep(key, hash: hash, generation: generation) }
        return key
    }

    /// All keys, revoked ones too, oldest first.
    ///
    /// - Returns: The keys.
    /// - Throws: ``JobStoreError``.
    public func keys() async throws(JobStoreError) -> [APIKey] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM api_keys ORDER BY created_at, rowid").map(APIKey.init(row:))
        }
    }

    /// Revokes a key for good; its jobs go on.
    ///
    /// - Returns: Whether there was such a key, not revoked before.
    /// - Throws: ``JobStoreError``.
    @discardableResult
    public func revokeKey(_ id: APIKeyID) async throws(JobStoreError) -> Bool {
        let time = now()
        defer { keyCache.clear() }
        return try await write { db in
            try db.execute(
                sql: "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                arguments: [time, id.text]
            )
            return db.changesCount > 0
        }
    }

    func randomSeed() throws(JobStoreError) -> UInt64 {
        do throws(CryptographyError) {
            return try SecureRandom.uint64()
        } catch {
            throw .randomUnavailable
        }
    }
}
