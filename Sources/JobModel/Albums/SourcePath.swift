/// The name or path of a file as it was sent, made fit to be shown.
public enum SourcePath {
    /// The most UTF-8 bytes that are shown.
    public static let maxBytes = 1024
    private static let cut = "\u{2026}"

    /// Makes a path fit to be stored, shown in documents and printed.
    ///
    /// Control characters, line ends and marks that turn the direction of the text become U+FFFD. Of a path that is longer than
    /// ``maxBytes`` the end is kept, behind an ellipsis. All else stays as it was sent.
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
