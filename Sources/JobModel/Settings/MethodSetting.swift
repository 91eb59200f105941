/// A setting that only one method has, as the method declares it: a whole number.
///
/// JSON: `{"name", "values", "default"}`, where `values` are the lowest and the highest.
public struct MethodSetting: Sendable, Hashable {
    /// The maximum number of settings of a method.
    public static let maxCount = 16
    /// The maximum length of a name in bytes.
    static let maxNameCount = 32

    /// The name: lower-case ASCII letters, digits and underscores.
    public let name: String
    /// The permitted values.
    public let values: ClosedRange<Int>
    /// The value where none is set.
    public let standard: Int

    /// Declares a setting.
    ///
    /// - Precondition: The name is well-formed, and the standard is a permitted value.
    public init(_ name: String, values: ClosedRange<Int>, standard: Int) {
        precondition(Self.isWellFormed(name) && values.contains(standard))
        self.name = name
        self.values = values
        self.standard = standard
    }

    /// Whether a text can be a setting's name.
    static func isWellFormed(_ name: String) -> Bool {
        (1...maxNameCount).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

extension MethodSetting: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, values
        case standard = "default"
    }

    /// Decodes a declaration and checks it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        values = try container.decode(ClosedRange<Int>.self, forKey: .values)
        standard = try container.decode(Int.self, forKey: .standard)
        guard Self.isWellFormed(name), values.contains(standard) else {
            throw DecodingError.dataCorruptedError(
                forKey: .name,
                in: container,
                debugDescription: "a malformed declaration of a setting"
            )
        }
    }
}
