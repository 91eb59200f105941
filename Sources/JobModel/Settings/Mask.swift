/// The requested distribution of the change over a picture.
public enum Mask: String, Codable, Sendable, CaseIterable {
    /// ``AppliedMask/photo`` if the short side exceeds ``largestUnmaskedSide`` pixels, otherwise
    /// none.
    case auto
    /// ``AppliedMask/photo`` for any size.
    case photo
    /// None for any size. The case is not called `none`, which an optional would take for `nil`.
    case unmasked = "none"

    /// The maximum short side in pixels for which ``auto`` applies no mask.
    ///
    /// Such small pictures are thumbnails and data sets. There the eye does not tell single pixels
    /// apart, and every bit of the change is needed.
    public static let largestUnmaskedSide = 64

    /// Parses the value of a request or an option.
    ///
    /// - Throws: ``SettingsFault/Code/maskInvalid``.
    public init(parsing text: String) throws(SettingsFault) {
        guard let mask = Self(rawValue: text) else {
            throw SettingsFault(.maskInvalid, "The mask must be auto, photo or none.")
        }
        self = mask
    }

    /// Returns the mask for a picture.
    ///
    /// - Parameters:
    ///   - width: The width in pixels, before or after applying the orientation.
    ///   - height: The height in pixels.
    /// - Returns: The mask.
    public func applied(width: Int, height: Int) -> AppliedMask {
        switch self {
        case .auto: min(width, height) > Self.largestUnmaskedSide ? .photo : .unmasked
        case .photo: .photo
        case .unmasked: .unmasked
        }
    }
}

/// The mask applied to a picture.
public enum AppliedMask: String, Codable, Sendable, CaseIterable {
    /// The change is small where it would be seen. How small is decided by the mask that the weights
    /// were trained for: by colour channel, or by a perceptual budget of each pixel.
    case photo
    /// The change may reach the full strength everywhere.
    case unmasked = "none"
}
