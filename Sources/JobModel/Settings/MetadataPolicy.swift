/// The metadata of the input file that a protected picture keeps.
///
/// Every policy keeps the colour profile and applies the orientation.
public enum MetadataPolicy: String, Codable, Sendable, CaseIterable {
    /// No metadata.
    case strip
    /// The creator, the copyright and the terms of use.
    case copyright
    /// All EXIF and XMP, including the location.
    ///
    /// Thumbnails, and fields that describe removed parts of the file, are still dropped.
    case all

    /// Parses the value of a request or an option.
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
