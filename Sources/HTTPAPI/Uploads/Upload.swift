import BlobStorage
import JobModel

/// An uploaded image: on disk but not yet filed, or refused.
struct UploadedImage: Sendable {
    /// The outcome of its upload.
    enum Content: Sendable {
        /// On disk; removed with the last reference unless it is filed. The pixels are its cost in
        /// the queue.
        case spooled(any BlobSpool, pixels: Int)
        /// Refused; the job reports the reason.
        case refused(ImageFailure)

        /// Its cost in the queue; `nil` if it is refused.
        var pixels: Int? {
            if case .spooled(_, let pixels) = self { pixels } else { nil }
        }
    }

    /// The code of the failure of an image without a class.
    static let classMissing = "class_missing"

    /// The displayable file name without folders; `nil` if it had none.
    let name: String?
    /// The file's name or path as the client sent it, see `SourcePath`; `nil` if it had none.
    let source: String?
    /// Its class; `nil` if it is refused for lack of a usable one.
    let label: ClassLabel?
    let content: Content

    /// Whether it is refused because neither its place nor the request states its class.
    var isWithoutClass: Bool {
        if case .refused(let failure) = content { failure.code == Self.classMissing } else { false }
    }
}

/// The images of a request and how to protect them.
struct Upload: Sendable {
    let images: [UploadedImage]
    let settings: ProtectionSettings
    let priority: JobPriority
    let previews: Bool
    /// Whether pictures that this service has already protected are protected again.
    let force: Bool
    /// The skipped files.
    let passedOver: PassedOver

    /// Creates an upload.
    ///
    /// - Throws: `SettingsFault` for settings out of range.
    init(
        _ images: [UploadedImage],
        _ parameters: JobParameters,
        passedOver: PassedOver = PassedOver()
    ) throws {
        self.images = images
        self.passedOver = passedOver
        try parameters.checkMethodSettings()
        settings = try parameters.settings()
        priority = parameters.priority
        previews = parameters.previews
        force = parameters.force
    }
}

/// Makes the file name that a client sent fit to be displayed.
enum ShownName {
    /// The most bytes of a displayable name.
    static let maxBytes = 255

    /// Returns the last component of a path without invisible characters; `nil` if nothing is left.
    ///
    /// Names are truncated to ``maxBytes``.
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
