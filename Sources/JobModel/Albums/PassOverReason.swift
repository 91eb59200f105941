/// Why a file beside photos is passed over instead of being taken for a photo.
public enum PassOverReason: String, Sendable, CaseIterable {
    /// Its name, or that of a folder that it lies in, begins with a dot.
    case hidden
    /// A system or a photo library keeps it for itself, such as `Thumbs.db` or everything in `@eaDir`.
    case system
    /// It is a video, such as the moving part of a live photo.
    case video
    /// It says something about a photo, such as an `.aae`, a `.json` of Takeout or an `.xmp`.
    case sidecar
    /// It is a link or a device that is not called like a photo.
    case link
    /// Neither its name nor its first bytes are a photo's.
    case other
}
