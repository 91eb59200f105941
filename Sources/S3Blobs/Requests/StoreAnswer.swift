/// The parts of an object store's XML that are needed: texts of elements, without attributes.
///
/// A store's XML is flat where it matters, and names no element of ours within another's text, so
/// that no tree is needed. What is missing is told by whoever asks.
struct StoreAnswer {
    private let text: String

    init(_ body: [UInt8]) {
        text = String(decoding: body, as: UTF8.self)
    }

    /// The texts of all elements of a name, in their order.
    func all(_ name: String) -> [String] {
        var found: [String] = []
        var rest = Substring(text)
        let (start, end) = ("<\(name)>", "</\(name)>")
        while let opening = rest.firstRange(of: start) {
            rest = rest[opening.upperBound...]
            guard let closing = rest.firstRange(of: end) else { break }
            found.append(Self.decoded(rest[..<closing.lowerBound]))
            rest = rest[closing.upperBound...]
        }
        return found
    }

    /// The text of the first element of a name.
    func first(_ name: String) -> String? { all(name).first }

    /// Replaces the entities that XML defines by their characters (XML 1.0 section 4.6).
    private static func decoded(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        let entities = [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#34;", "\""),
            ("&#39;", "'"), ("&amp;", "&"),
        ]
        return entities.reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
    }
}
