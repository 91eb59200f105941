/// What a protected picture keeps of what its file says beside the pixels.
///
/// The colour profile is kept and the orientation applied whatever the policy.
public enum MetadataPolicy: String, Codable, Sendable, CaseIterable {
    /// Nothing.
    case strip
    /// Who made the picture, whose it is and how it may be used.
    case copyright
    /// EXIF and XMP, the place where the picture was taken among them, but for thumbnails and what describes parts of the file that are gone.
    case all

    /// Reads the name that a request or a flag gives.
    ///
    /// - Throws: ``SettingsFault/Code/metadataInvalid``.
    public init(parsing text: String) throws(SettingsFault) {
        guard let policy = Self(rawValue: text) else {
            throw SettingsFault(
                .metadataInvalid,
                "The metadata to keep must be strip, copyright or all."
            )
        }
        self = policy
    }
}
