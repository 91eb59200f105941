/// The text of an XMP packet, searched for properties by their usual names.
struct XMPPacket {
    private static let maxValueBytes = 4096

    private let text: String

    /// Creates a packet.
    ///
    /// - Parameter text: The packet, treated as hostile.
    init(_ text: String) {
        self.text = text
    }

    /// Returns the escaped values of a property.
    ///
    /// They are the values of its items, its own text or its attribute's value. Anything that holds
    /// other elements, or entities unknown to XML, is not a value.
    ///
    /// - Parameter name: The name with its prefix.
    /// - Returns: The values in order; none if the packet has no such property.
    func values(of name: String) -> [String] {
        let found = element(name).map { element in
            let items = Self.items(in: element)
            return items.isEmpty ? [element] : items
        }
        return (found ?? attribute(name).map { [$0] } ?? []).compactMap(Self.value)
    }

    // MARK: - Steps

    /// Returns the content of an element.
    private func element(_ name: String) -> Substring? {
        guard let tag = text.firstRange(of: "<\(name)"), let first = text[tag.upperBound...].first,
            first == ">" || first.isWhitespace,
            let start = text[tag.upperBound...].firstIndex(of: ">"),
            text[..<start].last != "/", let end = text[start...].firstRange(of: "</\(name)>")
        else { return nil }
        return text[text.index(after: start)..<end.lowerBound]
    }

    /// Returns the value of an attribute.
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
        while let tag = rest.firstRange(of: "<rdf:li"),
            let start = rest[tag.upperBound...].firstIndex(of: ">"),
            let end = rest[start...].firstRange(of: "</rdf:li>")
        {
            items.append(rest[rest.index(after: start)..<end.lowerBound])
            rest = rest[end.upperBound...]
        }
        return items
    }

    /// Returns text that is safe between tags: trimmed, nonempty, without tags and with valid
    /// entities only.
    private static func value(_ text: Substring) -> String? {
        let start = text.drop(while: \.isWhitespace)
        let value = start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
        guard !value.isEmpty, value.utf8.count <= maxValueBytes,
            !value.contains(where: { $0 == "<" || $0 == ">" }),
            !value.unicodeScalars.contains(where: isControl)
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
