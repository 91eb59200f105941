import Imaging
import JobModel

/// Why the pipeline did not protect an image.
///
/// Codes are stable and go to users as they are. A detail never repeats bytes of the image.
extension ImageFailure {
    /// The method proposed a value that is infinite or not a number.
    static let notFinite = ImageFailure(
        code: "network_not_finite",
        detail: "The network's output for this image is not finite; the weights are not fit for it."
    )

    /// The released samples differ from the image by more than the bound: a fault of this program.
    static let boundExceeded = ImageFailure(
        code: "bound_exceeded",
        detail: "The protected image failed the check of its bound and was thrown away."
    )

    /// Nothing changed, so that the result would be the image itself and protect nothing.
    ///
    /// - Parameter mask: The mask that the change was given, which may be what left nothing of it.
    /// - Returns: The error, which says what to do.
    static func unchanged(_ mask: AppliedMask) -> ImageFailure {
        let advice =
            switch mask {
            case .photo:
                "the change, weakened by the mask, rounds to nothing; raise the strength, set the mask to none, or "
                    + "send an opaque or larger version of it."
            case .unmasked:
                "the change rounds to nothing; raise the strength, send an opaque or larger version of it, or leave "
                    + "it out."
            }
        return ImageFailure(
            code: "image_unchanged",
            detail: "Nothing could be hidden in this image, since it is transparent throughout, has hardly any "
                + "pixels, or \(advice)"
        )
    }

    /// Passes on why an image was not decoded or not encoded.
    init(_ error: ImagingError) {
        self.init(code: error.code.rawValue, detail: error.detail)
    }
}
