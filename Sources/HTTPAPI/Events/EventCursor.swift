/// Where in a job's events a listener is: the id of an event, and what it sends as `Last-Event-ID`.
///
/// Its text is the number of the last ending that was told, such as `17`, with `.end` behind it once the end was told too.
struct EventCursor: Sendable, Equatable, CustomStringConvertible {
    /// The beginning.
    static let start = EventCursor(ending: 0, hasEnd: false)

    private static let endMark = ".end"

    /// The last `EndedImage.ending` that was told; 0 for none.
    var ending: Int64
    /// Whether the end was told after it.
    var hasEnd: Bool

    init(ending: Int64, hasEnd: Bool) {
        self.ending = ending
        self.hasEnd = hasEnd
    }

    /// Reads an id.
    ///
    /// - Returns: `nil` for a text that is no id of an event.
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
