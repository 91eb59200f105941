/// A JSON object as text: checked, but not read.
///
/// It carries what others wrote to those who want to read it. Its text is JSON by ``JSONText``, so
/// it may stand in any JSON document.
public struct JSONObject: Sendable, Hashable {
    /// The maximum length in bytes.
    public static let maxBytes = 256 << 10

    /// The text in UTF-8.
    public let bytes: [UInt8]

    /// Takes a text, or returns `nil` if it is no JSON object or longer than ``maxBytes``.
    public init?(_ bytes: [UInt8]) {
        // Look at the length first: checking takes time.
        guard bytes.count <= Self.maxBytes else { return nil }
        do { try JSONText.check(bytes) } catch { return nil }
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        guard bytes.first(where: { !isBlank($0) }) == UInt8(ascii: "{") else { return nil }
        self.bytes = bytes
    }
}
