import POSIX

/// Standard error, for progress and error messages.
enum StandardError {
    /// Whether standard error is a terminal.
    static var isTerminal: Bool { StandardStream.error.isTerminal }

    /// Writes text at once, ignoring a closed stream.
    static func write(_ text: String) {
        StandardStream.error.write(Array(text.utf8))
    }

    /// Replaces the characters of untrusted text that could move the cursor or hide something.
    ///
    /// File names and server messages are untrusted. Control and format characters and line and
    /// paragraph separators become U+FFFD.
    static func printable(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: kept.append("\u{FFFD}")
            default: kept.append(scalar)
            }
        }
        return String(kept)
    }
}

/// Standard output, for results.
///
/// It also works in a sandboxed process, which may write only to descriptors already open.
enum StandardOutput {
    /// Whether standard output is a terminal.
    static var isTerminal: Bool { StandardStream.output.isTerminal }

    /// Writes text at once, ignoring a closed stream.
    static func write(_ text: String) {
        StandardStream.output.write(Array(text.utf8))
    }
}
