public import Cryptography
public import JobModel

/// The API keys.
///
/// Each key is a tenant, with a secret family of semantic images.
public protocol KeyCatalog: Sendable {
    /// Makes an API key.
    ///
    /// - Parameters:
    ///   - name: For people.
    ///   - scopes: What it may do.
    ///   - quotas: How much it may do.
    ///   - expiresAt: When it expires, in milliseconds since 1970; `nil` for never.
    ///   - hash: See ``APIKeySecret/hash``.
    ///   - prefix: See ``APIKeySecret/prefix``.
    /// - Returns: The key.
    /// - Throws: ``StoreError``; no two keys may have one hash.
    func createKey(
        name: String,
        scopes: Set<APIKeyScope>,
        quotas: APIKeyQuotas,
        expiresAt: Int64?,
        hash: SHA256Digest,
        prefix: String
    ) async throws(StoreError) -> APIKey

    /// The active key whose secret has this hash; `nil` if there is none.
    ///
    /// What this process commits, such as a revocation, holds for the next call; what another one
    /// commits, at the latest a second later.
    func key(hash: SHA256Digest) async throws(StoreError) -> APIKey?

    /// Whether a secret of this hash is or was a key's, be it expired or revoked.
    func hasKey(hash: SHA256Digest) async throws(StoreError) -> Bool

    /// A key by its identifier, be it expired or revoked; `nil` if there is none.
    func key(_ id: APIKeyID) async throws(StoreError) -> APIKey?

    /// All keys, expired and revoked ones too, oldest first.
    func keys() async throws(StoreError) -> [APIKey]

    /// A page of all keys, expired and revoked ones too, newest first.
    ///
    /// - Parameters:
    ///   - cursor: ``APIKeyPage/nextCursor`` of the page before; `nil` for the first page.
    ///   - limit: The most keys, 1 to 1000.
    /// - Returns: The page.
    /// - Throws: ``StoreError/invalidCursor``, errors of the database.
    func keys(cursor: String?, limit: Int) async throws(StoreError) -> APIKeyPage

    /// Changes a key's name, expiry and quotas.
    ///
    /// An active key with the scope `admin` gets no sooner expiry unless another one lives as long,
    /// so that somebody can still make keys.
    func updateKey(_ id: APIKeyID, _ change: APIKeyChange) async throws(StoreError) -> APIKeyUpdate

    /// Revokes a key for good; its jobs go on.
    ///
    /// The last active key with the scope `admin` stays, so that somebody can still make keys.
    @discardableResult
    func revokeKey(_ id: APIKeyID) async throws(StoreError) -> APIKeyRevocation

    /// Notes in memory that a key was used; ``saveKeyUses()`` writes it.
    func noteUse(of key: APIKey)

    /// Writes when keys were used, unless the time that is written is younger than
    /// ``APIKey/useGranularity``.
    ///
    /// - Throws: ``StoreError``; then what was noted is lost.
    func saveKeyUses() async throws(StoreError)
}
