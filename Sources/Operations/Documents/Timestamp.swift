import FoundationEssentials

/// Formats and parses times as the API shows them.
public enum Timestamp {
    /// Formats a time as RFC 3339 in UTC with milliseconds, such as `2026-11-21T05:30:00.125Z`.
    ///
    /// - Parameter milliseconds: The time in milliseconds since 1970.
    /// - Returns: The text.
    public static func text(_ milliseconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// Parses RFC 3339, with or without fractions of a second.
    ///
    /// - Parameter text: A time as ``text(_:)`` formats it, or with an offset such as `+01:00`.
    /// - Returns: Milliseconds since 1970, rounded; `nil` if the text does not have this form.
    public static func milliseconds(_ text: String) -> Int64? {
        // Check the form first: the style also parses prefixes and other forms, and takes 31
        // February for a day in March.
        let form =
            #/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)/#
        guard let match = text.wholeMatch(of: form),
            let local = try? Date("\(match.1)Z", strategy: .iso8601),
            local.formatted(.iso8601) == "\(match.1)Z"
        else { return nil }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: match.2 != nil)
        guard let date = try? style.parse(text) else { return nil }
        return Int64((date.timeIntervalSince1970 * 1000).rounded())
    }
}
