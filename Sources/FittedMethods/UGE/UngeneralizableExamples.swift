public import Cryptography
public import Imaging
public import JobModel
public import Methods

/// Ungeneralizable examples (Ye and Wang, CVPR 2024), by a generator that `palimpsest fit uge` has
/// fitted to a set: a network of the licensed recipe still learns from them.
public struct UngeneralizableExamples: ProtectionMethod {
    /// `uge`.
    public static let id = MethodID(rawValue: "uge")

    /// `palimpsest-uge`.
    public static let weightsFormat = "palimpsest-uge"

    /// The SHA-256 digest of the weights file.
    public let modelSHA256: SHA256Digest
    /// Licence, recipe, classes and measured protection of the file's metadata.
    public let statement: WeightsStatement

    private let fitted: FittedUse
    private let generator: FittedGenerator

    /// Loads a weights file; see `ProtectionMethod`.
    public init(weights: SafetensorsFile, limits: ImageLimits) throws(WeightsError) {
        fitted = try FittedUse(weights.metadata)
        generator = try FittedGenerator(weights, classes: fitted.classes.count)
        modelSHA256 = weights.sha256
        statement = fitted.statement
    }

    /// The mask and the working size that the generator was fitted for.
    public func use(under mask: AppliedMask) -> WeightsUse { fitted.use }

    /// Returns the generator's change for a photo of one of its classes.
    ///
    /// It depends on photo and class alone, so the job's mode makes no difference.
    public func delta(
        for cover: PlanarImage,
        of label: ClassLabel,
        artefact: ArtefactPart<HashedBytes>,
        settings: ProtectionSettings,
        under mask: AppliedMask
    ) throws(ImageFailure) -> Delta {
        generator.delta(for: cover, label: try fitted.index(of: label))
    }
}
