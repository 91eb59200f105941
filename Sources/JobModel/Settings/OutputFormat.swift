/// The file format in which a protected picture is delivered.
public enum OutputFormat: String, Codable, Sendable, CaseIterable {
    /// Lossless: the file has exactly the samples whose bound was checked.
    case png
    /// Lossy, 8 bits, without transparency.
    case jpeg
    /// Lossy, 8 bits, with transparency.
    case webp

    /// Parses the value of a request or an option.
    ///
    /// - Throws: ``SettingsFault/Code/formatInvalid``.
    public init(parsing text: String) throws(SettingsFault) {
        guard let format = Self(rawValue: text) else {
            throw SettingsFault(.formatInvalid, "The format must be png, jpeg or webp.")
        }
        self = format
    }

    /// Whether a decoder gives back exactly the samples that were encoded.
    ///
    /// Only then does a bound on the samples hold for the file.
    public var isLossless: Bool { self == .png }

    /// The extension of file names, without its dot.
    public var fileExtension: String {
        switch self {
        case .png: "png"
        case .jpeg: "jpg"
        case .webp: "webp"
        }
    }

    /// The media type of the file.
    public var mediaType: String { "image/\(rawValue)" }

    /// The name of the format in sentences.
    public var title: String {
        switch self {
        case .png: "PNG"
        case .jpeg: "JPEG"
        case .webp: "WebP"
        }
    }
}
