public import Imaging
import JobModel
public import SemanticImages

/// Why an image was not protected.
///
/// The code is stable and goes to users as it is; the detail is one sentence that never repeats bytes of the image.
public struct ProtectionError: Error, Sendable, Equatable {
    /// The stable reason: one of ``ImagingError``'s or ``SemanticImageError``'s codes, or one of this type's.
    public let code: String

    /// One sentence for people.
    public let detail: String

    /// The network gave a value that is infinite or not a number: the weights do not suit this image.
    static let notFinite = ProtectionError(
        code: "network_not_finite",
        detail: "The network's output for this image is not finite; the weights are not fit for it."
    )

    /// The released samples differ from the image by more than the bound: a fault of this program.
    static let boundExceeded = ProtectionError(
        code: "bound_exceeded",
        detail: "The protected image failed the check of its bound and was thrown away."
    )

    /// Nothing changed, so that the result would be the image itself and protect nothing.
    ///
    /// - Parameter mask: The mask that the change was given, which may be what left nothing of it.
    /// - Returns: The error, which says what to do.
    static func unchanged(_ mask: AppliedMask) -> ProtectionError {
        let advice =
            switch mask {
            case .photo:
                "the change, weakened by the mask, rounds to nothing; raise the strength, set the mask to none, or "
                    + "send an opaque or larger version of it."
            case .unmasked:
                "the change rounds to nothing; raise the strength, send an opaque or larger version of it, or leave "
                    + "it out."
            }
        return ProtectionError(
            code: "image_unchanged",
            detail: "Nothing could be hidden in this image, since it is transparent throughout, has hardly any "
                + "pixels, or \(advice)"
        )
    }

    /// The imported semantic image, not the photo, could not be decoded.
    static func semanticImageUnreadable(_ error: ImagingError) -> ProtectionError {
        ProtectionError(
            code: "semantic_image_unreadable",
            detail: "The semantic image that was imported for the class could not be read. \(error.detail)"
        )
    }

    private init(code: String, detail: String) {
        self.code = code
        self.detail = detail
    }

    /// Passes on why an image was not decoded or not encoded.
    public init(_ error: ImagingError) {
        self.init(code: error.code.rawValue, detail: error.detail)
    }

    /// Passes on why there is no secret.
    public init(_ error: SemanticImageError) {
        self.init(code: error.code, detail: error.detail)
    }
}

extension ProtectionError: CustomStringConvertible {
    /// The code and the sentence, as `code: detail`.
    public var description: String { "\(code): \(detail)" }
}
