/// The name of a class: 1 to 64 characters of any script.
///
/// A character is a Unicode scalar, as in JSON Schema's `maxLength`. Labels are normalised to NFC,
/// so that two spellings of a word are one class. Case is significant. ``init(_:)`` rejects invalid
/// labels, and ``folderName`` is the folder of the class's pictures. JSON: a string.
public struct ClassLabel: Sendable, Hashable {
    /// The maximum length in characters.
    public static let maxLength = 64
    /// The maximum length in UTF-8 bytes, which is also that of a name in common file systems.
    public static let maxBytes = 255

    /// The label in Normalization Form C.
    public let text: String

    /// Normalises a text to NFC and validates it.
    ///
    /// - Parameter text: The label in any normalisation form.
    /// - Throws: ``SettingsFault/Code/classInvalid``.
    public init(_ text: String) throws(SettingsFault) {
        let composed = NormalizedText.nfc(text)
        if let flaw = Self.flaw(of: composed) {
            throw SettingsFault(.classInvalid, "This class \(flaw). \(Self.rule)")
        }
        self.text = composed
    }

    private static let rule = """
        A class is 1 to 64 characters of any script (at most 255 bytes of UTF-8), blanks, digits \
        and signs among them, without slashes, backslashes, line breaks, and control, invisible, \
        private or unassigned characters; it begins with neither a dot, a blank nor a combining \
        mark, and does not end with a blank.
        """

    /// Returns the reason why a normalised text is not a label; `nil` if it is one.
    private static func flaw(of text: String) -> String? {
        let scalars = text.unicodeScalars
        guard let first = scalars.first, let last = scalars.last else { return "is empty" }
        guard scalars.count <= maxLength else { return "has more than \(maxLength) characters" }
        guard text.utf8.count <= maxBytes else { return "has more than \(maxBytes) bytes" }
        for scalar in scalars {
            if scalar == "/" || scalar == "\\" { return "has a slash or a backslash" }
            // U+FFFD replaces invalid UTF-8. Two folders with unreadable names must not become one
            // class.
            if scalar == "\u{FFFD}" {
                return "has a character that could not be read; name it in UTF-8"
            }
            if let flaw = flaw(of: scalar) { return flaw }
        }
        if first.isBlank || last.isBlank { return "begins or ends with a blank" }
        // Hidden folders are skipped, and "." and ".." have a special meaning in URLs.
        if first == "." { return "begins with a dot" }
        return first.continuesCharacter ? "begins with a combining mark" : nil
    }

    private static func flaw(of scalar: Unicode.Scalar) -> String? {
        guard scalar.isInvisible else { return nil }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator:
            return "has a control character or a line break"
        case .privateUse: return "has a private character"
        // A later version of Unicode may assign the character and compose it differently.
        case .unassigned:
            return
                "has a character that Unicode has not assigned, or that is newer than this program"
        default: return "has an invisible character"
        }
    }
}

extension ClassLabel: CustomStringConvertible {
    /// The same as ``text``.
    public var description: String { text }
}

extension ClassLabel: Codable {
    /// Decodes a string, which must be a label.
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes ``text``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
