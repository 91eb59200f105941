/// Figures as tables show them.
package enum Figure {
    /// A number with so many digits after the point.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int((value.magnitude * scale).rounded())
        let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int(scale))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return sign + grouped(whole) }
        let tail = String(rest)
        let zeros = String(repeating: "0", count: digits - tail.count)
        return sign + grouped(whole) + "." + zeros + tail
    }

    /// A number with commas between thousands.
    package static func grouped(_ value: Int) -> String {
        let digits = String(value)
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// A number with three digits or more.
    package static func three(_ value: Double) -> String {
        fixed(value, value < 0.1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0)
    }

    /// A part in percent.
    package static func percent(_ part: Double) -> String {
        fixed(part * 100, 0) + " %"
    }

    /// A table in Markdown.
    package static func table(_ head: [String], _ rows: [[String]]) -> String {
        let rule = "|" + String(repeating: "---|", count: head.count)
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        return ([line(head), rule] + rows.map(line)).joined(separator: "\n")
    }
}
