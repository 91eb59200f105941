/// A `Content-Disposition`: of a response (RFC 6266) or of a multipart part (RFC 7578).
public struct ContentDisposition: Sendable, Equatable {
    /// The type in lower case: `attachment`, `inline`, `form-data`.
    public var type: String

    /// The `name` parameter, the field of a form.
    public var name: String?

    /// The file name: `filename*` (RFC 8187) where it is there and valid, else `filename`, else what can be read of `filename*`.
    ///
    /// It is the peer's text: it may hold slashes and anything else but NUL, and is no path.
    public var filename: String?

    /// Creates a disposition.
    public init(type: String, name: String? = nil, filename: String? = nil) {
        self.type = type
        self.name = name
        self.filename = filename
    }

    /// Decodes a field value; `nil` where it is malformed.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let head = bytes.prefix { $0 != 0x3B }
        let type = Grammar.trimmed(head)
        guard Grammar.isToken(type), let parameters = Parameters.decode(bytes[head.count...]) else { return nil }
        func value(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
        self.type = String(decoding: type.map(Grammar.lowercased), as: UTF8.self)
        name = value("name")
        let extended = value("filename*")
        filename = extended.flatMap(Self.extendedValue) ?? value("filename") ?? extended.map(Self.readableValue)
    }

    /// The field value to send: an ASCII `filename`, and `filename*` beside it where the name needs more than that.
    public var encoded: String {
        var text = type
        if let name { text += "; name=\"\(Self.quotable(name))\"" }
        if let filename {
            let fallback = Self.quotable(filename)
            text += "; filename=\"\(fallback)\""
            if fallback != filename { text += "; filename*=UTF-8''\(Self.percentEncoded(filename))" }
        }
        return text
    }

    /// `ext-value = charset "'" [ language ] "'" value-chars`; only UTF-8, which every sender must be able to use.
    private static func extendedValue(_ text: String) -> String? {
        let parts = text.utf8.split(separator: 0x27, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, Substring(parts[0]).equalsIgnoringASCIICase("utf-8") else { return nil }
        return Self.octets(parts[2]).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// What can be read of an `ext-value` that is not as it should be: whatever its name, a file is a file.
    private static func readableValue(_ text: String) -> String {
        let parts = text.utf8.split(separator: 0x27, maxSplits: 2, omittingEmptySubsequences: false)
        let value = parts.count == 3 ? parts[2] : text.utf8[...]
        return String(decoding: octets(value) ?? Array(value), as: UTF8.self)
    }

    /// Percent-decoded octets without NUL, which no name can have; `nil` for a broken escape.
    private static func octets(_ text: Substring.UTF8View) -> [UInt8]? {
        Grammar.percentDecodedOctets(text)?.filter { $0 != 0 }
    }

    /// The text with everything that is not printable ASCII, or that would need an escape, replaced by `_`.
    private static func quotable(_ text: String) -> String {
        String(
            text.map { character in
                guard let byte = character.asciiValue, (0x20...0x7E).contains(byte) else { return "_" }
                return character == "\"" || character == "\\" || character == "%" ? "_" : character
            }
        )
    }

    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            // attr-char of RFC 8187: token characters without `*`, `'` and `%`.
            case _ where Grammar.isToken(byte) && byte != 0x2A && byte != 0x27 && byte != Grammar.percent:
                encoded.append(byte)
            default:
                encoded += [Grammar.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
