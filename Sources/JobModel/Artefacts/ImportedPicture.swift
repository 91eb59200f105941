/// Limits for the pictures imported for a class and for the RGB PNG stored of each.
public enum ImportedPicture {
    /// The maximum size of a picture's file in bytes: 64 MiB.
    public static let maxFileBytes = 64 << 20
    /// The maximum side of a stored picture in pixels; larger pictures are scaled down.
    public static let maxSide = ProtectionSettings.workingSizes.upperBound
    /// The maximum size of a stored picture in bytes.
    ///
    /// This is the size of its samples plus a sixteenth for the overhead of PNG.
    public static let maxKeptBytes = 3 * maxSide * maxSide / 16 * 17
}
