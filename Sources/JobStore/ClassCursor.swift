import Cryptography
import JobModel

/// Where a page of classes ends, in characters that need no encoding in a URL, whoever puts it there.
///
///     class_LABEL    a label of ASCII letters, digits, hyphens, underscores and dots
///     classx_HEX     any other label, in UTF-8
enum ClassCursor {
    private static let plain = "class_"
    private static let encoded = "classx_"

    /// The cursor of the page behind a class.
    static func text(after label: ClassLabel) -> String {
        label.text.utf8.allSatisfy(isPlain)
            ? plain + label.text : encoded + Hexadecimal.encode(Array(label.text.utf8))
    }

    /// The class behind which a page begins; `nil` for what is no cursor.
    static func label(in cursor: String) -> ClassLabel? {
        if cursor.hasPrefix(encoded) {
            guard let bytes = Hexadecimal.decode(String(cursor.dropFirst(encoded.count))),
                let text = String(validating: bytes, as: UTF8.self)
            else { return nil }
            return try? ClassLabel(text)
        }
        return cursor.hasPrefix(plain) ? try? ClassLabel(String(cursor.dropFirst(plain.count))) : nil
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
