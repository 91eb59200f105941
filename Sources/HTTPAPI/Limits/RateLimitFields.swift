import HTTPTypes

/// The fields `RateLimit-Policy` and `RateLimit` for the quota of jobs per minute.
///
/// They follow draft-ietf-httpapi-ratelimit-headers-10.
enum RateLimitFields {
    /// Returns both fields.
    ///
    /// - Parameters:
    ///   - perMinute: The quota.
    ///   - available: The number of jobs available now, and the time until one more is.
    /// - Returns: The fields.
    static func fields(
        perMinute: Int,
        available: (remaining: Int, untilNext: Duration?)
    ) -> HTTPFields {
        let time = available.untilNext.map { ";t=\(seconds($0))" } ?? ""
        return [
            .rateLimitPolicy: "\"jobs\";q=\(perMinute);w=60",
            .rateLimit: "\"jobs\";r=\(available.remaining)\(time)",
        ]
    }

    /// Rounds a duration up to whole seconds, at least one.
    static func seconds(_ duration: Duration) -> Int64 {
        let (seconds, rest) = duration.components
        return max(1, rest > 0 ? seconds + 1 : seconds)
    }
}
