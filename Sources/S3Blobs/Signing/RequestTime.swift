/// A moment in UTC as Signature V4 writes it.
struct RequestTime: Sendable, Equatable {
    /// `20150830`.
    let day: String
    /// `20150830T123600Z`.
    let text: String

    /// Creates the time of a number of seconds since 1970.
    init(secondsSince1970 seconds: Int64) {
        let days = Int(seconds.dividingFloored(by: 86_400))
        let second = Int(seconds) - days * 86_400
        let (year, month, dayOfMonth) = Self.civil(from: days)
        day = Self.padded(year, 4) + Self.padded(month, 2) + Self.padded(dayOfMonth, 2)
        let time = [second / 3600, second / 60 % 60, second % 60]
        text = day + "T" + time.map { Self.padded($0, 2) }.joined() + "Z"
    }

    /// The date of a number of days since 1970, by the proleptic Gregorian calendar.
    ///
    /// Years begin in March here, so that the day that not every year has is the last one; 400 of
    /// them have 146,097 days.
    private static func civil(from days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = Int64(shifted).dividingFloored(by: 146_097)
        let day = shifted - Int(era) * 146_097
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let calendarMonth = month < 10 ? month + 3 : month - 9
        return (
            year + Int(era) * 400 + (calendarMonth <= 2 ? 1 : 0), calendarMonth,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

extension Int64 {
    /// The quotient, rounded towards minus infinity.
    fileprivate func dividingFloored(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
