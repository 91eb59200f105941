/// Dates of HTTP headers (IMF-fixdate, RFC 9110 section 5.6.7).
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// - Returns: Seconds since 1970; `nil` for any other form.
    static func seconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", parts[0].hasSuffix(","),
            let day = Int64(parts[1]), 1...31 ~= day,
            let month = months.firstIndex(of: String(parts[2])),
            let year = Int64(parts[3]), 1970...9999 ~= year
        else { return nil }
        let time = parts[4].split(separator: ":").compactMap { Int64($0) }
        guard time.count == 3, 0...23 ~= time[0], 0...59 ~= time[1], 0...60 ~= time[2] else {
            return nil
        }
        // Years begin in March, so that February's length needs no table.
        let shifted = month < 2 ? year - 1 : year
        let dayOfYear = (153 * Int64(month < 2 ? month + 10 : month - 2) + 2) / 5 + day - 1
        let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        return days * 86_400 + time[0] * 3600 + time[1] * 60 + time[2]
    }
}
