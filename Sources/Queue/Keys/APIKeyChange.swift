/// What to do with an optional value.
public enum ValueChange<Value: Sendable & Equatable>: Sendable, Equatable {
    /// Leave it as it is.
    case keep
    /// Remove it.
    case remove
    /// Replace it.
    case set(Value)

    /// The value after the change.
    public func applied(to old: Value?) -> Value? {
        switch self {
        case .keep: old
        case .remove: nil
        case .set(let value): value
        }
    }
}

/// What to change about an API key.
public struct APIKeyChange: Sendable, Equatable {
    /// The new name; `nil` keeps the old one.
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

/// The answer to a change of an API key.
public enum APIKeyUpdate: Sendable, Equatable {
    /// The key as it is now.
    case updated(APIKey)
    /// No key has this identifier.
    case unknown
    /// The key was revoked and cannot be changed.
    case revoked
    /// The change would leave no active key with the scope `admin` sooner than now; nothing
    /// changed.
    case lastAdmin
}

/// The answer to the revocation of an API key.
public enum APIKeyRevocation: Sendable, Equatable {
    /// The key is revoked.
    case revoked
    /// It was revoked before.
    case revokedBefore
    /// No key has this identifier.
    case unknown
    /// It is the last active key with the scope `admin`, and stays active.
    case lastAdmin
}
