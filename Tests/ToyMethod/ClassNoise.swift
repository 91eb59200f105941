public import Cryptography
public import Imaging
public import JobModel
public import Methods

/// A method for tests: noise of some levels up or down for every sample, the same for equal numbers.
///
/// Its weights file states the format and has no tensors.
public struct ClassNoise: ProtectionMethod {
    /// `class-noise`.
    public static let id = MethodID(rawValue: "class-noise")
    /// `palimpsest-class-noise`.
    public static let weightsFormat = "palimpsest-class-noise"

    /// The strength of the noise in levels.
    public static let level = MethodSetting("level", values: 1...4, standard: 1)
    /// ``level``.
    public static let settings = [level]

    /// The hash of the weights file.
    public let modelSHA256: SHA256Digest

    /// What the weights file states, which may be anything.
    public let statement: WeightsStatement

    /// Takes any file of the format: there is nothing in it to load.
    public init(weights: SafetensorsFile, limits: ImageLimits) throws(WeightsError) {
        modelSHA256 = weights.sha256
        statement = WeightsStatement(
            licence: weights.metadata["licence"] ?? "",
            photoMask: .channels,
            training: weights.metadata["training"] ?? "",
            protection: weights.metadata["protection"] ?? ""
        )
    }

    /// Every sample up or down by ``level``, which the report repeats.
    public func delta(
        for cover: PlanarImage,
        of label: ClassLabel,
        artefact: ArtefactPart<HashedBytes>,
        settings: ProtectionSettings,
        under mask: AppliedMask
    ) throws(ImageFailure) -> Delta {
        guard case .generated(let numbers) = artefact else {
            throw ImageFailure(
                code: "method_takes_no_pictures",
                detail: "The noise takes no pictures."
            )
        }
        let words = "\(numbers.familySeed) \(numbers.classIndex) \(numbers.textureSeed)"
        let digest = SHA256.hash(Array(words.utf8))
        var state = digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        let level = settings.ofMethod[Self.level]
        var planes = cover
        for index in planes.samples.indices {
            planes.samples[index] = Float(Self.sign(&state) * level) / 255
        }
        return Delta(planes: planes, artefactSHA256: digest, report: ["level": Double(level)])
    }

    /// One or minus one: the highest bit of a linear congruential generator (Knuth's MMIX).
    private static func sign(_ state: inout UInt64) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 63 == 1 ? 1 : -1
    }
}
