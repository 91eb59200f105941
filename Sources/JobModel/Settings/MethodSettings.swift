/// The values of settings that only one method has, by name.
///
/// Text, in requests and options: `name:value`, separated by commas. JSON: an object, such as
/// `{"rounds": 3}`. Neither says which method is meant: ``check(against:of:)`` does, once the model
/// is known.
public struct MethodSettings: Sendable, Hashable {
    /// No values: every setting has its standard.
    public static let standard = MethodSettings(values: [:])

    /// The permitted text, as a clause.
    private static let rule = "NAME:NUMBER, several separated by commas"

    private let values: [String: Int]

    private init(values: [String: Int]) {
        self.values = values
    }

    /// Parses the value of a request or an option.
    ///
    /// - Throws: ``SettingsFault/Code/methodSettingsInvalid``.
    public init(parsing text: String) throws(SettingsFault) {
        var values: [String: Int] = [:]
        for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: ":", omittingEmptySubsequences: false).map(
                String.init
            )
            guard parts.count == 2, MethodSetting.isWellFormed(parts[0]), let value = Int(parts[1]),
                values.updateValue(value, forKey: parts[0]) == nil,
                values.count <= MethodSetting.maxCount
            else {
                throw SettingsFault(
                    .methodSettingsInvalid,
                    "The method's settings must be \(Self.rule), each name once."
                )
            }
        }
        self.values = values
    }

    /// Whether every setting has its standard.
    public var isStandard: Bool { values.isEmpty }

    /// Returns the value of a setting, which is its standard if none is set.
    public subscript(setting: MethodSetting) -> Int { values[setting.name] ?? setting.standard }

    /// Checks that a method has the settings, and permits the values.
    ///
    /// - Parameters:
    ///   - declared: The method's settings.
    ///   - method: The method, for the fault.
    /// - Throws: ``SettingsFault/Code/methodSettingsInvalid``.
    public func check(
        against declared: [MethodSetting],
        of method: MethodID
    ) throws(SettingsFault) {
        let areValid = values.allSatisfy { name, value in
            declared.contains { $0.name == name && $0.values.contains(value) }
        }
        guard areValid else {
            let known = declared.map { setting in
                "\(setting.name) from \(setting.values.lowerBound) to \(setting.values.upperBound)"
            }
            throw SettingsFault(
                .methodSettingsInvalid,
                known.isEmpty
                    ? "The method \(method.rawValue) has no settings of its own."
                    : "The settings of the method \(method.rawValue) are "
                        + "\(known.joined(separator: ", "))."
            )
        }
    }
}

extension MethodSettings: CustomStringConvertible {
    /// The text that ``init(parsing:)`` reads; empty if no value is set.
    public var description: String {
        values.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",")
    }
}

extension MethodSettings: Codable {
    /// Decodes an object of whole numbers and checks the names.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        values = try container.decode([String: Int].self)
        guard values.count <= MethodSetting.maxCount,
            values.keys.allSatisfy(MethodSetting.isWellFormed)
        else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "malformed settings of a method"
            )
        }
    }

    /// Encodes an object of whole numbers.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }
}
