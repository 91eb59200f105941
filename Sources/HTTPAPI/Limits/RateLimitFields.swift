import HTTPTypes

/// The fields `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) of the quota of jobs a minute.
enum RateLimitFields {
    /// The fields.
    ///
    /// - Parameters:
    ///   - perMinute: The quota.
    ///   - standing: How many jobs may be made at once, and how long it takes until it is one more.
    /// - Returns: Both.
    static func fields(
        perMinute: Int,
        standing: (remaining: Int, untilNext: Duration?)
    ) -> HTTPFields {
        let time = standing.untilNext.map { ";t=\(seconds($0))" } ?? ""
        return [
            .rateLimitPolicy: "\"jobs\";q=\(perMinute);w=60",
            .rateLimit: "\"jobs\";r=\(standing.remaining)\(time)",
        ]
    }

    /// Whole seconds, rounded up, at least one.
    static func seconds(_ duration: Duration) -> Int64 {
        let (seconds, rest) = duration.components
        return max(1, rest > 0 ? seconds + 1 : seconds)
    }
}
