import BlobStore
import JobModel

/// An image as it came in: on disk but not yet filed, or refused.
struct UploadedImage: Sendable {
    /// What became of its bytes.
    enum Content: Sendable {
        /// Sealed on disk; it is removed with the last reference unless it is committed.
        case spooled(Spool)
        /// Refused, with the reason that the job reports for it.
        case refused(ImageFailure)
    }

    /// The name as its owner gave it, without folders; `nil` where there was none.
    let name: String?
    let label: ClassLabel
    let content: Content
}

/// All images of a request, and how they are to be protected.
struct Upload: Sendable {
    let images: [UploadedImage]
    let settings: ProtectionSettings
    /// Whether pictures that were protected here are protected again.
    let force: Bool
}

/// Makes a shown name of what a client called a file.
enum ShownName {
    /// The most bytes of a shown name.
    static let maxBytes = 255

    /// The last part of a path, without control characters, or `nil` if nothing is left.
    static func make(_ name: String?) -> String? {
        guard let last = name?.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last else { return nil }
        var shown = String.UnicodeScalarView()
        for scalar in last.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate, .format: continue
            default: shown.append(scalar)
            }
        }
        var text = String(shown)
        while text.utf8.count > maxBytes { text.removeLast() }
        return text.isEmpty ? nil : text
    }
}
