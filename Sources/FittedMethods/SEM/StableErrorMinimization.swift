public import Cryptography
public import Imaging
public import JobModel
public import Methods

/// Stable error-minimising noise (Liu et al., AAAI 2024), by a surrogate that `palimpsest fit sem` has
/// fitted to a set: networks that are trained adversarially with a small radius learn it as well.
public struct StableErrorMinimization: ProtectionMethod {
    /// `sem`.
    public static let id = MethodID(rawValue: "sem")

    /// `palimpsest-sem`.
    public static let weightsFormat = "palimpsest-sem"

    /// The most pixels at which noise is found: a photo then takes some seconds.
    static let maxPixels = 1 << 17

    /// The SHA-256 digest of the weights file.
    public let modelSHA256: SHA256Digest
    /// Licence, recipe, classes and measured protection of the file's metadata.
    public let statement: WeightsStatement

    private let fitted: FittedUse
    private let noise: StableNoise

    /// Loads a weights file; see `ProtectionMethod`.
    public init(weights: SafetensorsFile, limits: ImageLimits) throws(WeightsError) {
        fitted = try FittedUse(weights.metadata)
        noise = StableNoise(
            surrogate: try SurrogateNetwork(weights, classes: fitted.classes.count),
            recipe: try NoiseRecipe(weights.metadata)
        )
        modelSHA256 = weights.sha256
        statement = fitted.statement
    }

    /// The mask and the working size that the surrogate was fitted for.
    public func use(under mask: AppliedMask) -> WeightsUse { fitted.use }

    /// Returns the noise for a photo of one of the surrogate's classes.
    ///
    /// It depends on the photo; the part of the class's artefact only seeds its random draws.
    public func delta(
        for cover: PlanarImage,
        of label: ClassLabel,
        artefact: ArtefactPart<HashedBytes>,
        settings: ProtectionSettings,
        under mask: AppliedMask
    ) throws(ImageFailure) -> Delta {
        let index = try fitted.index(of: label)
        guard cover.width * cover.height <= Self.maxPixels else {
            throw .tooManyPixels(cover, atMost: Self.maxPixels)
        }
        let (seed, digest) = artefact.drawing
        let bound = Float(settings.strength) / 255
        var planes = noise.noise(for: cover, label: index, bound: bound, seed: seed)
        if settings.clip { planes.undoSoftBound(bound) }
        return Delta(planes: planes, artefactSHA256: digest)
    }
}

extension ImageFailure {
    /// A picture whose noise would take too long.
    fileprivate static func tooManyPixels(
        _ cover: PlanarImage,
        atMost limit: Int
    ) -> ImageFailure {
        ImageFailure(
            code: "working_size_unsupported",
            detail: "This model finds its change at no more than \(limit) pixels, and the picture "
                + "has \(cover.width) x \(cover.height) at its working size. Leave the working "
                + "size out, or crop the picture."
        )
    }
}

extension ArtefactPart<HashedBytes> {
    /// A seed for random draws, and the digest that the report names.
    fileprivate var drawing: (seed: UInt64, digest: SHA256Digest) {
        let digest =
            switch self {
            case .generated(let assignment):
                SHA256.hash(
                    Array(
                        "palimpsest sem\n\(assignment.familySeed)\n\(assignment.textureSeed)".utf8
                    )
                )
            case .imported(let picture): picture.sha256
            }
        return (digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }, digest)
    }
}
