import Imaging
import JobModel

/// The reasons why the pipeline does not protect an image.
///
/// Codes are stable and are shown to users as is. A detail never repeats bytes of the image.
extension ImageFailure {
    /// The method proposed an infinite value or NaN.
    static let notFinite = ImageFailure(
        code: "network_not_finite",
        detail: "The network's output for this image is not finite; the weights are not fit for it."
    )

    /// The released samples differ from the image by more than the bound, which is a bug in this
    /// program.
    static let boundExceeded = ImageFailure(
        code: "bound_exceeded",
        detail: "The protected image failed the check of its bound and was thrown away."
    )

    /// The result equals the image, so it would protect nothing.
    ///
    /// - Parameter mask: The applied mask, which may have removed the change.
    /// - Returns: A failure whose detail advises the user.
    static func unchanged(_ mask: AppliedMask) -> ImageFailure {
        let advice =
            switch mask {
            case .photo:
                """
                the change, weakened by the mask, rounds to nothing; raise the strength, set the \
                mask to none, or send an opaque or larger version of it.
                """
            case .unmasked:
                """
                the change rounds to nothing; raise the strength, send an opaque or larger version \
                of it, or leave it out.
                """
            }
        return ImageFailure(
            code: "image_unchanged",
            detail: """
                Nothing could be hidden in this image, since it is transparent throughout, has \
                hardly any pixels, or \(advice)
                """
        )
    }

    /// Converts an error of decoding or encoding.
    init(_ error: ImagingError) {
        self.init(code: error.code.rawValue, detail: error.detail)
    }
}
