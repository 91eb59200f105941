/// A part of a file that the protected picture does not carry, and why.
///
/// The words are stable and go to users as they are.
public struct Omission: Sendable, Equatable {
    /// What was left out.
    public enum Part: String, Sendable, CaseIterable {
        /// The ICC profile.
        case iccProfile = "icc_profile"
        /// The code points of ITU-T H.273 in a PNG's cICP chunk.
        case codePoints = "cicp"
        /// The white and the exponent of a PNG's gAMA and cHRM chunks.
        case colorimetry
        /// The EXIF structure.
        case exif
        /// The XMP packet.
        case xmp
        /// The part of an XMP packet that a JPEG keeps in segments of its own.
        case extendedXMP = "extended_xmp"
    }

    /// Why it was left out.
    public enum Reason: String, Sendable, CaseIterable {
        /// It is longer than is carried.
        case tooLarge = "too_large"
        /// It is cut off, pieces of it are missing, or it contradicts its format.
        case damaged
        /// A profile for samples of another kind, such as one of gray for a colour picture.
        case wrongColorSpace = "wrong_color_space"
        /// A profile that says nothing of a picture's colours, such as one of named colours.
        case wrongClass = "wrong_class"
        /// A profile without the curves and colours, or tables, that every one needs.
        case incomplete
        /// Its structure is not understood, so that it cannot be corrected.
        case notUnderstood = "not_understood"
        /// It holds a picture still, which may show the photo as it was.
        case holdsPicture = "holds_picture"
        /// It is never carried.
        case notCarried = "not_carried"
    }

    /// What was left out.
    public let part: Part
    /// Why.
    public let reason: Reason

    /// Puts the two together.
    public init(_ part: Part, _ reason: Reason) {
        self.part = part
        self.reason = reason
    }
}
