/// A position in a job's events: the id of an event, which clients send back as `Last-Event-ID`.
///
/// Its text is the number of the last ending sent, such as `17`, followed by `.end` if the event
/// `end` was sent too.
struct EventCursor: Sendable, Equatable, CustomStringConvertible {
    /// The position before the first event.
    static let start = EventCursor(ending: 0, hasEnd: false)

    private static let endMark = ".end"

    /// The last `EndedImage.ending` sent; 0 for none.
    var ending: Int64
    /// Whether the event `end` was sent after it.
    var hasEnd: Bool

    init(ending: Int64, hasEnd: Bool) {
        self.ending = ending
        self.hasEnd = hasEnd
    }

    /// Parses an id; `nil` if `text` is not the id of an event.
    init?(_ text: String) {
        let digits = text.hasSuffix(Self.endMark) ? text.dropLast(Self.endMark.count) : text[...]
        guard (1...18).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let ending = Int64(digits)
        else { return nil }
        self.init(ending: ending, hasEnd: digits.count < text.count)
    }

    var description: String { "\(ending)\(hasEnd ? Self.endMark : "")" }
}
