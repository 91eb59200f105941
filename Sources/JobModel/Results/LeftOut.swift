/// A part of the file that was sent which the delivered picture lacks though it was to be kept.
///
/// JSON: `{"part": "icc_profile", "reason": "wrong_color_space"}`.
public struct LeftOut: Codable, Sendable, Equatable {
    /// What is missing, such as `icc_profile`; a word.
    public var part: String
    /// Why, such as `damaged`; a word.
    public var reason: String

    /// The most letters of a word.
    public static let maxWordCount = 32

    /// Puts the two together.
    public init(part: String, reason: String) {
        self.part = part
        self.reason = reason
    }

    /// Whether both are words of small letters and low lines.
    public var isWellFormed: Bool {
        [part, reason].allSatisfy { word in
            (1...Self.maxWordCount).contains(word.utf8.count)
                && word.utf8.allSatisfy {
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
                }
        }
    }
}
