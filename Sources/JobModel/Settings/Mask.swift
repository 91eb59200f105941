/// Where on a picture the change may be how large: what is asked for.
public enum Mask: String, Codable, Sendable, CaseIterable {
    /// ``AppliedMask/photo`` for pictures whose short side has more than ``largestUnmaskedSide`` pixels, else none.
    case auto
    /// ``AppliedMask/photo``, whatever the size.
    case photo
    /// None, whatever the size. It is not called `none`, which an optional mask would take for `nil`.
    case unmasked = "none"

    /// The longest short side in pixels of a picture that ``auto`` leaves unmasked.
    ///
    /// Pictures so small are thumbnails and data sets, where
    /// no eye tells single pixels apart, and every bit of the change is needed.
    public static let largestUnmaskedSide = 64

    /// Reads the name that a request or a flag gives.
    ///
    /// - Throws: ``SettingsFault/Code/maskInvalid``.
    public init(parsing text: String) throws(SettingsFault) {
        guard let mask = Self(rawValue: text) else {
            throw SettingsFault(.maskInvalid, "The mask must be auto, photo or none.")
        }
        self = mask
    }

    /// Decides for a picture.
    ///
    /// - Parameters:
    ///   - width: Its columns in pixels, before or after its orientation was applied.
    ///   - height: Its rows.
    /// - Returns: What it gets.
    public func applied(width: Int, height: Int) -> AppliedMask {
        switch self {
        case .auto: min(width, height) > Self.largestUnmaskedSide ? .photo : .unmasked
        case .photo: .photo
        case .unmasked: .unmasked
        }
    }
}

/// The mask that a picture got.
public enum AppliedMask: String, Codable, Sendable, CaseIterable {
    /// The change is small where it would be seen: in red and green, and in blue where the picture has hardly any.
    case photo
    /// The change is as large everywhere as the strength allows.
    case unmasked = "none"
}
