/// Why a semantic image cannot be drawn.
public enum SemanticImageError: Error, Sendable, Equatable {
    /// The assignment names a generator version that this program does not have.
    case unknownVersion(Int)
    /// The class index is negative.
    case impossibleClassIndex(Int)

    /// The stable reason.
    public var code: String {
        switch self {
        case .unknownVersion: "semantic_image_version_unknown"
        case .impossibleClassIndex: "semantic_image_class_index_invalid"
        }
    }

    /// One sentence for people.
    public var detail: String {
        switch self {
        case .unknownVersion(let version):
            """
            The semantic image was assigned by generator version \(version), which this program \
            does not have.
            """
        case .impossibleClassIndex: "The semantic image's class index is negative."
        }
    }
}
