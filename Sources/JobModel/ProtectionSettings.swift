/// What a secret is bound to.
public enum ProtectionMode: String, Codable, Sendable, CaseIterable {
    /// One secret for every image of a class: the generated one, or the first that was imported.
    case classWise = "class-wise"
    /// The outline of the class, with a texture of its own for every image; or one of those that were imported for the class.
    case sampleWise = "sample-wise"

    /// Reads the name that a request or a flag gives.
    ///
    /// - Throws: ``SettingsFault/Code/modeInvalid``.
    public init(parsing text: String) throws(SettingsFault) {
        guard let mode = Self(rawValue: text) else {
            throw SettingsFault(.modeInvalid, "The mode must be class-wise or sample-wise.")
        }
        self = mode
    }
}

/// How the images of a job are to be protected.
///
/// Every value is in its range: a value that is not cannot be made or decoded. JSON: `{"mode", "strength", "clip",
/// "working_size", "mask", "metadata"}`.
public struct ProtectionSettings: Sendable, Hashable {
    /// The strengths that may be asked for, in steps of 1/255.
    public static let strengths = 1...16
    /// The working sizes that may be asked for, in pixels.
    public static let workingSizes = 64...1024

    /// What a secret is bound to.
    public let mode: ProtectionMode
    /// The largest change of a sample, in steps of 1/255 (1 to 16).
    public let strength: Int
    /// Whether the change is cut off at ``strength``; without it the change is only measured.
    public let clip: Bool
    /// The short side in pixels at which the change is computed (64 to 1024).
    public let workingSize: Int
    /// Where on a picture the change may be how large.
    public let mask: Mask

    /// What is kept of EXIF and XMP.
    public let metadata: MetadataPolicy

    /// What an image gets when nothing else is asked for: sample-wise, strength 8, clipped, computed at 128 pixels, masked
    /// where it is a photo, without metadata.
    ///
    /// Sample-wise, because a class's pictures then have no change in common that their average shows, a linear model detects or
    /// a projection takes away, and protect as well (`docs/does-it-work.md`).
    public static let standard = ProtectionSettings(
        unchecked: .sampleWise,
        strength: 8,
        clip: true,
        workingSize: 128,
        mask: .auto,
        metadata: .strip
    )

    /// Makes settings, checking their ranges.
    ///
    /// - Parameters:
    ///   - mode: What a secret is bound to.
    ///   - strength: 1 to 16, in steps of 1/255.
    ///   - clip: Whether the change is cut off at `strength`.
    ///   - workingSize: 64 to 1024 pixels.
    ///   - mask: Where on a picture the change may be how large.
    ///   - metadata: What is kept of EXIF and XMP.
    /// - Throws: ``SettingsFault/Code/strengthInvalid`` or ``SettingsFault/Code/workingSizeInvalid``.
    public init(
        mode: ProtectionMode = .sampleWise,
        strength: Int = 8,
        clip: Bool = true,
        workingSize: Int = 128,
        mask: Mask = .auto,
        metadata: MetadataPolicy = .strip
    ) throws(SettingsFault) {
        guard Self.strengths.contains(strength) else {
            throw SettingsFault(
                .strengthInvalid,
                "The strength must be a whole number from 1 to 16."
            )
        }
        guard Self.workingSizes.contains(workingSize) else {
            throw SettingsFault(
                .workingSizeInvalid,
                "The working size must be a whole number from 64 to 1024."
            )
        }
        self.init(
            unchecked: mode,
            strength: strength,
            clip: clip,
            workingSize: workingSize,
            mask: mask,
            metadata: metadata
        )
    }

    private init(
        unchecked mode: ProtectionMode,
        strength: Int,
        clip: Bool,
        workingSize: Int,
        mask: Mask,
        metadata: MetadataPolicy
    ) {
        self.mode = mode
        self.strength = strength
        self.clip = clip
        self.workingSize = workingSize
        self.mask = mask
        self.metadata = metadata
    }

    /// The bound that a report states: ``strength`` when the change is clipped, else none.
    ///
    /// - Parameter bitDepth: The bits of the picture's samples, 8 or 16.
    /// - Returns: The bound in values of such samples: in 16 bits 257 for each step of 1/255.
    public func bound(bitDepth: Int) -> Int? {
        clip ? strength * (bitDepth == 16 ? 257 : 1) : nil
    }
}

extension ProtectionSettings: Codable {
    private enum CodingKeys: String, CodingKey {
        case mode, strength, clip, mask, metadata
        case workingSize = "working_size"
    }

    /// Decodes settings, which must be in their ranges like any others.
    ///
    /// Those of earlier versions lack what there was not: they kept no metadata, and masked nothing, which is what their jobs were promised.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            mode: container.decode(ProtectionMode.self, forKey: .mode),
            strength: container.decode(Int.self, forKey: .strength),
            clip: container.decode(Bool.self, forKey: .clip),
            workingSize: container.decode(Int.self, forKey: .workingSize),
            mask: container.decodeIfPresent(Mask.self, forKey: .mask) ?? .unmasked,
            metadata: container.decodeIfPresent(MetadataPolicy.self, forKey: .metadata) ?? .strip
        )
    }
}
