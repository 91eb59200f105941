/// What was done to one image, measured on the delivered picture.
///
/// Sample values range from 0 to 255 with 8 bits, and from 0 to 65535 with 16.
///
/// The bound holds for PNG only. A picture in a lossy format has none: its largest change, PSNR and
/// SSIM are those of the file as it is decoded again, and ``lossless`` tells the bound of the
/// samples before encoding. All are measured against the photo as it was before protection at the
/// delivered size and depth.
///
/// JSON: snake_case. `class` is the label and `linf` the largest change. `bound` and `psnr` are
/// null if there is none. `quality` and `chroma` are there for lossy formats, with the lossless
/// figures in `png`; `max_side` if it was named. `mask_mean` is absent without a mask. `semantic_image_sha256` repeats
/// `artefact_sha256` if the method is `deep-hiding`. `method_report` is there only if the method
/// reports something of its own. Hashes are 64 lower-case hexadecimal digits.
public struct ProtectionReport: Sendable, Equatable {
    /// The picture's width in pixels, after applying its orientation.
    public var width: Int
    /// The picture's height in pixels, after applying its orientation.
    public var height: Int
    /// The number of bits per sample, 8 or 16.
    public var bitDepth: Int
    /// The method that computed the change.
    public var method: MethodID
    /// The protection mode.
    public var mode: ProtectionMode
    /// The requested strength in steps of 1/255.
    public var strength: Int
    /// Whether the change was clipped to the strength.
    public var clip: Bool
    /// The mask applied to the change.
    public var mask: AppliedMask
    /// The mean amplitude that the mask allowed the change, over its pixels, luminance, red against
    /// green, and blue, in steps of 1/255; `nil` without a mask and in reports of earlier releases.
    public var maskMean: Double?
    /// The metadata policy.
    public var metadata: MetadataPolicy
    /// The format and the size that were asked for.
    public var output: OutputSettings
    /// The bound of the change in sample values; `nil` if the change was not clipped, or the format
    /// is lossy.
    public var bound: Int?
    /// The largest change of a colour sample, in sample values.
    public var maxAbsoluteDifference: Int
    /// The peak signal-to-noise ratio of the colour samples in dB; infinite if nothing changed.
    public var psnr: Double
    /// The structural similarity (SSIM) of the luma, at most 1.
    public var ssim: Double
    /// The figures of the samples before encoding; `nil` if the format is lossless.
    public var lossless: LosslessFigures?
    /// The image's class.
    public var label: ClassLabel
    /// The hash of the artefact's part that the method used.
    ///
    /// For deep hiding, this is the semantic image as interleaved 8-bit RGB.
    public var artefactSHA256: String
    /// The hash of the weights file.
    public var modelSHA256: String
    /// The hash of the input file.
    public var inputSHA256: String
    /// The hash of the delivered file.
    public var outputSHA256: String
    /// The format of the input file, such as `jpeg`.
    public var inputFormat: String
    /// Whether the picture is gray; then only the luminance of the change was kept, which protects
    /// less.
    public var luminanceOnly: Bool
    /// The width in pixels at which the change was computed.
    public var workingWidth: Int
    /// The height in pixels at which the change was computed.
    public var workingHeight: Int
    /// The parts of the input file that could not be kept, such as an unsuitable colour profile.
    public var leftOut: [LeftOut]
    /// What only this method reports, such as its settings for this image.
    public var ofMethod: MethodReport

    /// Creates a report.
    public init(
        width: Int,
        height: Int,
        bitDepth: Int = 8,
        method: MethodID = .deepHiding,
        mode: ProtectionMode,
        strength: Int,
        clip: Bool,
        mask: AppliedMask = .unmasked,
        maskMean: Double? = nil,
        metadata: MetadataPolicy = .strip,
        output: OutputSettings = .standard,
        bound: Int?,
        maxAbsoluteDifference: Int,
        psnr: Double,
        ssim: Double,
        lossless: LosslessFigures? = nil,
        label: ClassLabel,
        artefactSHA256: String,
        modelSHA256: String,
        inputSHA256: String,
        outputSHA256: String,
        inputFormat: String,
        luminanceOnly: Bool,
        workingWidth: Int,
        workingHeight: Int,
        leftOut: [LeftOut] = [],
        ofMethod: MethodReport = [:]
    ) {
        self.width = width
        self.height = height
        self.bitDepth = bitDepth
        self.method = method
        self.mode = mode
        self.strength = strength
        self.clip = clip
        self.mask = mask
        self.maskMean = maskMean
        self.metadata = metadata
        self.output = output
        self.bound = bound
        self.maxAbsoluteDifference = maxAbsoluteDifference
        self.psnr = psnr
        self.ssim = ssim
        self.lossless = lossless
        self.label = label
        self.artefactSHA256 = artefactSHA256
        self.modelSHA256 = modelSHA256
        self.inputSHA256 = inputSHA256
        self.outputSHA256 = outputSHA256
        self.inputFormat = inputFormat
        self.luminanceOnly = luminanceOnly
        self.workingWidth = workingWidth
        self.workingHeight = workingHeight
        self.leftOut = leftOut
        self.ofMethod = ofMethod
    }
}

extension ProtectionReport {
    /// Whether the report is about a picture made with these settings, whatever the model.
    public func agrees(with settings: ProtectionSettings) -> Bool {
        mode == settings.mode && strength == settings.strength && clip == settings.clip
            && mask == settings.mask.applied(width: width, height: height)
            && metadata == settings.metadata && output == settings.output
            && bound == settings.bound(bitDepth: bitDepth)
            && lossless?.bound == (lossless == nil ? nil : settings.sampleBound(bitDepth: bitDepth))
            && output.format.isLossless == (lossless == nil)
    }
}

