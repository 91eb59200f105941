/// One message of an event stream (WHATWG HTML, section 9.2, `text/event-stream`).
public struct ServerSentEvent: Sendable, Equatable {
    /// The event's kind, by which listeners select it.
    public var name: String
    /// The event's data; lines may end in any way and are sent ended by line feeds.
    public var data: String
    /// The ID that a listener sends as `Last-Event-ID` when it reconnects; `nil` keeps the previous
    /// one.
    public var id: String?

    /// Creates an event.
    ///
    /// - Precondition: `name` has no line ends; `id` has neither line ends nor NUL (section 9.2.5).
    public init(name: String, data: String, id: String? = nil) {
        precondition(
            !name.unicodeScalars.contains { $0 == "\n" || $0 == "\r" },
            "an event's name is one line"
        )
        precondition(
            !(id ?? "").unicodeScalars.contains { $0 == "\n" || $0 == "\r" || $0 == "\0" },
            "an event's id is one line without NUL"
        )
        self.name = name
        self.data = data
        self.id = id
    }

    /// The encoded message, with the empty line that dispatches it.
    public var encoded: [UInt8] {
        var text = id.map { "id: \($0)\n" } ?? ""
        text += "event: \(name)\n"
        for line in Self.lines(data) { text += "data: \(line)\n" }
        return Array((text + "\n").utf8)
    }

    /// Encodes a line that listeners skip, which keeps an idle connection from looking dead.
    ///
    /// - Precondition: The text has no line ends.
    public static func comment(_ text: String) -> [UInt8] {
        precondition(
            !text.unicodeScalars.contains { $0 == "\n" || $0 == "\r" },
            "a comment is one line"
        )
        return Array(": \(text)\n\n".utf8)
    }

    /// Encodes how long listeners wait before they reconnect to a broken stream.
    public static func retry(after pause: Duration) -> [UInt8] {
        let milliseconds =
            pause.components.seconds * 1000 + pause.components.attoseconds / 1_000_000_000_000_000
        return Array("retry: \(milliseconds)\n\n".utf8)
    }

    /// Splits text into lines, at least one; CR, LF and CRLF each end a line.
    ///
    /// It splits by scalars, since CRLF is a single `Character`.
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
