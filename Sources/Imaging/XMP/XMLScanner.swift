/// A streaming XML parser that reports positions (XML 1.0; Namespaces in XML 1.0).
///
/// It is meant for metadata packets, which are treated as hostile. Document type declarations, and
/// with them entities, are refused; depth and counts are bounded. Nothing is inferred from
/// malformed input.
struct XMLScanner {
    /// A name resolved by the declarations in scope.
    struct Name: Hashable {
        /// The namespace; empty for none.
        let uri: String
        let local: String
    }

    struct Attribute {
        let name: Name
        /// Includes the white space before it.
        let place: Range<Int>
        /// The range between the quotes.
        let value: Range<Int>
    }

    /// A namespace declaration.
    struct Declaration {
        let uri: String
        /// Includes the white space before it.
        let place: Range<Int>
    }

    enum Event {
        /// A start tag, or an empty-element tag, which is followed by an `end` of length zero.
        case start(
            name: Name,
            attributes: [Attribute],
            declarations: [Declaration],
            place: Range<Int>
        )
        case end(place: Range<Int>)
        /// Text or a CDATA section.
        case text(place: Range<Int>)
    }

    /// The text is malformed or exceeds the bounds.
    struct Fault: Error {}

    private static let maxDepth = 100
    private static let maxTags = 100_000
    private static let maxAttributes = 10_000
    private static let maxNameBytes = 1000

    private let bytes: [UInt8]
    private var index = 0
    private var tags = 0
    private var namespaces: [String: String] = [
        "": "", "xml": "http://www.w3.org/XML/1998/namespace",
        "xmlns": "http://www.w3.org/2000/xmlns/",
    ]
    /// The open elements: their names as written, and what their declarations shadow.
    private var open: [(name: ArraySlice<UInt8>, hidden: [(prefix: String, uri: String?)])] = []
    /// Whether the last tag was an empty-element tag.
    private var isEmptyElement = false
    private var hasRoot = false

    /// Creates a scanner.
    ///
    /// - Parameter bytes: A UTF-8 document with or without a byte order mark.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// Returns the next event, or `nil` at the end of a complete document.
    mutating func next() throws(Fault) -> Event? {
        if isEmptyElement {
            isEmptyElement = false
            close()
            return .end(place: index..<index)
        }
        while index < bytes.count {
            if bytes[index] != UInt8(ascii: "<") {
                if let text = try text() { return text }
            } else if stands("<!--") {
                try skip(past: "-->", from: index + 4)
            } else if stands("<?") {
                try skip(past: "?>", from: index + 2)
            } else if stands("<![CDATA[") {
                let start = index
                try skip(past: "]]>", from: index + 9)
                guard !open.isEmpty else { throw Fault() }
                return .text(place: start..<index)
            } else if stands("</") {
                return try endTag()
            } else {
                return try startTag()
            }
        }
        guard hasRoot, open.isEmpty else { throw Fault() }
        return nil
    }

    // MARK: - Tags

    private mutating func startTag() throws(Fault) -> Event {
        tags += 1
        guard open.count < Self.maxDepth, tags <= Self.maxTags, !open.isEmpty || !hasRoot else {
            throw Fault()
        }
        hasRoot = true
        let start = index
        index += 1
        let written = try name()
        var found: [(name: ArraySlice<UInt8>, place: Range<Int>, value: Range<Int>)] = []
        while true {
            let before = index
            skipSpace()
            if stands(">") || stands("/>") { break }
            // Every attribute must follow white space.
            guard index > before, found.count < Self.maxAttributes else { throw Fault() }
            let name = try name()
            let value = try quoted()
            found.append((name, before..<index, value))
        }
        guard Set(found.map(\.name)).count == found.count else { throw Fault() }
        isEmptyElement = bytes[index] == UInt8(ascii: "/")
        index += isEmptyElement ? 2 : 1

        var hidden: [(prefix: String, uri: String?)] = []
        var declarations: [Declaration] = []
        for attribute in found {
            guard let prefix = Self.declaredPrefix(attribute.name) else { continue }
            let uri = try plain(attribute.value)
            hidden.append((prefix, namespaces.updateValue(uri, forKey: prefix)))
            declarations.append(Declaration(uri: uri, place: attribute.place))
        }
        open.append((written, hidden))
        var attributes: [Attribute] = []
        for attribute in found where Self.declaredPrefix(attribute.name) == nil {
            let name = try resolve(attribute.name, isAttribute: true)
            attributes.append(Attribute(name: name, place: attribute.place, value: attribute.value))
        }
        return .start(
            name: try resolve(written, isAttribute: false),
            attributes: attributes,
            declarations: declarations,
            place: start..<index
        )
    }

