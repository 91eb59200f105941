import POSIX

/// The stream for people: progress and complaints.
enum StandardError {
    /// Whether a person watches.
    static var isTerminal: Bool { StandardStream.error.isTerminal }

    /// Writes a text at once; a stream that is closed is nobody's concern.
    static func write(_ text: String) {
        StandardStream.error.write(Array(text.utf8))
    }

    /// A text from outside, such as a file's name, without characters that would move the cursor or hide something.
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

/// The stream of results, also for a process that may do no more than write to it.
enum StandardOutput {
    /// Writes a text at once; a stream that is closed is nobody's concern.
    static func write(_ text: String) {
        StandardStream.output.write(Array(text.utf8))
    }
}
