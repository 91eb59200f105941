/// A setting or a name from outside that is not acceptable, in words for whoever sent it.
public struct SettingsFault: Error, Sendable, Equatable {
    /// What is wrong; the raw values are stable and may be matched on by clients.
    public enum Code: String, Sendable {
        case modeInvalid = "mode_invalid"
        case strengthInvalid = "strength_invalid"
        case workingSizeInvalid = "working_size_invalid"
        case maskInvalid = "mask_invalid"
        case metadataInvalid = "metadata_invalid"
        case classInvalid = "class_invalid"
        case priorityInvalid = "priority_invalid"
    }

    /// The kind of fault.
    public let code: Code

    /// One sentence that says what would be right; it never repeats what was sent.
    public let detail: String

    /// Names a fault.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}
