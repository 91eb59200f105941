/// A parsed pattern of a ``Router``.
struct PathPattern: Sendable {
    private enum Segment: Sendable {
        case literal(String)
        case capture(name: String, prefix: String, suffix: String)
    }

    let text: String
    private let segments: [Segment]

    init(_ text: String) {
        precondition(text.hasPrefix("/"), "A pattern begins with a slash.")
        self.text = text
        segments =
            text == "/"
            ? []
            : text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(
                Self.segment
            )
    }

    var segmentCount: Int { segments.count }

    func match(_ path: some Collection<String>) -> PathParameters? {
        guard path.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (part, segment) in zip(path, segments) {
            switch segment {
            case .literal(let literal):
                guard part == literal else { return nil }
            case .capture(let name, let prefix, let suffix):
                guard part.utf8.count > prefix.utf8.count + suffix.utf8.count,
                    part.hasPrefix(prefix),
                    part.hasSuffix(suffix)
                else { return nil }
                values[name] = String(part.dropFirst(prefix.count).dropLast(suffix.count))
            }
        }
        return PathParameters(values)
    }

    func isLessSpecific(than other: PathPattern) -> Bool {
        for (mine, others) in zip(segments, other.segments)
        where Self.weight(mine) != Self.weight(others) {
            return Self.weight(mine) < Self.weight(others)
        }
        return false
    }

    private static func weight(_ segment: Segment) -> Int {
        switch segment {
        case .literal: .max
        case .capture(_, let prefix, let suffix): prefix.utf8.count + suffix.utf8.count
        }
    }

    private static func segment(_ text: Substring) -> Segment {
        guard let open = text.firstIndex(of: "{") else {
            precondition(!text.contains("}"), "Braces come in pairs.")
            return .literal(String(text))
        }
        guard let close = text.lastIndex(of: "}"), open < close else {
            preconditionFailure("Braces come in pairs.")
        }
        let name = text[text.index(after: open)..<close]
        precondition(
            !name.isEmpty && !name.contains { $0 == "{" || $0 == "}" },
            "One capture a segment, with a name."
        )
        return .capture(
            name: String(name),
            prefix: String(text[..<open]),
            suffix: String(text[text.index(after: close)...])
        )
    }
}
