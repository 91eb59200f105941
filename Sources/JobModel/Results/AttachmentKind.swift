/// What can be made of an image besides its protected picture, if its owner asks for it.
public enum AttachmentKind: String, Codable, Sendable, CaseIterable {
    /// A small JPEG of the photo.
    case previewBefore = "preview_before"
    /// A small JPEG of the protected picture.
    case previewAfter = "preview_after"
    /// What gives the photo's pixels back, see `PixelDifference`; on disk only sealed.
    case recovery
}
