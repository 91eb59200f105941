import JobModel
import Queue

/// A class as the API shows it to its owner.
struct ClassDocument: Encodable {
    struct Links: Encodable {
        let `self`: String
        let semanticImage: String?
    }

    let label: ClassLabel
    /// `generated` or `imported`.
    let semanticImage: String
    /// The number of imported pictures; with none, the semantic image is generated.
    let importedCount: Int
    let assignment: ClassAssignment?
    let links: Links

    /// Describes a class.
    init(_ owned: OwnedClass) {
        let path = Self.path(of: owned.label)
        label = owned.label
        semanticImage = owned.importedCount > 0 ? "imported" : "generated"
        importedCount = owned.importedCount
        assignment = owned.assignment
        links = Links(
            self: path,
            semanticImage: owned.importedCount > 0 ? "\(path)/semantic-image" : nil
        )
    }

    /// The path of a class, percent-encoded for a link.
    static func path(of label: ClassLabel) -> String {
        "/v1/classes/\(PercentEncoding.path(label.text))"
    }
}

/// A page of classes.
struct ClassListDocument: Encodable {
    let classes: [ClassDocument]
    let nextCursor: String?
}
