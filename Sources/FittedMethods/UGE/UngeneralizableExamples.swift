public import Cryptography
import DeepHiding
public import Imaging
public import JobModel
public import Methods

/// Ungeneralizable examples (after Ye and Wang, CVPR 2024): pictures that a licensed learner learns
/// from as from the originals, and others do not.
///
/// The change is that of deep hiding, along a secret field of colours. A learner that leaves the
/// field out, as its licence says, gets the same inputs of a protected picture as of the original,
/// up to rounding, and so the same gradients.
public struct UngeneralizableExamples: ProtectionMethod {
    /// `uge`.
    public static let id = MethodID(rawValue: "uge")

    /// `palimpsest-uge`.
    public static let weightsFormat = "palimpsest-uge"

    /// What a weights file calls its deep-hiding network.
    static let hidingPart = "hiding"
    static let maxGain: Float = 16

    /// The SHA-256 digest of the weights file.
    public let modelSHA256: SHA256Digest
    /// Licence, recipe and measured protection of the file's metadata.
    public let statement: WeightsStatement

    private let hiding: DeepHidingMethod
    private let field: ColourField
    /// What the carried change is multiplied by before it is bounded.
    private let gain: Float

    /// Loads a weights file; see `ProtectionMethod`.
    public init(weights: SafetensorsFile, limits: ImageLimits) throws(WeightsError) {
        guard weights.metadata["format_version"] == "1" else {
            throw WeightsError(.unsupported, "the metadata's format_version is not 1")
        }
        guard let gain = weights.metadata["gain"].flatMap({ Float($0) }), gain > 0,
            gain <= Self.maxGain
        else {
            throw WeightsError(
                .unsupported,
                "the metadata's gain is not above 0 and at most \(Self.maxGain)"
            )
        }
        do throws(WeightsError) {
            hiding = try DeepHidingMethod(weights: weights.part(Self.hidingPart), limits: limits)
        } catch {
            throw WeightsError(
                error.code,
                "in the part \(Self.hidingPart), the network that hides, " + error.detail
            )
        }
        field = try ColourField(weights)
        self.gain = gain
        modelSHA256 = weights.sha256
        statement = WeightsStatement(
            licence: weights.metadata["licence"] ?? "",
            photoMask: hiding.use(under: .photo).photoMask,
            training: weights.metadata["training"] ?? "",
            protection: weights.metadata["protection"] ?? ""
        )
    }

    /// The mask and the working size of the network that hides.
    public func use(under mask: AppliedMask) -> WeightsUse { hiding.use(under: mask) }

    /// Returns deep hiding's change along the field, within the strength.
    ///
    /// - Throws: `ImageFailure` with `mask_unsupported` under the mask of photos, which bounds the
    ///   channels one by one and so turns the change out of the field.
    public func delta(
        for cover: PlanarImage,
        of label: ClassLabel,
        artefact: ArtefactPart<HashedBytes>,
        settings: ProtectionSettings,
        under mask: AppliedMask
    ) throws(ImageFailure) -> Delta {
        guard mask == .unmasked else { throw .maskUnsupported }
        var delta = try hiding.delta(
            for: cover,
            of: label,
            artefact: artefact,
            settings: settings,
            under: mask
        )
        let bound = Float(settings.strength) / 255
        field.carry(&delta.planes, gain: gain, within: bound)
        if settings.clip { delta.planes.undoSoftBound(bound) }
        return delta
    }

    /// Converts a picture to the form in which semantic images are kept.
    public func imported(_ picture: [UInt8]) throws(ImageFailure) -> [UInt8] {
        try hiding.imported(picture)
    }
}

extension ImageFailure {
    /// A photo under its mask, which would take the change out of the field.
    fileprivate static var maskUnsupported: ImageFailure {
        ImageFailure(
            code: "mask_unsupported",
            detail: "This model's change lies along its licence's colours, which mask=photo would "
                + "alter; mask=auto means photo above 64 pixels. Send mask=none, or another model."
        )
    }
}
