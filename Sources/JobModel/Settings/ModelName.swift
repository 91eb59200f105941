/// The name of a model, by which a job chooses among the weights files that a program has loaded.
///
/// It consists of 1 to 64 ASCII letters, digits, hyphens, underscores and dots.
public struct ModelName: RawRepresentable, Codable, Sendable, Hashable, CustomStringConvertible {
    /// The maximum length in bytes.
    static let maxCount = 64

    /// The permitted names, as a clause.
    public static let rule = "1 to 64 letters, digits, '-', '_' and '.'"

    /// The name as text.
    public let rawValue: String

    /// Creates a name, or returns `nil` if the text is not one.
    public init?(rawValue: String) {
        let isPermitted = rawValue.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isPermitted, (1...Self.maxCount).contains(rawValue.utf8.count) else { return nil }
        self.rawValue = rawValue
    }

    /// Finds the model that a request means.
    ///
    /// - Parameters:
    ///   - text: The name in the request.
    ///   - names: The available models.
    /// - Throws: ``SettingsFault/Code/modelUnknown``.
    public init(parsing text: String, among names: [ModelName]) throws(SettingsFault) {
        guard let name = names.first(where: { $0.rawValue == text }) else {
            throw SettingsFault(.modelUnknown, "The model must be \(Self.choice(of: names)).")
        }
        self = name
    }

    /// The name as text.
    public var description: String { rawValue }

    /// Lists names as a clause, such as `a, b or c`.
    public static func choice(of names: [ModelName]) -> String {
        let words = names.map(\.rawValue)
        guard let last = words.last, words.count > 1 else { return words.joined() }
        return "\(words.dropLast().joined(separator: ", ")) or \(last)"
    }
}

extension ImageFailure {
    /// An image of a job whose model the service no longer has.
    public static func modelUnknown(among names: [ModelName]) -> ImageFailure {
        ImageFailure(
            code: SettingsFault.Code.modelUnknown.rawValue,
            detail:
                "The job's model is not loaded any more; there is \(ModelName.choice(of: names))."
        )
    }
}
