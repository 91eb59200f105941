public import JobModel

/// What an API key may do.
public enum APIKeyScope: String, Sendable, CaseIterable {
    /// Send images, and cancel and erase jobs.
    case submit
    /// Look at jobs and fetch their results.
    case read
    /// Make, list, change and revoke keys.
    case admin
}

/// Whether an API key is accepted.
public enum APIKeyState: String, Sendable {
    /// It is.
    case active
    /// It has expired.
    case expired
    /// It was revoked.
    case revoked
}

/// An API key, without its secret, of which a store keeps only the hash.
///
/// Times are milliseconds since 1970.
public struct APIKey: Sendable, Equatable {
    /// The key's identifier, which is also its owner's.
    public let id: APIKeyID
    /// The key's name for people.
    public let name: String
    /// What it may do.
    public let scopes: Set<APIKeyScope>
    /// How much it may do.
    public let quotas: APIKeyQuotas
    /// The first characters of the secret.
    public let prefix: String
    /// When it was made.
    public let createdAt: Int64
    /// When it expires; `nil` for never.
    public let expiresAt: Int64?
    /// When it was last used, to ``useGranularity``; `nil` for never.
    public let lastUsedAt: Int64?
    /// When it was revoked, if it was.
    public let revokedAt: Int64?

    /// How old the time of a key's last use may be before it is written anew.
    ///
    /// A write for every request would cost more than most requests do.
    public static let useGranularity: Duration = .seconds(300)

    /// For stores: puts a key together.
    public init(
        id: APIKeyID,
        name: String,
        scopes: Set<APIKeyScope>,
        quotas: APIKeyQuotas,
        prefix: String,
        createdAt: Int64,
        expiresAt: Int64?,
        lastUsedAt: Int64?,
        revokedAt: Int64?
    ) {
        self.id = id
        self.name = name
        self.scopes = scopes
        self.quotas = quotas
        self.prefix = prefix
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }

    /// Whether it is accepted at a time, in milliseconds since 1970.
    public func state(at time: Int64) -> APIKeyState {
        if revokedAt != nil { return .revoked }
        return (expiresAt ?? .max) <= time ? .expired : .active
    }
}

/// A page of API keys.
public struct APIKeyPage: Sendable, Equatable {
    /// The keys, newest first.
    public let keys: [APIKey]
    /// The cursor of the next page; `nil` on the last one.
    public let nextCursor: String?

    /// For stores: a page.
    public init(keys: [APIKey], nextCursor: String?) {
        self.keys = keys
        self.nextCursor = nextCursor
    }
}
