/// Suggests the known name that a misspelt one probably means.
public enum Spelling {
    /// Longer names get no suggestion: their sender may send many, and comparing takes quadratic
    /// time.
    private static let maxLength = 64

    /// Returns the known name nearest to a given one.
    ///
    /// Case, hyphens, underscores and spaces are ignored. Up to a third of the letters may be
    /// wrong; two swapped neighbours count as one mistake. A name also matches one that begins with
    /// it, and vice versa.
    ///
    /// - Parameters:
    ///   - name: The name as written.
    ///   - known: The known names.
    /// - Returns: The nearest name; `nil` if none is near.
    public static func nearest(to name: String, among known: [String]) -> String? {
        let wanted = letters(of: name)
        guard (1...maxLength).contains(wanted.count) else { return nil }
        let ranked = known.map { candidate in
            let letters = letters(of: candidate)
            let mistakes = mistakes(wanted, letters)
            let isBeginning =
                min(wanted.count, letters.count) >= 3
                && (letters.starts(with: wanted) || wanted.starts(with: letters))
            let isNear =
                mistakes <= max(1, max(wanted.count, letters.count) / 3) && mistakes < wanted.count
            return (candidate: candidate, mistakes: mistakes, isNear: isNear || isBeginning)
        }
        return ranked.filter(\.isNear).min { $0.mistakes < $1.mistakes }?.candidate
    }

    private static func letters(of name: String) -> [Character] {
        name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }.map { $0 }
    }

    /// Returns the number of missing, extra, wrong and swapped letters (optimal string alignment
    /// distance).
    private static func mistakes(_ one: [Character], _ other: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...other.count)
        for (row, letter) in one.enumerated() {
            var current = [row + 1]
            for (column, otherLetter) in other.enumerated() {
                var best = min(last[column + 1], current[column]) + 1
                best = min(best, last[column] + (letter == otherLetter ? 0 : 1))
                let hasChangedPlaces =
                    row > 0 && column > 0 && letter == other[column - 1]
                    && one[row - 1] == otherLetter
                if hasChangedPlaces { best = min(best, beforeLast[column - 1] + 1) }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[other.count]
    }
}

/// Quotes untrusted words for messages.
public enum Quotation {
    /// A longer quotation would not help anybody to find the word.
    private static let maxScalars = 60

    /// Quotes a word, truncates it to 60 characters and replaces what moves the cursor or is
    /// invisible.
    public static func of(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(maxScalars) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned,
                .surrogate:
                kept.append("\u{FFFD}")
            default: kept.append(scalar)
            }
        }
        return "'\(String(kept))\(text.unicodeScalars.count > maxScalars ? "…" : "")'"
    }
}
