/// What becomes of a value that need not be there.
public enum ValueChange<Value: Sendable & Equatable>: Sendable, Equatable {
    /// It stays as it is.
    case keep
    /// It goes.
    case remove
    /// It becomes this.
    case set(Value)

    func applied(to old: Value?) -> Value? {
        switch self {
        case .keep: old
        case .remove: nil
        case .set(let value): value
        }
    }
}

/// What is to be changed about an API key.
public struct APIKeyChange: Sendable, Equatable {
    /// The new name; `nil` leaves the old one.
    public var name: String?
    /// When it expires, in milliseconds since 1970.
    public var expiresAt = ValueChange<Int64>.keep
    /// See ``APIKeyQuotas/imagesQueued``.
    public var imagesQueued = ValueChange<Int>.keep
    /// See ``APIKeyQuotas/bytesQueued``.
    public var bytesQueued = ValueChange<Int>.keep
    /// See ``APIKeyQuotas/jobsPerMinute``.
    public var jobsPerMinute = ValueChange<Int>.keep

    /// Changes nothing.
    public init() {}
}

/// What became of a change to an API key.
public enum APIKeyUpdate: Sendable, Equatable {
    /// The key as it is now.
    case updated(APIKey)
    /// No key has this identifier.
    case unknown
    /// The key was revoked and cannot be changed.
    case revoked
    /// It would leave no active key with the scope `admin` sooner than now, and stays.
    case lastAdmin
}

/// What became of the revocation of an API key.
public enum APIKeyRevocation: Sendable, Equatable {
    /// The key is not taken any more.
    case revoked
    /// It was revoked before.
    case revokedBefore
    /// No key has this identifier.
    case unknown
    /// It is the last active key with the scope `admin`, and stays.
    case lastAdmin
}
