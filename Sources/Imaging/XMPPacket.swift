/// The text of an XMP packet, in which properties are looked for by their usual names.
struct XMPPacket {
    private static let maxValueBytes = 4096

    private let text: String

    /// - Parameter text: The packet, taken for hostile.
    init(_ text: String) {
        self.text = text
    }

    /// The values of a property, as XML writes them: those of its items, its own text, or that of its attribute.
    ///
    /// What holds other elements, or entities that no XML reader knows, is no value.
    ///
    /// - Parameter name: The name with its prefix.
    /// - Returns: The values in their order; none if the packet has no such property.
    func values(of name: String) -> [String] {
        let found = element(name).map { element in
            let items = Self.items(in: element)
            return items.isEmpty ? [element] : items
        }
        return (found ?? attribute(name).map { [$0] } ?? []).compactMap(Self.value)
    }

    // MARK: - Steps

    /// What stands between an element's tags.
    private func element(_ name: String) -> Substring? {
        guard let tag = text.firstRange(of: "<\(name)"), let first = text[tag.upperBound...].first,
            first == ">" || first.isWhitespace, let start = text[tag.upperBound...].firstIndex(of: ">"),
            text[..<start].last != "/", let end = text[start...].firstRange(of: "</\(name)>")
        else { return nil }
        return text[text.index(after: start)..<end.lowerBound]
    }

    /// What stands in an attribute's quotes.
    private func attribute(_ name: String) -> Substring? {
        for quote in ["\"", "'"] {
            if let start = text.firstRange(of: "\(name)=\(quote)"),
                text[..<start.lowerBound].last?.isWhitespace == true,
                let end = text[start.upperBound...].firstRange(of: quote)
            {
                return text[start.upperBound..<end.lowerBound]
            }
        }
        return nil
    }

    private static func items(in element: Substring) -> [Substring] {
        var items: [Substring] = []
        var rest = element
        while let tag = rest.firstRange(of: "<rdf:li"), let start = rest[tag.upperBound...].firstIndex(of: ">"),
            let end = rest[start...].firstRange(of: "</rdf:li>")
        {
            items.append(rest[rest.index(after: start)..<end.lowerBound])
            rest = rest[end.upperBound...]
        }
        return items
    }

    /// A text that is fit to stand between tags: trimmed, not empty, without tags, and with sound entities only.
    private static func value(_ text: Substring) -> String? {
        let start = text.drop(while: \.isWhitespace)
        let value = start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
        guard !value.isEmpty, value.utf8.count <= maxValueBytes,
            !value.contains(where: { $0 == "<" || $0 == ">" }), !value.unicodeScalars.contains(where: isControl)
        else { return nil }
        let entities = value.split(separator: "&", omittingEmptySubsequences: false).dropFirst()
        let isSound = entities.allSatisfy { rest in
            ["lt;", "gt;", "amp;", "quot;", "apos;"].contains { rest.hasPrefix($0) }
        }
        return isSound ? String(value) : nil
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control && !scalar.properties.isWhitespace
    }
}
