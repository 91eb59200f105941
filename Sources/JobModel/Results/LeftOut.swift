/// A part of the input file that should have been kept but is missing from the protected picture.
///
/// JSON: `{"part": "icc_profile", "reason": "wrong_color_space"}`.
public struct LeftOut: Codable, Sendable, Equatable {
    /// The missing part in one word, such as `icc_profile`.
    public var part: String
    /// The reason in one word, such as `damaged`.
    public var reason: String

    /// The maximum length of a word in bytes.
    public static let maxWordCount = 32

    /// Creates a value.
    public init(part: String, reason: String) {
        self.part = part
        self.reason = reason
    }

    /// Whether both words consist of lower-case ASCII letters and underscores.
    public var isWellFormed: Bool {
        [part, reason].allSatisfy { word in
            (1...Self.maxWordCount).contains(word.utf8.count)
                && word.utf8.allSatisfy {
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
                }
        }
    }
}
