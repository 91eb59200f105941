public import Queue

/// The requested expiry of a key.
public enum KeyExpiry: Sendable, Equatable {
    /// At a time in RFC 3339 form.
    case at(String)
    /// After a number of seconds.
    case inSeconds(Int64)

    /// Combines two members of a request, of which at most one may be present.
    ///
    /// A member may be null, which removes the expiry.
    ///
    /// - Throws: ``KeyFault`` if both are present.
    public static func change(
        at time: ValueChange<String>,
        inSeconds seconds: ValueChange<Int64>
    ) throws(KeyFault) -> ValueChange<KeyExpiry> {
        switch (time, seconds) {
        case (.keep, .keep): return .keep
        case (.set(let time), .keep): return .set(.at(time))
        case (.keep, .set(let seconds)): return .set(.inSeconds(seconds))
        case (.remove, .keep), (.keep, .remove): return .remove
        default:
            throw KeyFault(
                "expires_at",
                "Give the time of the expiry (expires_at) or the seconds until it (expires_in_seconds), not both."
            )
        }
    }

    /// Uses the value that is given; `nil` if neither is.
    ///
    /// - Throws: ``KeyFault`` if both are.
    init?(at time: String?, inSeconds seconds: Int64?) throws(KeyFault) {
        let change = try Self.change(
            at: time.map { .set($0) } ?? .keep,
            inSeconds: seconds.map { .set($0) } ?? .keep
        )
        guard case .set(let expiry) = change else { return nil }
        self = expiry
    }

    /// Returns the time of the expiry.
    ///
    /// - Parameter now: The time in milliseconds since 1970.
    /// - Returns: Milliseconds since 1970.
    /// - Throws: ``KeyFault`` for a time that is malformed, past, or more than 36,600 days ahead.
    public func milliseconds(now: Int64) throws(KeyFault) -> Int64 {
        switch self {
        case .at(let text): try KeyRules.expiry(at: text, now: now)
        case .inSeconds(let seconds): try KeyRules.expiry(inSeconds: seconds, now: now)
        }
    }
}
