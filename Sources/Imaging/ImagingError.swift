/// Why a picture was refused or could not be written.
///
/// The code is stable and goes to users as it is; the detail is one sentence that names what was met, and never repeats
/// bytes of the picture.
public struct ImagingError: Error, Sendable, Equatable {
    /// The closed set of reasons, by the names that users see.
    public enum Code: String, Sendable, CaseIterable {
        /// There are no bytes at all.
        case empty = "image_empty"
        /// A format, or a kind of a known format, that is not read here.
        case unsupported = "image_unsupported"
        /// Inks whose colours a profile tells, which would be lost.
        case cmykUnsupported = "image_cmyk_unsupported"
        /// More pixels, a longer side or more decoding work than the limits allow.
        case tooLarge = "image_too_large"
        /// The picture ends before it is complete.
        case truncated = "image_truncated"
        /// The picture contradicts its format.
        case corrupt = "image_corrupt"
        /// The encoder failed; the picture itself is sound.
        case encodingFailed = "image_encoding_failed"
    }

    /// The stable reason.
    public let code: Code

    /// One sentence for people.
    public let detail: String

    /// Makes an error from its reason and one sentence.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

extension ImagingError: CustomStringConvertible {
    /// The code and the sentence, as `code: detail`.
    public var description: String { "\(code.rawValue): \(detail)" }
}
