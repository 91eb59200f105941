public import Cryptography
public import JobModel

/// A model that a codec process reports as loaded.
///
/// JSON: `{"name", "method", "model_sha256"}`.
public struct LoadedModel: Sendable, Equatable {
    /// The name passed to the process at its start.
    public let name: ModelName
    /// The method that the weights file is for.
    public let method: MethodID
    /// The hash of the weights file.
    public let sha256: SHA256Digest

    /// Describes a model.
    public init(name: ModelName, method: MethodID, sha256: SHA256Digest) {
        self.name = name
        self.method = method
        self.sha256 = sha256
    }
}

extension LoadedModel: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, method
        case sha256 = "model_sha256"
    }

    /// Decodes a codec's report; only its form is checked.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(ModelName.self, forKey: .name)
        method = try container.decode(MethodID.self, forKey: .method)
        guard method.isWellFormed,
            let sha256 = SHA256Digest(hex: try container.decode(String.self, forKey: .sha256))
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .sha256,
                in: container,
                debugDescription: "neither a method nor a hash"
            )
        }
        self.sha256 = sha256
    }

    /// Encodes the hash as hexadecimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(method, forKey: .method)
        try container.encode(sha256.hex, forKey: .sha256)
    }
}
