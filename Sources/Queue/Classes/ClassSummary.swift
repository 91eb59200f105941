public import JobModel

/// A class of a tenant, for people.
public struct ClassSummary: Sendable, Equatable {
    /// What its images get hidden.
    public enum SemanticImage: Sendable, Equatable {
        /// What the generator draws: its version, and the class's place in the tenant's family,
        /// from 0.
        case generated(version: Int, index: Int)
        /// Pictures that were imported: how many.
        case imported(count: Int)
    }

    /// The class.
    public let label: ClassLabel
    /// The key whose class it is.
    public let tenant: APIKeyID
    /// The key's name for people.
    public let tenantName: String
    /// What its images get hidden.
    public let semanticImage: SemanticImage

    /// For stores: a class.
    public init(
        label: ClassLabel,
        tenant: APIKeyID,
        tenantName: String,
        semanticImage: SemanticImage
    ) {
        self.label = label
        self.tenant = tenant
        self.tenantName = tenantName
        self.semanticImage = semanticImage
    }
}

/// The semantic images that are imported for one class.
public struct ImportedClass: Sendable, Equatable {
    /// The class.
    public let label: ClassLabel
    /// The pictures' blobs, at least one, in their order.
    public let pictures: [StoredBlob]

    /// Names pictures that are stored already.
    public init(label: ClassLabel, pictures: [StoredBlob]) {
        self.label = label
        self.pictures = pictures
    }
}
