/// Whether the images of a class share one secret or each get their own.
///
/// The secret is what the method hides in them.
public enum ProtectionMode: String, Codable, Sendable, CaseIterable {
    /// One secret for all images of a class: the generated one, or the first imported picture.
    case classWise = "class-wise"
    /// The class's outline with a separate texture for every image, or one of the imported
    /// pictures.
    case sampleWise = "sample-wise"

    /// Parses the value of a request or an option.
    ///
    /// - Throws: ``SettingsFault/Code/modeInvalid``.
    public init(parsing text: String) throws(SettingsFault) {
        guard let mode = Self(rawValue: text) else {
            throw SettingsFault(.modeInvalid, "The mode must be class-wise or sample-wise.")
        }
        self = mode
    }
}

/// The protection settings of a job.
///
/// All values are in range: neither
/// ``init(mode:strength:clip:workingSize:mask:metadata:output:model:ofMethod:)`` nor decoding
/// accepts others. Whether the model's method has the settings in ``ofMethod`` is checked where the model is
/// known. JSON: `{"mode", "strength", "clip", "working_size", "mask", "metadata", "format",
/// "quality", "chroma", "max_side", "model", "method_settings"}`, without the working size, the
/// model and the method's settings that were not named, and of the output only what is not
/// standard.
public struct ProtectionSettings: Sendable, Hashable {
    /// The permitted strengths in steps of 1/255.
    public static let strengths = 1...16
    /// The permitted working sizes in pixels.
    public static let workingSizes = 64...1024

    /// Whether the images of a class share one secret.
    public let mode: ProtectionMode
    /// The maximum change of a sample in steps of 1/255, from 1 to 16.
    public let strength: Int
    /// Whether the change is clipped to ``strength``; otherwise it is only measured.
    public let clip: Bool
    /// The short side in pixels at which the change is computed, from 64 to 1024, or `nil` for the
    /// one that the weights are for.
    public let workingSize: Int?
    /// The distribution of the change over the picture.
    public let mask: Mask

    /// The EXIF and XMP metadata to keep.
    public let metadata: MetadataPolicy

    /// The format and the size of the delivered pictures.
    public let output: OutputSettings

    /// The chosen model, or `nil` for the default of whoever protects.
    public let model: ModelName?

    /// The settings that only the model's method has.
    public let ofMethod: MethodSettings

    /// The working size of requests that named none, when weights could not say theirs.
    public static let earlierWorkingSize = 128

    /// The default settings.
    ///
    /// They are: sample-wise, strength 8, clipped, computed at the size that the weights are for,
    /// masked if the image is a photo, and without metadata. Sample-wise protects as well as class-wise. Moreover, the
    /// pictures of a class then have no common change that their average shows, a linear model
    /// detects or a projection removes (`docs/does-it-work.md`).
    public static let standard = ProtectionSettings(
        unchecked: .sampleWise,
        strength: 8,
        clip: true,
        workingSize: nil,
        mask: .auto,
        metadata: .strip,
        output: .standard,
        model: nil,
        ofMethod: .standard
    )

    /// Creates settings and checks their ranges.
    ///
    /// - Parameters:
    ///   - mode: Whether the images of a class share one secret.
    ///   - strength: The maximum change in steps of 1/255, from 1 to 16.
    ///   - clip: Whether the change is clipped to `strength`.
    ///   - workingSize: The short side in pixels at which the change is computed, from 64 to 1024,
    ///     or `nil` for the one that the weights are for.
    ///   - mask: The distribution of the change over the picture.
    ///   - metadata: The EXIF and XMP metadata to keep.
    ///   - output: The format and the size of the delivered pictures.
    ///   - model: The chosen model, or `nil` for the default.
    ///   - ofMethod: The settings that only the model's method has.
    /// - Throws: ``SettingsFault/Code/strengthInvalid`` or
    ///   ``SettingsFault/Code/workingSizeInvalid``.
    public init(
        mode: ProtectionMode = .sampleWise,
        strength: Int = 8,
        clip: Bool = true,
        workingSize: Int? = nil,
        mask: Mask = .auto,
        metadata: MetadataPolicy = .strip,
        output: OutputSettings = .standard,
        model: ModelName? = nil,
        ofMethod: MethodSettings = .standard
    ) throws(SettingsFault) {
        guard Self.strengths.contains(strength) else {
            throw SettingsFault(
                .strengthInvalid,
                "The strength must be a whole number from 1 to 16."
            )
        }
        guard workingSize.map(Self.workingSizes.contains) ?? true else {
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
            metadata: metadata,
            output: output,
            model: model,
            ofMethod: ofMethod
        )
    }

