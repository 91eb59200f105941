import BlobStorage
import JobModel

/// An image as it came in: on disk but not yet filed, or refused.
struct UploadedImage: Sendable {
    /// What became of its bytes.
    enum Content: Sendable {
        /// On disk; it is removed with the last reference unless it is filed. The pixels are its share of the work.
        case spooled(any BlobSpool, pixels: Int)
        /// Refused, with the reason that the job reports for it.
        case refused(ImageFailure)

        /// Its share of the work; `nil` if it is none.
        var pixels: Int? {
            if case .spooled(_, let pixels) = self { pixels } else { nil }
        }
    }

    /// What an image is refused with that has no class.
    static let classMissing = "class_missing"

    /// The name as its owner gave it, without folders; `nil` where there was none.
    let name: String?
    /// What its owner calls it, folders and all, see `SourcePath`; `nil` where it came without a name.
    let source: String?
    /// Its class; `nil` if it is refused because it has none that can be used.
    let label: ClassLabel?
    let content: Content

    /// Whether it is refused because nothing tells its class.
    var isWithoutClass: Bool {
        if case .refused(let failure) = content { failure.code == Self.classMissing } else { false }
    }
}

/// All images of a request, and how they are to be protected.
struct Upload: Sendable {
    let images: [UploadedImage]
    let settings: ProtectionSettings
    let priority: JobPriority
    let previews: Bool
    /// Whether pictures that were protected here are protected again.
    let force: Bool
    /// What in it is no image.
    let passedOver: PassedOver

    /// Puts an upload together.
    init(
        _ images: [UploadedImage],
        _ parameters: JobParameters,
        passedOver: PassedOver = PassedOver()
    ) throws {
        self.images = images
        self.passedOver = passedOver
        settings = try parameters.settings()
        priority = parameters.priority
        previews = parameters.previews
        force = parameters.force
    }
}

/// Makes a shown name of what a client called a file.
enum ShownName {
    /// The most bytes of a shown name.
    static let maxBytes = 255

    /// The last part of a path, without control characters, or `nil` if nothing is left.
    static func make(_ name: String?) -> String? {
        guard let last = name?.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last else {
            return nil
        }
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
