/// Why a picture was refused or could not be written.
///
/// The code is stable and is shown to users as is. The detail is one sentence that names the
/// problem; it never repeats bytes of the picture.
public struct ImagingError: Error, Sendable, Equatable {
    /// The closed set of reasons, under the names that users see.
    public enum Code: String, Sendable, CaseIterable {
        /// The file has no bytes.
        case empty = "image_empty"
        /// A format, or a variant of a known format, that cannot be read.
        case unsupported = "image_unsupported"
        /// CMYK with a colour profile, which would be lost.
        case cmykUnsupported = "image_cmyk_unsupported"
        /// A sequence of several pictures.
        case animated = "image_animated"
        /// More pixels, a longer side or more decoding work than the limits allow.
        case tooLarge = "image_too_large"
        /// The picture ends before it is complete.
        case truncated = "image_truncated"
        /// The picture violates its format.
        case corrupt = "image_corrupt"
        /// The encoder failed; the picture itself is valid.
        case encodingFailed = "image_encoding_failed"
    }

    /// The stable reason.
    public let code: Code

    /// One sentence for people.
    public let detail: String

    /// Creates an error from its code and one sentence.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

extension ImagingError: CustomStringConvertible {
    /// The code and the sentence, as `code: detail`.
    public var description: String { "\(code.rawValue): \(detail)" }
}
