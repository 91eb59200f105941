/// Limits of pictures that are imported for a class, and of the PNG of RGB that is kept of each.
public enum ImportedPicture {
    /// The most bytes of a picture's file.
    public static let maxFileBytes = 64 << 20
    /// The longest side of a picture that is kept, in pixels; a larger one is scaled down to it.
    public static let maxSide = ProtectionSettings.workingSizes.upperBound
    /// The most bytes of a picture that is kept: its samples, and a sixteenth for the file's form.
    public static let maxKeptBytes = 3 * maxSide * maxSide / 16 * 17
}
