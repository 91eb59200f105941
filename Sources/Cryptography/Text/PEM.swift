/// The textual encoding of keys (RFC 7468), one block per text.
enum PEM {
    private static let lineLength = 64

    /// Encodes bytes under a label.
    static func encode(_ bytes: [UInt8], label: String) -> String {
        var text = "-----BEGIN \(label)-----\n"
        var rest = Base64.encode(bytes)[...]
        while !rest.isEmpty {
            text += rest.prefix(lineLength) + "\n"
            rest = rest.dropFirst(lineLength)
        }
        return text + "-----END \(label)-----\n"
    }

    /// Decodes a text that is exactly one block with the label; `nil` otherwise.
    static func decode(_ text: String, label: String) -> [UInt8]? {
        let lines = text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).map {
            String(Substring($0))
        }
        guard lines.count > 2, lines.first == "-----BEGIN \(label)-----",
            lines.last == "-----END \(label)-----"
        else {
            return nil
        }
        return Base64.decode(Array(lines[1..<(lines.count - 1)].joined().utf8))
    }
}
