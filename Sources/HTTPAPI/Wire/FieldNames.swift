import HTTPTypes

// Names that HTTPTypes lacks.
extension HTTPField.Name {
    /// Returns a field name; traps if `name` is not a token.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("a field name that is no token")
        }
        return name
    }

    static let accelBuffering = known("X-Accel-Buffering")
    static let crossOriginOpenerPolicy = known("Cross-Origin-Opener-Policy")
    static let figures = known("Palimpsest-Figures")
    static let idempotencyKey = known("Idempotency-Key")
    static let idempotentReplayed = known("Idempotent-Replayed")
    static let lastEventID = known("Last-Event-ID")
    static let prefer = known("Prefer")
    static let rateLimit = known("RateLimit")
    static let rateLimitPolicy = known("RateLimit-Policy")
    static let recoveryKey = known("Palimpsest-Recovery-Key")
    static let recoveryPassphrase = known("Palimpsest-Recovery-Passphrase")
    static let reprDigest = known("Repr-Digest")
    static let referrerPolicy = known("Referrer-Policy")
    static let preferenceApplied = known("Preference-Applied")
}
