/// The name of a protection method, such as `deep-hiding`: small letters, digits and hyphens.
public struct MethodID: RawRepresentable, Codable, Sendable, Hashable {
    /// The name.
    public let rawValue: String

    /// Names a method.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The only method of the releases whose reports name none.
    public static let deepHiding = MethodID(rawValue: "deep-hiding")

    /// The most characters of a name.
    static let maxCount = 32

    /// Whether the name has the form that names have.
    public var isWellFormed: Bool {
        (1...Self.maxCount).contains(rawValue.utf8.count)
            && rawValue.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "-")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }
}
