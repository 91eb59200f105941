import FoundationEssentials

/// Writes times as the API shows them.
enum Timestamp {
    /// RFC 3339 in UTC with milliseconds, such as `2026-11-21T05:30:00.125Z`.
    ///
    /// - Parameter milliseconds: Since 1970.
    /// - Returns: The text.
    static func text(_ milliseconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
