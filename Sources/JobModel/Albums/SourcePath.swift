/// Makes the name or path of a file, as received, fit for display.
public enum SourcePath {
    /// The maximum length of the result in UTF-8 bytes.
    public static let maxBytes = 1024
    private static let cut = "\u{2026}"

    /// Makes a path fit to be stored, printed and shown in documents.
    ///
    /// Control characters, line separators and bidirectional controls become U+FFFD. If the path is
    /// longer than ``maxBytes``, its end is kept after an ellipsis. Everything else is unchanged.
    public static func shown(_ path: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in path.unicodeScalars { kept.append(isHarmful(scalar) ? "\u{FFFD}" : scalar) }
        let text = String(kept)
        guard text.utf8.count > maxBytes else { return text }
        var start = kept.endIndex
        var bytes = cut.utf8.count
        while start > kept.startIndex {
            let previous = kept.index(before: start)
            bytes += UTF8.width(kept[previous])
            guard bytes <= maxBytes else { break }
            start = previous
        }
        return cut + String(kept[start...])
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default:
            (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
    }
}
