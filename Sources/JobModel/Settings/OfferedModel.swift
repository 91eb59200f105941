/// A model that a job may choose.
public struct OfferedModel: Sendable, Hashable {
    /// The name by which a job chooses it.
    public let name: ModelName
    /// The method of its weights.
    public let method: MethodID
    /// The settings that only the method has.
    public let settings: [MethodSetting]

    /// Creates an offer.
    public init(name: ModelName, method: MethodID, settings: [MethodSetting] = []) {
        self.name = name
        self.method = method
        self.settings = settings
    }
}