extension ProtectionReport: Codable {
    private enum CodingKeys: String, CodingKey {
        case width, height, method, mode, strength, clip, mask, metadata, format, bound, psnr, ssim
        case lossless = "png"
        case maskMean = "mask_mean"
        case maxAbsoluteDifference = "linf"
        case label = "class"
        case artefactSHA256 = "artefact_sha256"
        case semanticImageSHA256 = "semantic_image_sha256"
        case modelSHA256 = "model_sha256"
        case inputSHA256 = "input_sha256"
        case outputSHA256 = "output_sha256"
        case inputFormat = "input_format"
        case luminanceOnly = "luminance_only"
        case workingWidth = "working_width"
        case workingHeight = "working_height"
        case bitDepth = "bit_depth"
        case leftOut = "left_out"
        case ofMethod = "method_report"
    }

    /// Decodes a report; a null `psnr` is infinite.
    ///
    /// Reports of earlier releases lack some keys. Those releases had 8 bits, one method, no mask,
    /// no metadata and no format but PNG, and did not report what was left out.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        width = try container.decode(Int.self, forKey: .width)
        height = try container.decode(Int.self, forKey: .height)
        bitDepth = try container.decodeIfPresent(Int.self, forKey: .bitDepth) ?? 8
        method = try container.decodeIfPresent(MethodID.self, forKey: .method) ?? .deepHiding
        mode = try container.decode(ProtectionMode.self, forKey: .mode)
        strength = try container.decode(Int.self, forKey: .strength)
        clip = try container.decode(Bool.self, forKey: .clip)
        mask = try container.decodeIfPresent(AppliedMask.self, forKey: .mask) ?? .unmasked
        maskMean = try container.decodeIfPresent(Double.self, forKey: .maskMean)
        metadata = try container.decodeIfPresent(MetadataPolicy.self, forKey: .metadata) ?? .strip
        output = try OutputSettings(from: decoder)
        bound = try container.decode(Int?.self, forKey: .bound)
        maxAbsoluteDifference = try container.decode(Int.self, forKey: .maxAbsoluteDifference)
        psnr = try container.decode(Double?.self, forKey: .psnr) ?? .infinity
        ssim = try container.decode(Double.self, forKey: .ssim)
        lossless = try container.decodeIfPresent(LosslessFigures.self, forKey: .lossless)
        label = try container.decode(ClassLabel.self, forKey: .label)
        artefactSHA256 =
            try container.decodeIfPresent(String.self, forKey: .artefactSHA256)
            ?? container.decode(String.self, forKey: .semanticImageSHA256)
        modelSHA256 = try container.decode(String.self, forKey: .modelSHA256)
        inputSHA256 = try container.decode(String.self, forKey: .inputSHA256)
        outputSHA256 = try container.decode(String.self, forKey: .outputSHA256)
        inputFormat = try container.decode(String.self, forKey: .inputFormat)
        luminanceOnly = try container.decode(Bool.self, forKey: .luminanceOnly)
        workingWidth = try container.decode(Int.self, forKey: .workingWidth)
        workingHeight = try container.decode(Int.self, forKey: .workingHeight)
        leftOut = try container.decodeIfPresent([LeftOut].self, forKey: .leftOut) ?? []
        ofMethod = try container.decodeIfPresent(MethodReport.self, forKey: .ofMethod) ?? [:]
    }

    /// Encodes every key but an empty `method_report`, a missing `mask_mean` and what the format does
    /// not have; other missing values become null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(width, forKey: .width)
        try container.encode(height, forKey: .height)
        try container.encode(bitDepth, forKey: .bitDepth)
        try container.encode(method, forKey: .method)
        try container.encode(mode, forKey: .mode)
        try container.encode(strength, forKey: .strength)
        try container.encode(clip, forKey: .clip)
        try container.encode(mask, forKey: .mask)
        try container.encodeIfPresent(maskMean, forKey: .maskMean)
        try container.encode(metadata, forKey: .metadata)
        try container.encode(output.format, forKey: .format)
        try output.encode(to: encoder)
        try container.encode(bound, forKey: .bound)
        try container.encode(maxAbsoluteDifference, forKey: .maxAbsoluteDifference)
        try container.encode(psnr.isFinite ? psnr : nil, forKey: .psnr)
        try container.encode(ssim, forKey: .ssim)
        try container.encodeIfPresent(lossless, forKey: .lossless)
        try container.encode(label, forKey: .label)
        try container.encode(artefactSHA256, forKey: .artefactSHA256)
        // Clients know this key from releases that had only this method.
        if method == .deepHiding {
            try container.encode(artefactSHA256, forKey: .semanticImageSHA256)
        }
        try container.encode(modelSHA256, forKey: .modelSHA256)
        try container.encode(inputSHA256, forKey: .inputSHA256)
        try container.encode(outputSHA256, forKey: .outputSHA256)
        try container.encode(inputFormat, forKey: .inputFormat)
        try container.encode(luminanceOnly, forKey: .luminanceOnly)
        try container.encode(workingWidth, forKey: .workingWidth)
        try container.encode(workingHeight, forKey: .workingHeight)
        try container.encode(leftOut, forKey: .leftOut)
        if !ofMethod.isEmpty { try container.encode(ofMethod, forKey: .ofMethod) }
    }
}
