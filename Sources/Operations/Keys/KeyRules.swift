public import Queue

/// The rules for names, scopes, expiries and quotas of API keys, for the API and the command line.
public enum KeyRules {
    /// The rule for names, as a sentence.
    public static let nameDetail =
        "The name must have 1 to 100 characters in at most 400 bytes, no control or format characters, and must not be blank."
    /// The rule for scopes, as a sentence.
    public static let scopesDetail =
        "The scopes must be one or more of submit, read and admin."
    /// The rule for the time of an expiry, as a sentence.
    public static let expiresAtDetail =
        "The expiry must be a time in the future, such as 2030-01-31T12:00:00Z (RFC 3339)."
    /// The rule for the seconds until an expiry, as a sentence.
    public static let expiresInDetail =
        "The number of seconds until the expiry must be a whole number from 1 to \(maxLifetimeSeconds)."
    /// The rule for the form of quotas, as a sentence.
    public static let quotasDetail =
        "The quotas must be an object, or null for none."
    /// The rule for the limit of queued images, as a sentence.
    public static let imagesQueuedDetail =
        quotaDetail("images queued", APIKeyQuotas.imagesQueuedRange)
    /// The rule for the limit of queued bytes, as a sentence.
    public static let bytesQueuedDetail =
        quotaDetail("bytes queued", APIKeyQuotas.bytesQueuedRange)
    /// The rule for the limit of jobs per minute, as a sentence.
    public static let jobsPerMinuteDetail =
        quotaDetail("jobs per minute", APIKeyQuotas.jobsPerMinuteRange)

    /// A hundred years of 366 days.
    private static let maxLifetimeSeconds: Int64 = 100 * 366 * 24 * 3600

    /// Checks a name.
    ///
    /// It must have 1 to 100 characters and at most 400 bytes, no control or format characters, and
    /// not only white space.
    ///
    /// - Throws: ``KeyFault`` for an invalid or missing name.
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

    /// Parses the names of scopes.
    ///
    /// - Throws: ``KeyFault`` for an unknown scope, or if there is none.
    public static func scopes(_ names: [String]) throws(KeyFault) -> Set<APIKeyScope> {
        let scopes = names.compactMap(APIKeyScope.init(rawValue:))
        guard scopes.count == names.count, !scopes.isEmpty else {
            throw KeyFault("scopes", scopesDetail)
        }
        return Set(scopes)
    }

    /// Checks the time of an expiry.
    ///
    /// - Parameters:
    ///   - text: The time in RFC 3339 form.
    ///   - now: The current time in milliseconds since 1970.
    /// - Returns: Milliseconds since 1970.
    /// - Throws: ``KeyFault`` for a time that is malformed, past, or more than 36,600 days ahead.
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

    /// Checks the limit of queued images.
    public static func imagesQueued(_ limit: Int) throws(KeyFault) -> Int {
        try quota(limit, "images_queued", APIKeyQuotas.imagesQueuedRange, imagesQueuedDetail)
    }

    /// Checks the limit of queued bytes.
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
