/// An optional file made in addition to the protected picture.
public enum AttachmentKind: String, Codable, Sendable, CaseIterable {
    /// A small JPEG of the photo.
    case previewBefore = "preview_before"
    /// A small JPEG of the protected picture.
    case previewAfter = "preview_after"
    /// The data that restores the photo's pixels; see `PixelDifference`.
    ///
    /// It is stored only in encrypted form.
    case recovery
}
