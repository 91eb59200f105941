/// A part of a file that the protected picture does not carry, and why.
///
/// The raw values are stable and are shown to users as is.
public struct Omission: Sendable, Equatable {
    /// The part that was left out.
    public enum Part: String, Sendable, CaseIterable {
        /// The ICC profile.
        case iccProfile = "icc_profile"
        /// The code points of ITU-T H.273 in a PNG's cICP chunk.
        case codePoints = "cicp"
        /// The white point and the gamma of a PNG's gAMA and cHRM chunks.
        case colorimetry
        /// The EXIF structure.
        case exif
        /// The XMP packet.
        case xmp
        /// The part of an XMP packet that a JPEG stores in separate segments.
        case extendedXMP = "extended_xmp"
        /// The second half of 16-bit samples.
        case sampleDepth = "sample_depth"
        /// The transparency.
        case alpha
    }

    /// The reason for leaving a part out.
    public enum Reason: String, Sendable, CaseIterable {
        /// It is longer than the limit.
        case tooLarge = "too_large"
        /// It is truncated, incomplete or malformed.
        case damaged
        /// A profile for another kind of samples, such as a gray one for a colour picture.
        case wrongColorSpace = "wrong_color_space"
        /// A profile that does not describe a picture's colours, such as one of named colours.
        case wrongClass = "wrong_class"
        /// A profile that lacks required curves and primaries, or tables.
        case incomplete
        /// It cannot be parsed, and so cannot be corrected.
        case notUnderstood = "not_understood"
        /// It still holds a picture, which may show the unprotected photo.
        case holdsPicture = "holds_picture"
        /// It is never carried.
        case notCarried = "not_carried"
        /// The format has no transparency; the picture was put on white.
        case flattenedOnWhite = "flattened_on_white"
    }

    /// The part that was left out.
    public let part: Part
    /// The reason.
    public let reason: Reason

    /// Creates an omission.
    public init(_ part: Part, _ reason: Reason) {
        self.part = part
        self.reason = reason
    }
}
