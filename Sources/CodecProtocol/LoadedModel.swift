public import Cryptography
public import JobModel

/// A model that a codec process reports as loaded.
///
/// JSON: `{"name", "method", "settings", "model_sha256"}`.
public struct LoadedModel: Sendable, Equatable {
    /// The name passed to the process at its start.
    public let name: ModelName
    /// The method that the weights file is for.
    public let method: MethodID
    /// The settings that only the method has.
    public let settings: [MethodSetting]
    /// The hash of the weights file.
    public let sha256: SHA256Digest

    /// Describes a model.
    public init(
        name: ModelName,
        method: MethodID,
        settings: [MethodSetting] = [],
        sha256: SHA256Digest
    ) {
        self.name = name
        self.method = method
        self.settings = settings
        self.sha256 = sha256
    }
}

extension LoadedModel: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, method, settings
        case sha256 = "model_sha256"
    }

    /// Decodes a codec's report; only its form is checked.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(ModelName.self, forKey: .name)
        method = try container.decode(MethodID.self, forKey: .method)
        settings = try container.decode([MethodSetting].self, forKey: .settings)
        guard method.isWellFormed, settings.count <= MethodSetting.maxCount,
            let sha256 = SHA256Digest(hex: try container.decode(String.self, forKey: .sha256))
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .sha256,
                in: container,
                debugDescription: "a malformed description of a model"
            )
        }
        self.sha256 = sha256
    }

    /// Encodes the hash as hexadecimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(method, forKey: .method)
        try container.encode(settings, forKey: .settings)
        try container.encode(sha256.hex, forKey: .sha256)
    }
}
