public import Queue

/// What names, scopes, expiries and quotas of API keys may be, for the API and the command line.
public enum KeyRules {
    /// What a name has to be.
    public static let nameDetail =
        "The name must have 1 to 100 characters, none of them a control character."
    /// What scopes have to be.
    public static let scopesDetail =
        "The scopes must be one or more of submit, read and admin."
    /// What the time of an expiry has to be.
    public static let expiresAtDetail =
        "The expiry must be a time to come, as in 2030-01-31T12:00:00Z (RFC 3339)."
    /// What the seconds until an expiry have to be.
    public static let expiresInDetail =
        "The seconds until the expiry must be a whole number from 1 to \(maxLifetimeSeconds)."
    /// What quotas have to be together.
    public static let quotasDetail =
        "The quotas must be an object, or null for none."
    /// What the limit of images queued has to be.
    public static let imagesQueuedDetail =
        quotaDetail("images queued", APIKeyQuotas.imagesQueuedRange)
    /// What the limit of bytes queued has to be.
    public static let bytesQueuedDetail =
        quotaDetail("bytes queued", APIKeyQuotas.bytesQueuedRange)
    /// What the limit of jobs per minute has to be.
    public static let jobsPerMinuteDetail =
        quotaDetail("jobs per minute", APIKeyQuotas.jobsPerMinuteRange)

    /// A hundred years.
    private static let maxLifetimeSeconds: Int64 = 100 * 366 * 24 * 3600

    /// Checks a name.
    ///
    /// - Throws: ``KeyFault`` for one that a key cannot have, or none.
    public static func name(_ text: String?) throws(KeyFault) -> String {
        guard let text, (1...100).contains(text.count), text.utf8.count <= 400, isPrintable(text),
            text.contains(where: { !$0.isWhitespace })
        else { throw KeyFault("name", nameDetail) }
        return text
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
            default: true
            }
        }
    }

    /// Reads the names of scopes.
    ///
    /// - Throws: ``KeyFault`` for a name that is no scope's, and for no name at all.
    public static func scopes(_ names: [String]) throws(KeyFault) -> Set<APIKeyScope> {
        let scopes = names.compactMap(APIKeyScope.init(rawValue:))
        guard scopes.count == names.count, !scopes.isEmpty else {
            throw KeyFault("scopes", scopesDetail)
        }
        return Set(scopes)
    }

    /// The moment of an expiry.
    ///
    /// - Parameters:
    ///   - text: RFC 3339.
    ///   - now: In milliseconds since 1970.
    /// - Returns: Milliseconds since 1970.
    /// - Throws: ``KeyFault`` for a time that is malformed, past or more than a hundred years off.
    static func expiry(at text: String, now: Int64) throws(KeyFault) -> Int64 {
        guard let time = Timestamp.milliseconds(text), time > now,
            time - now <= maxLifetimeSeconds * 1000
        else {
            throw KeyFault("expires_at", expiresAtDetail)
        }
        return time
    }

    static func expiry(inSeconds seconds: Int64, now: Int64) throws(KeyFault) -> Int64 {
        guard (1...maxLifetimeSeconds).contains(seconds) else {
            throw KeyFault("expires_in_seconds", expiresInDetail)
        }
        return now + seconds * 1000
    }

    /// Checks the limit of images queued.
    public static func imagesQueued(_ limit: Int) throws(KeyFault) -> Int {
        try quota(limit, "images_queued", APIKeyQuotas.imagesQueuedRange, imagesQueuedDetail)
    }

    /// Checks the limit of bytes queued.
    public static func bytesQueued(_ limit: Int) throws(KeyFault) -> Int {
        try quota(limit, "bytes_queued", APIKeyQuotas.bytesQueuedRange, bytesQueuedDetail)
    }

    /// Checks the limit of jobs per minute.
    public static func jobsPerMinute(_ limit: Int) throws(KeyFault) -> Int {
        try quota(limit, "jobs_per_minute", APIKeyQuotas.jobsPerMinuteRange, jobsPerMinuteDetail)
    }

    static func quotas(_ quotas: APIKeyQuotas) throws(KeyFault) -> APIKeyQuotas {
        if let limit = quotas.imagesQueued { _ = try imagesQueued(limit) }
        if let limit = quotas.bytesQueued { _ = try bytesQueued(limit) }
        if let limit = quotas.jobsPerMinute { _ = try jobsPerMinute(limit) }
        return quotas
    }

    private static func quota(
        _ limit: Int,
        _ name: String,
        _ range: ClosedRange<Int>,
        _ detail: String
    ) throws(KeyFault) -> Int {
        guard range.contains(limit) else { throw KeyFault(name, detail) }
        return limit
    }

    private static func quotaDetail(_ name: String, _ range: ClosedRange<Int>) -> String {
        "The limit of \(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)."
    }
}
