import JobModel
public import Queue

/// An API key as the API and the command line show it.
public struct KeyDocument: Encodable {
    struct Quotas: Encodable {
        let imagesQueued, bytesQueued, jobsPerMinute: Int?
    }

    let id: APIKeyID
    let name: String
    let prefix: String
    let scopes: [String]
    let state: String
    let quotas: Quotas
    let createdAt: String
    let expiresAt: String?
    let lastUsedAt: String?
    let revokedAt: String?
    /// Set only in the answer to the request that created the key.
    let secret: String?

    /// Creates the document of a key.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - now: The time in milliseconds since 1970, for the key's state.
    ///   - secret: The secret of a key that was just created.
    public init(_ key: APIKey, now: Int64, secret: APIKeySecret? = nil) {
        id = key.id
        name = key.name
        prefix = key.prefix
        scopes = key.scopes.map(\.rawValue).sorted()
        state = key.state(at: now).rawValue
        quotas = Quotas(
            imagesQueued: key.quotas.imagesQueued,
            bytesQueued: key.quotas.bytesQueued,
            jobsPerMinute: key.quotas.jobsPerMinute
        )
        createdAt = Timestamp.text(key.createdAt)
        expiresAt = key.expiresAt.map(Timestamp.text)
        lastUsedAt = key.lastUsedAt.map(Timestamp.text)
        revokedAt = key.revokedAt.map(Timestamp.text)
        self.secret = secret?.text
    }
}

/// A page of API keys.
public struct KeyListDocument: Encodable {
    let keys: [KeyDocument]
    let nextCursor: String?

    /// Creates the document of a page.
    ///
    /// - Parameters:
    ///   - keys: The page's keys.
    ///   - nextCursor: Where the next page begins; `nil` on the last page.
    public init(keys: [KeyDocument], nextCursor: String?) {
        self.keys = keys
        self.nextCursor = nextCursor
    }
}
