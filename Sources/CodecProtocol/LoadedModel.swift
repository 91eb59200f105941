public import Cryptography
public import JobModel

/// A model that a codec process reports as loaded.
///
/// JSON: `{"name", "method", "settings", "model_sha256", "licence", "photo_mask", "recipe_sha256",
/// "classes"}`, without the last two if there are none. The measured protection is in the frame's body instead,
/// because it may be long.
public struct LoadedModel: Sendable, Equatable {
    /// The name passed to the process at its start.
    public let name: ModelName
    /// The method that the weights file is for.
    public let method: MethodID
    /// The settings that only the method has.
    public let settings: [MethodSetting]
    /// The hash of the weights file.
    public let sha256: SHA256Digest
    /// What the weights file states about itself.
    public internal(set) var statement: WeightsStatement

    /// Describes a model.
    public init(
        name: ModelName,
        method: MethodID,
        settings: [MethodSetting] = [],
        sha256: SHA256Digest,
        statement: WeightsStatement = WeightsStatement()
    ) {
        self.name = name
        self.method = method
        self.settings = settings
        self.sha256 = sha256
        self.statement = statement
    }
}

extension LoadedModel: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, method, settings, licence, classes
        case sha256 = "model_sha256"
        case photoMask = "photo_mask"
        case recipeSHA256 = "recipe_sha256"
    }

    /// Decodes a codec's report; only its form is checked.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(ModelName.self, forKey: .name)
        method = try container.decode(MethodID.self, forKey: .method)
        settings = try container.decode([MethodSetting].self, forKey: .settings)
        let recipe = try container.decodeIfPresent(String.self, forKey: .recipeSHA256)
        let recipeSHA256 = recipe.flatMap { SHA256Digest(hex: $0) }
        let classes = try container.decodeIfPresent([String].self, forKey: .classes) ?? []
        let labels = classes.compactMap { try? ClassLabel($0) }
        guard method.isWellFormed, settings.count <= MethodSetting.maxCount,
            labels.count == classes.count, labels.count <= WeightsStatement.maxClasses,
            let sha256 = SHA256Digest(hex: try container.decode(String.self, forKey: .sha256)),
            (recipe == nil) == (recipeSHA256 == nil)
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .sha256,
                in: container,
                debugDescription: "a malformed description of a model"
            )
        }
        self.sha256 = sha256
        statement = WeightsStatement(
            licence: try container.decode(String.self, forKey: .licence),
            photoMask: try container.decode(PhotoMask.self, forKey: .photoMask),
            recipeSHA256: recipeSHA256,
            classes: labels
        )
    }

    /// Encodes all but the measured protection, with hashes as hexadecimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(method, forKey: .method)
        try container.encode(settings, forKey: .settings)
        try container.encode(sha256.hex, forKey: .sha256)
        try container.encode(statement.licence, forKey: .licence)
        try container.encode(statement.photoMask, forKey: .photoMask)
        try container.encodeIfPresent(statement.recipeSHA256?.hex, forKey: .recipeSHA256)
        if !statement.classes.isEmpty {
            try container.encode(statement.classes.map(\.text), forKey: .classes)
        }
    }
}
