/// Finds the name that a misspelt one was meant to be.
public enum Spelling {
    /// Longer names are compared with nothing, since whoever sends them may send many.
    private static let maxLength = 64

    /// The known name that is nearest to another one.
    ///
    /// Case, hyphens and underscores make no difference. Otherwise a third of the letters may be wrong, where two that have
    /// changed places are one mistake, and a name that begins the other one is near, too.
    ///
    /// - Parameters:
    ///   - name: What somebody wrote.
    ///   - known: The names that there are.
    /// - Returns: `nil` if none is near.
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

    /// How many letters are missing, too many, wrong or have changed places with a neighbour (optimal string alignment).
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

/// A word from outside, as a message may repeat it.
public enum Quotation {
    /// More of a name helps nobody to find it again.
    private static let maxScalars = 60

    /// A word in quotation marks, cut where it is long, and without what moves a cursor or cannot be seen.
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
