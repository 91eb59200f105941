import Cryptography
public import JobModel

/// The cursor behind a page of classes, in characters that need no encoding in a URL.
///
///     class_LABEL    a label of ASCII letters, digits, hyphens, underscores and dots
///     classx_HEX     any other label, in UTF-8
public enum ClassCursor {
    private static let plain = "class_"
    private static let encoded = "classx_"

    /// The cursor of the page behind a class.
    public static func text(after label: ClassLabel) -> String {
        label.text.utf8.allSatisfy(isPlain)
            ? plain + label.text : encoded + Hexadecimal.encode(Array(label.text.utf8))
    }

    /// The class behind which a page begins; `nil` for what is no cursor.
    public static func label(in cursor: String) -> ClassLabel? {
        if cursor.hasPrefix(encoded) {
            guard let bytes = Hexadecimal.decode(String(cursor.dropFirst(encoded.count))),
                let text = String(validating: bytes, as: UTF8.self)
            else { return nil }
            return try? ClassLabel(text)
        }
        guard cursor.hasPrefix(plain) else { return nil }
        return try? ClassLabel(String(cursor.dropFirst(plain.count)))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