    private mutating func endTag() throws(Fault) -> Event {
        let start = index
        index += 2
        let written = try name()
        skipSpace()
        guard stands(">"), open.last?.name == written else { throw Fault() }
        index += 1
        close()
        return .end(place: start..<index)
    }

    /// Closes the innermost element and restores the namespaces that it shadowed.
    private mutating func close() {
        for (prefix, uri) in open.popLast()?.hidden.reversed() ?? [] { namespaces[prefix] = uri }
    }

    /// Returns the prefix that an attribute declares; `nil` if it declares none.
    ///
    /// The default namespace has the empty prefix.
    private static func declaredPrefix(_ name: ArraySlice<UInt8>) -> String? {
        if name.elementsEqual("xmlns".utf8) { return "" }
        guard name.starts(with: "xmlns:".utf8) else { return nil }
        return String(decoding: name.dropFirst(6), as: UTF8.self)
    }

    private func resolve(_ written: ArraySlice<UInt8>, isAttribute: Bool) throws(Fault) -> Name {
        let parts = written.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count <= 2, let local = parts.last, !local.isEmpty else { throw Fault() }
        let prefix = parts.count == 2 ? String(decoding: parts[0], as: UTF8.self) : ""
        guard let uri = namespaces[prefix], parts.count == 1 || !uri.isEmpty else { throw Fault() }
        // An attribute without a prefix is in no namespace.
        return Name(
            uri: isAttribute && parts.count == 1 ? "" : uri,
            local: String(decoding: local, as: UTF8.self)
        )
    }

    // MARK: - Pieces

    /// Returns the text up to the next tag, or `nil` if it is white space outside the root element.
    private mutating func text() throws(Fault) -> Event? {
        let start = index
        while index < bytes.count, bytes[index] != UInt8(ascii: "<") {
            if bytes[index] == UInt8(ascii: "&") {
                index = try reference(at: index)
            } else {
                index += 1
            }
        }
        if open.isEmpty {
            guard bytes[start..<index].allSatisfy(Self.isSpace) else { throw Fault() }
            return nil
        }
        return .text(place: start..<index)
    }

    private mutating func name() throws(Fault) -> ArraySlice<UInt8> {
        let start = index
        while index < bytes.count, Self.isNameByte(bytes[index]) { index += 1 }
        guard (1...Self.maxNameBytes).contains(index - start) else { throw Fault() }
        return bytes[start..<index]
    }

    /// Parses the value of an attribute, after its name.
    private mutating func quoted() throws(Fault) -> Range<Int> {
        skipSpace()
        guard stands("=") else { throw Fault() }
        index += 1
        skipSpace()
        guard index < bytes.count, [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(bytes[index])
        else {
            throw Fault()
        }
        let quote = bytes[index]
        index += 1
        let start = index
        while index < bytes.count, bytes[index] != quote {
            guard bytes[index] != UInt8(ascii: "<") else { throw Fault() }
            index = bytes[index] == UInt8(ascii: "&") ? try reference(at: index) : index + 1
        }
        guard index < bytes.count else { throw Fault() }
        defer { index += 1 }
        return start..<index
    }

    /// Returns the end of a reference, which must be one of XML's five entities or a character
    /// reference.
    private func reference(at start: Int) throws(Fault) -> Int {
        guard let end = bytes[start...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw Fault()
        }
        let name = bytes[start + 1..<end]
        let isKnown = ["lt", "gt", "amp", "quot", "apos"].contains { name.elementsEqual($0.utf8) }
        let digits = name.dropFirst()
        let isNumber =
            name.first == UInt8(ascii: "#")
            && (digits.first == UInt8(ascii: "x")
                ? digits.count > 1
                    && digits.dropFirst().allSatisfy { Base64Run.hexadecimal($0) != nil }
                : !digits.isEmpty
                    && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        guard isKnown || isNumber else { throw Fault() }
        return end + 1
    }

    /// Returns the name of a namespace, in which references are refused.
    private func plain(_ place: Range<Int>) throws(Fault) -> String {
        guard place.count <= Self.maxNameBytes, !bytes[place].contains(UInt8(ascii: "&")) else {
            throw Fault()
        }
        return String(decoding: bytes[place], as: UTF8.self)
    }

    private mutating func skip(past end: StaticString, from start: Int) throws(Fault) {
        index = min(start, bytes.count)
        while index < bytes.count {
            if stands(end) {
                index += end.utf8CodeUnitCount
                return
            }
            index += 1
        }
        throw Fault()
    }

    private mutating func skipSpace() {
        while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
    }

    private func stands(_ text: StaticString) -> Bool {
        guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[index + $0] == text.utf8Start[$0] }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "_"),
            UInt8(ascii: "-"),
            UInt8(ascii: "."), 0x80...0xFF:
            true
        default: false
        }
    }
}
