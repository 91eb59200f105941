/// Why a file beside photos is skipped instead of being treated as a photo.
public enum PassOverReason: String, Sendable, CaseIterable {
    /// Its name, or that of a containing folder, begins with a dot.
    case hidden
    /// An operating system or a photo library created it, such as `Thumbs.db` or all of `@eaDir`.
    case system
    /// It is a video, such as the moving part of a Live Photo.
    case video
    /// It describes a photo, such as an `.aae`, Takeout's `.json` or an `.xmp`.
    case sidecar
    /// It is a link or a device that is not named like a photo.
    case link
    /// Neither its name nor its first bytes are those of a photo.
    case other
}
