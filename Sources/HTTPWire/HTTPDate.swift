/// Dates as HTTP writes them (RFC 9110 section 5.6.7), in whole seconds of Unix time.
public enum HTTPDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let secondsPerDay: Int64 = 86_400

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// - Parameter unixSeconds: A time in the years 0 to 9999; others are brought to the nearer end.
    /// - Returns: The preferred form.
    public static func encode(_ unixSeconds: Int64) -> String {
        let seconds = min(max(unixSeconds, -62_167_219_200), 253_402_300_799)
        let day = (seconds >= 0 ? seconds : seconds - (secondsPerDay - 1)) / secondsPerDay
        let second = seconds - day * secondsPerDay
        let date = civil(fromDay: day)
        let weekday = weekdays[Int(((day + 4) % 7 + 7) % 7)]
        let time = "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
        let year = String(date.year)
        let padding = String(repeating: "0", count: 4 - year.count)
        return "\(weekday), \(two(Int64(date.day))) \(months[date.month - 1]) \(padding)\(year) \(time) GMT"
    }

    /// Decodes the three forms that a recipient must accept; `nil` for anything else.
    ///
    /// - Parameters:
    ///   - text: The field value.
    ///   - currentYear: Places the two-digit year of RFC 850 dates: never more than 50 years ahead.
    /// - Returns: Seconds of Unix time.
    public static func decode(_ text: String, currentYear: Int = 2026) -> Int64? {
        let words = text.split(separator: " ")
        if words.count == 6, words[0].hasSuffix(","), words[5] == "GMT" {
            guard weekdays.contains(String(words[0].dropLast())), words[1].count == 2, words[3].count == 4 else {
                return nil
            }
            return seconds(year: Int(words[3]), month: words[2], day: words[1], time: words[4])
        }
        if words.count == 4, words[0].hasSuffix("day,"), words[3] == "GMT" {
            let parts = words[1].split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[2].count == 2, let short = number(parts[2]) else { return nil }
            var year = currentYear / 100 * 100 + short
            if year > currentYear + 50 { year -= 100 }
            return seconds(year: year, month: parts[1], day: parts[0], time: words[2])
        }
        if words.count == 5, weekdays.contains(String(words[0])), words[4].count == 4 {
            return seconds(year: Int(words[4]), month: words[1], day: words[2], time: words[3])
        }
        return nil
    }

    private static func seconds(year: Int?, month: Substring, day: Substring, time: Substring) -> Int64? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard let year, (0...9999).contains(year), let monthIndex = months.firstIndex(of: String(month)),
            let day = number(day), clock.count == 3, clock.allSatisfy({ $0.count == 2 }),
            let hour = number(clock[0]), let minute = number(clock[1]), let second = number(clock[2]),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let dayNumber = dayNumber(year: year, month: monthIndex + 1, day: day)
        let back = civil(fromDay: dayNumber)
        guard back.year == year, back.month == monthIndex + 1, back.day == day else { return nil }
        return dayNumber * secondsPerDay + Int64(hour * 3600 + minute * 60 + second)
    }

    private static func number(_ text: Substring) -> Int? {
        (1...2).contains(text.utf8.count) ? Grammar.decimal(text.utf8).map { Int($0) } : nil
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

    // The proleptic Gregorian calendar counted in eras of 400 years that begin on 1 March, so that the leap day is last.

    private static func civil(fromDay day: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (Int(year), Int(month), Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1))
    }

    private static func dayNumber(year: Int, month: Int, day: Int) -> Int64 {
        let shiftedYear = Int64(month <= 2 ? year - 1 : year)
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let monthFromMarch = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
