/// The identifier of a protection method, such as `deep-hiding`.
///
/// It consists of lower-case ASCII letters, digits and hyphens.
public struct MethodID: RawRepresentable, Codable, Sendable, Hashable {
    /// The identifier as text.
    public let rawValue: String

    /// Creates an identifier without validating it; see ``isWellFormed``.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Deep hiding, the only method of earlier releases, whose reports name none.
    public static let deepHiding = MethodID(rawValue: "deep-hiding")

    /// The maximum length in bytes.
    static let maxCount = 32

    /// Whether the identifier has 1 to 32 permitted characters.
    public var isWellFormed: Bool {
        (1...Self.maxCount).contains(rawValue.utf8.count)
            && rawValue.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "-")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }
}
