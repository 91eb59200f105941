/// A `Content-Disposition` of a response (RFC 6266) or of a multipart part (RFC 7578).
public struct ContentDisposition: Sendable, Equatable {
    /// The type in lower case: `attachment`, `inline`, `form-data`.
    public var type: String

    /// The `name` parameter: the name of the form field.
    public var name: String?

    /// The file name as the peer gave it.
    ///
    /// This is `filename*` (RFC 8187) if present and valid, else `filename`, else whatever is
    /// readable of `filename*`. It may hold slashes and any character but NUL, and must not be used
    /// as a path.
    public var filename: String?

    /// Creates a disposition.
    public init(type: String, name: String? = nil, filename: String? = nil) {
        self.type = type
        self.name = name
        self.filename = filename
    }

    /// Decodes a field value; `nil` if it is malformed.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let head = bytes.prefix { $0 != 0x3B }
        let type = Grammar.trimmed(head)
        guard Grammar.isToken(type), let parameters = Parameters.decode(bytes[head.count...]) else {
            return nil
        }
        func value(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
        self.type = String(decoding: type.map(Grammar.lowercased), as: UTF8.self)
        name = value("name")
        let extended = value("filename*")
        filename =
            extended.flatMap(Self.extendedValue) ?? value("filename")
            ?? extended.map(Self.readableValue)
    }

    /// The field value to send.
    ///
    /// It has an ASCII `filename`, plus `filename*` if the name needs more than that.
    public var encoded: String {
        var text = type
        if let name { text += "; name=\"\(Self.quotable(name))\"" }
        if let filename {
            let fallback = Self.quotable(filename)
            text += "; filename=\"\(fallback)\""
            if fallback != filename {
                text += "; filename*=UTF-8''\(Self.percentEncoded(filename))"
            }
        }
        return text
    }

    /// Decodes `ext-value = charset "'" [ language ] "'" value-chars`.
    ///
    /// Only UTF-8 is supported, which every sender must be able to use.
    private static func extendedValue(_ text: String) -> String? {
        let parts = text.utf8.split(separator: 0x27, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, Substring(parts[0]).equalsIgnoringASCIICase("utf-8") else {
            return nil
        }
        return Self.octets(parts[2]).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Returns the readable part of a malformed `ext-value`: a bad name is no reason to lose the
    /// file.
    private static func readableValue(_ text: String) -> String {
        let parts = text.utf8.split(separator: 0x27, maxSplits: 2, omittingEmptySubsequences: false)
        let value = parts.count == 3 ? parts[2] : text.utf8[...]
        return String(decoding: octets(value) ?? Array(value), as: UTF8.self)
    }

    /// Percent-decodes octets and drops NUL, which no name may contain; `nil` for a broken escape.
    private static func octets(_ text: Substring.UTF8View) -> [UInt8]? {
        Grammar.percentDecodedOctets(text)?.filter { $0 != 0 }
    }

    /// Replaces with `_` everything that is not printable ASCII or would need an escape.
    private static func quotable(_ text: String) -> String {
        String(
            text.map { character in
                guard let byte = character.asciiValue, (0x20...0x7E).contains(byte) else {
                    return "_"
                }
                return character == "\"" || character == "\\" || character == "%" ? "_" : character
            }
        )
    }

    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            // attr-char of RFC 8187: token characters other than `*`, `'` and `%`.
            case _
            where Grammar.isToken(byte) && byte != 0x2A && byte != 0x27 && byte != Grammar.percent:
                encoded.append(byte)
            default:
                encoded += [Grammar.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