    private init(
        unchecked mode: ProtectionMode,
        strength: Int,
        clip: Bool,
        workingSize: Int?,
        mask: Mask,
        metadata: MetadataPolicy,
        output: OutputSettings,
        model: ModelName?,
        ofMethod: MethodSettings
    ) {
        self.mode = mode
        self.strength = strength
        self.clip = clip
        self.workingSize = workingSize
        self.mask = mask
        self.metadata = metadata
        self.output = output
        self.model = model
        self.ofMethod = ofMethod
    }

    /// Returns the same settings with a model.
    public func choosing(_ model: ModelName) -> ProtectionSettings {
        with(workingSize: workingSize, model: model)
    }

    /// Returns the same settings as versions wrote them that always wrote a working size.
    public var withWorkingSize: ProtectionSettings {
        with(workingSize: workingSize ?? Self.earlierWorkingSize, model: model)
    }

    private func with(workingSize: Int?, model: ModelName?) -> ProtectionSettings {
        ProtectionSettings(
            unchecked: mode,
            strength: strength,
            clip: clip,
            workingSize: workingSize,
            mask: mask,
            metadata: metadata,
            output: output,
            model: model,
            ofMethod: ofMethod
        )
    }

    /// Returns the bound that a report states: that of the samples if the format is lossless,
    /// otherwise none, because nothing bounds what a lossy encoder adds.
    ///
    /// - Parameter bitDepth: The number of bits per sample, 8 or 16.
    /// - Returns: The bound in sample values.
    public func bound(bitDepth: Int) -> Int? {
        output.format.isLossless ? sampleBound(bitDepth: bitDepth) : nil
    }

    /// Returns the bound of the samples before they are encoded: ``strength`` if the change is
    /// clipped, otherwise none.
    ///
    /// - Parameter bitDepth: The number of bits per sample, 8 or 16.
    /// - Returns: The bound in sample values; with 16 bits, 257 for each step of 1/255.
    public func sampleBound(bitDepth: Int) -> Int? {
        clip ? strength * (bitDepth == 16 ? 257 : 1) : nil
    }
}

extension ProtectionSettings: Codable {
    private enum CodingKeys: String, CodingKey {
        case mode, strength, clip, mask, metadata, model
        case workingSize = "working_size"
        case ofMethod = "method_settings"
    }

    /// Decodes settings and checks their ranges.
    ///
    /// Settings of earlier versions lack some keys. Those versions kept no metadata and applied no
    /// mask, and their jobs still get what they were promised.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            mode: container.decode(ProtectionMode.self, forKey: .mode),
            strength: container.decode(Int.self, forKey: .strength),
            clip: container.decode(Bool.self, forKey: .clip),
            workingSize: container.decodeIfPresent(Int.self, forKey: .workingSize),
            mask: container.decodeIfPresent(Mask.self, forKey: .mask) ?? .unmasked,
            metadata: container.decodeIfPresent(MetadataPolicy.self, forKey: .metadata) ?? .strip,
            output: OutputSettings(from: decoder),
            model: container.decodeIfPresent(ModelName.self, forKey: .model),
            ofMethod: container.decodeIfPresent(MethodSettings.self, forKey: .ofMethod) ?? .standard
        )
    }

    /// Encodes settings; a working size, a model or a method's settings that were not named are left
    /// out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(mode, forKey: .mode)
        try container.encode(strength, forKey: .strength)
        try container.encode(clip, forKey: .clip)
        try container.encodeIfPresent(workingSize, forKey: .workingSize)
        try container.encode(mask, forKey: .mask)
        try container.encode(metadata, forKey: .metadata)
        try output.encode(to: encoder)
        try container.encodeIfPresent(model, forKey: .model)
        if !ofMethod.isStandard { try container.encode(ofMethod, forKey: .ofMethod) }
    }
}
