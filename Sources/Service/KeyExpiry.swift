/// When a key is to expire, as somebody says it.
enum KeyExpiry: Sendable, Equatable {
    /// At a time as RFC 3339 has it.
    case at(String)
    /// After so many seconds.
    case inSeconds(Int64)

    /// Takes the one that is given.
    ///
    /// - Returns: `nil` if neither is.
    /// - Throws: ``APIError`` (400) if both are.
    init?(at time: String?, inSeconds seconds: Int64?) throws(APIError) {
        switch (time, seconds) {
        case (nil, nil): return nil
        case (let time?, nil): self = .at(time)
        case (nil, let seconds?): self = .inSeconds(seconds)
        case (_?, _?):
            throw .parameterInvalid("expires_at", "Give the time of the expiry or the seconds until it, not both.")
        }
    }

    /// The moment.
    ///
    /// - Parameter now: In milliseconds since 1970.
    /// - Returns: Milliseconds since 1970.
    /// - Throws: ``APIError`` (400) for a time that is malformed, past or too far off.
    func milliseconds(now: Int64) throws(APIError) -> Int64 {
        switch self {
        case .at(let text): try KeyRules.expiry(at: text, now: now)
        case .inSeconds(let seconds): try KeyRules.expiry(inSeconds: seconds, now: now)
        }
    }
}
