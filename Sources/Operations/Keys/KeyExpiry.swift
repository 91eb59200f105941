public import Queue

/// When a key is to expire, as somebody says it.
public enum KeyExpiry: Sendable, Equatable {
    /// At a time as RFC 3339 has it.
    case at(String)
    /// After so many seconds.
    case inSeconds(Int64)

    /// What two members of a request say together, of which either may be there: as null as well,
    /// which removes the expiry.
    ///
    /// - Throws: ``KeyFault`` if both are there.
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

    /// The one that is given.
    ///
    /// - Returns: `nil` if neither is.
    /// - Throws: ``KeyFault`` if both are.
    init?(at time: String?, inSeconds seconds: Int64?) throws(KeyFault) {
        let change = try Self.change(
            at: time.map { .set($0) } ?? .keep,
            inSeconds: seconds.map { .set($0) } ?? .keep
        )
        guard case .set(let expiry) = change else { return nil }
        self = expiry
    }

    /// The moment.
    ///
    /// - Parameter now: In milliseconds since 1970.
    /// - Returns: Milliseconds since 1970.
    /// - Throws: ``KeyFault`` for a time that is malformed, past or too far off.
    public func milliseconds(now: Int64) throws(KeyFault) -> Int64 {
        switch self {
        case .at(let text): try KeyRules.expiry(at: text, now: now)
        case .inSeconds(let seconds): try KeyRules.expiry(inSeconds: seconds, now: now)
        }
    }
}
