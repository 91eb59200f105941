public import Cryptography

/// A model that a job may choose.
public struct OfferedModel: Sendable, Hashable {
    /// The name by which a job chooses it.
    public let name: ModelName
    /// The method of its weights.
    public let method: MethodID
    /// The settings that only the method has.
    public let settings: [MethodSetting]
    /// The hash of the weights file.
    public let sha256: SHA256Digest
    /// What the weights file states about itself.
    public let statement: WeightsStatement

    /// Creates an offer.
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
