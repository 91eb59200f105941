/// The resolution at which a lossy format stores colour, relative to that of brightness.
public enum ChromaSampling: String, Codable, Sendable, CaseIterable {
    /// The same resolution.
    case full = "4:4:4"
    /// Half the resolution in both directions.
    case half = "4:2:0"

    /// Parses the value of a request or an option.
    ///
    /// - Throws: ``SettingsFault/Code/chromaInvalid``.
    public init(parsing text: String) throws(SettingsFault) {
        guard let chroma = Self(rawValue: text) else {
            throw SettingsFault(.chromaInvalid, "The chroma must be 4:4:4 or 4:2:0.")
        }
        self = chroma
    }
}
