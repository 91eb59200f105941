/// Why a setting or a name from outside is invalid, in words for its sender.
public struct SettingsFault: Error, Sendable, Equatable {
    /// The kind of fault; clients may depend on the raw values, which are stable.
    public enum Code: String, Sendable {
        case modeInvalid = "mode_invalid"
        case strengthInvalid = "strength_invalid"
        case workingSizeInvalid = "working_size_invalid"
        case maskInvalid = "mask_invalid"
        case metadataInvalid = "metadata_invalid"
        case formatInvalid = "format_invalid"
        case qualityInvalid = "quality_invalid"
        case chromaInvalid = "chroma_invalid"
        case maxSideInvalid = "max_side_invalid"
        case modelUnknown = "model_unknown"
        case methodSettingsInvalid = "method_settings_invalid"
        case classInvalid = "class_invalid"
        case priorityInvalid = "priority_invalid"
    }

    /// The kind of fault.
    public let code: Code

    /// A sentence that states what is valid, without repeating the input.
    public let detail: String

    /// Creates a fault.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}
