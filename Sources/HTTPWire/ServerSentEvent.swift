/// One message of an event stream (WHATWG HTML, section 9.2, `text/event-stream`).
public struct ServerSentEvent: Sendable, Equatable {
    /// What kind of event it is; listeners choose by it.
    public var name: String
    /// What happened; lines may end in any way, and arrive ended by line feeds.
    public var data: String
    /// What a listener sends as `Last-Event-ID` when it comes back; `nil` keeps the one before.
    public var id: String?

    /// Creates an event.
    ///
    /// - Precondition: `name` has no line ends; `id` has neither line ends nor NUL, as section 9.2.5 demands.
    public init(name: String, data: String, id: String? = nil) {
        precondition(!name.unicodeScalars.contains { $0 == "\n" || $0 == "\r" }, "an event's name is one line")
        precondition(
            !(id ?? "").unicodeScalars.contains { $0 == "\n" || $0 == "\r" || $0 == "\0" },
            "an event's id is one line without NUL"
        )
        self.name = name
        self.data = data
        self.id = id
    }

    /// The message with the empty line that sends it off.
    public var encoded: [UInt8] {
        var text = id.map { "id: \($0)\n" } ?? ""
        text += "event: \(name)\n"
        for line in Self.lines(data) { text += "data: \(line)\n" }
        return Array((text + "\n").utf8)
    }

    /// A line that listeners skip; it keeps connections from looking dead.
    ///
    /// - Precondition: The text has no line ends.
    public static func comment(_ text: String) -> [UInt8] {
        precondition(!text.unicodeScalars.contains { $0 == "\n" || $0 == "\r" }, "a comment is one line")
        return Array(": \(text)\n\n".utf8)
    }

    /// How long listeners wait before they come back to a stream that broke off.
    public static func retry(after pause: Duration) -> [UInt8] {
        let milliseconds = pause.components.seconds * 1000 + pause.components.attoseconds / 1_000_000_000_000_000
        return Array("retry: \(milliseconds)\n\n".utf8)
    }

    /// The lines of a text, at least one; CR, LF and CRLF all end a line.
    ///
    /// By scalars, since CRLF is one character.
    private static func lines(_ text: String) -> [String] {
        var lines = [String.UnicodeScalarView()]
        var isAfterReturn = false
        for scalar in text.unicodeScalars {
            if scalar == "\n", isAfterReturn {
                isAfterReturn = false
                continue
            }
            isAfterReturn = scalar == "\r"
            if scalar == "\n" || scalar == "\r" {
                lines.append(String.UnicodeScalarView())
            } else {
                lines[lines.count - 1].append(scalar)
            }
        }
        return lines.map { String($0) }
    }
}
