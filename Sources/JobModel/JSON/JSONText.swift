/// Checks that bytes are JSON that every parser reads alike.
///
/// That is RFC 8259 in UTF-8 without repeated members (RFC 7493 section 2.3). Foundation's decoder
/// guesses among UTF-8, UTF-16 and UTF-32 and picks one of two members with the same name; a proxy
/// in front of the service, or a client, might decide otherwise.
public struct JSONText {
    /// Why a text is refused.
    public enum Fault: Error {
        /// The encoding is not UTF-8, or the text begins with a byte order mark.
        case notUTF8
        /// The text is not JSON, or is nested too deeply.
        case malformed
        /// An object has two members with the same name after unescaping.
        case repeatedMember
    }

    /// The deepest nesting; neither a request nor a measured table needs more than five levels.
    private static let maxDepth = 32

    /// Checks a complete text.
    ///
    /// - Throws: ``Fault``.
    public static func check(_ bytes: [UInt8]) throws(Fault) {
        // The first character of JSON is ASCII, so UTF-16 and UTF-32 always contain a zero byte.
        // UTF-8 never does.
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        guard !hasMark, !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            throw .notUTF8
        }
        var text = JSONText(rest: bytes[...])
        text.skipBlanks()
        try text.takeValue(depth: 0)
        guard text.rest.isEmpty else { throw .malformed }
    }

    private var rest: ArraySlice<UInt8>

    // MARK: - Values

    /// Consumes a value and the whitespace after it.
    private mutating func takeValue(depth: Int) throws(Fault) {
        guard depth < Self.maxDepth else { throw .malformed }
        switch rest.first {
        case UInt8(ascii: "{"): try takeObject(depth: depth)
        case UInt8(ascii: "["): try takeArray(depth: depth)
        case UInt8(ascii: "\""): _ = try takeString()
        case UInt8(ascii: "t"): try take("true")
        case UInt8(ascii: "f"): try take("false")
        case UInt8(ascii: "n"): try take("null")
        default: try takeNumber()
        }
        skipBlanks()
    }

    private mutating func takeObject(depth: Int) throws(Fault) {
        var names: Set<String> = []
        try takeList(between: "{", and: "}") { text throws(Fault) in
            let name = try text.takeString()
            text.skipBlanks()
            try text.take(":")
            text.skipBlanks()
            try text.takeValue(depth: depth + 1)
            guard names.insert(name).inserted else { throw .repeatedMember }
        }
    }

    private mutating func takeArray(depth: Int) throws(Fault) {
        try takeList(between: "[", and: "]") { text throws(Fault) in
            try text.takeValue(depth: depth + 1)
        }
    }

    private mutating func takeList(
        between start: String,
        and end: String,
        _ takeItem: (inout JSONText) throws(Fault) -> Void
    ) throws(Fault) {
        try take(start)
        skipBlanks()
        guard !rest.starts(with: end.utf8) else { return try take(end) }
        while true {
            try takeItem(&self)
            skipBlanks()
            guard rest.first == UInt8(ascii: ",") else { return try take(end) }
            rest.removeFirst()
            skipBlanks()
        }
    }

    private mutating func takeNumber() throws(Fault) {
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        if rest.first == UInt8(ascii: "0") { rest.removeFirst() } else { try takeDigits() }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            try takeDigits()
        }
        guard let letter = rest.first, letter | 0x20 == UInt8(ascii: "e") else { return }
        rest.removeFirst()
        if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            rest.removeFirst()
        }
        try takeDigits()
    }

    private mutating func takeDigits() throws(Fault) {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !digits.isEmpty else { throw .malformed }
        rest = rest.dropFirst(digits.count)
    }

    // MARK: - Strings

    /// Consumes a string and returns it unescaped.
    private mutating func takeString() throws(Fault) -> String {
        try take("\"")
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"): bytes += String(try takeEscape()).utf8
            case 0..<0x20: throw .malformed
            default: bytes.append(byte)
            }
        }
        throw .malformed
    }

    /// Consumes an escape sequence after its backslash.
    private mutating func takeEscape() throws(Fault) -> Unicode.Scalar {
        switch rest.popFirst() {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try takeScalar()
        default: throw .malformed
        }
    }

    /// Consumes the digits of a `\u` escape, and those of the second one of a surrogate pair.
    private mutating func takeScalar() throws(Fault) -> Unicode.Scalar {
        let first = try takeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        try take("\\u")
        let second = try takeUnit()
        guard (0xD800...0xDBFF).contains(first), (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(
                0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
            )
        else { throw .malformed }
        return scalar
    }

    private mutating func takeUnit() throws(Fault) -> UInt16 {
        let digits = rest.prefix(4)
        guard digits.count == 4,
            digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .malformed }
        rest = rest.dropFirst(4)
        return unit
    }

    // MARK: - Bytes

    private mutating func take(_ text: String) throws(Fault) {
        guard rest.starts(with: text.utf8) else { throw .malformed }
        rest = rest.dropFirst(text.utf8.count)
    }

    private mutating func skipBlanks() {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }
}
