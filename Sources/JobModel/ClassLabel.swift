/// The name of a class: 1 to 64 ASCII letters, digits, `-`, `_` and `.`, not starting with a dot.
///
/// So a label is also the name of a folder, inside the one that an archive is unpacked into and beside the archive's own files. Windows, though,
/// keeps some labels for its devices, such as `con`, and drops a dot at the end of others. JSON: a string.
public struct ClassLabel: Sendable, Hashable {
    /// The most characters that a label has.
    public static let maxLength = 64

    /// The names of files that stand beside the class folders of an archive or of a folder of results, lower-case.
    ///
    /// `index.html` is kept free, since a folder of results may be published as it is.
    private static let reserved: Set<String> = [
        "manifest.json", "manifest.json.sig", "sha256sums", "index.html", "palimpsest-classes.json",
    ]

    /// The label itself.
    public let text: String

    /// Checks a label.
    ///
    /// - Throws: ``SettingsFault/Code/classInvalid``.
    public init(_ text: String) throws(SettingsFault) {
        let isLegal = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isLegal, (1...Self.maxLength).contains(text.utf8.count), !text.hasPrefix(".") else {
            throw SettingsFault(
                .classInvalid,
                "A class must be 1 to 64 letters, digits, hyphens, underscores and dots, and must not start with a dot."
            )
        }
        // Many file systems hold names to be equal that differ only in case.
        guard !Self.reserved.contains(text.lowercased()) else {
            throw SettingsFault(
                .classInvalid,
                "A class must not be called \(text): that is the name of a file beside the classes' folders."
            )
        }
        self.text = text
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
