import Glibc

/// The stream for people: progress and complaints.
enum StandardError {
    /// Whether a person watches.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes a text at once; a stream that is closed is nobody's concern.
    static func write(_ text: String) {
        DirectOutput.write(text, to: STDERR_FILENO)
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

/// The stream of results, for a process that may do no more than write to it: the C library's own would ask what it is first.
enum StandardOutput {
    /// Writes a text at once; a stream that is closed is nobody's concern.
    static func write(_ text: String) {
        DirectOutput.write(text, to: STDOUT_FILENO)
    }
}

private enum DirectOutput {
    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
