public import Cryptography
public import Imaging
public import JobModel
public import Methods

/// A method for tests: noise of one level up or down for every sample, the same for equal numbers.
///
/// Its only tensor-free weights file states the format and nothing else.
public struct ClassNoise: ProtectionMethod {
    public static let id = MethodID(rawValue: "class-noise")
    public static let weightsFormat = "palimpsest-class-noise"

    /// The strength of the noise in levels, below every bound that can be asked for.
    public static let level = 1

    public let modelSHA256: SHA256Digest

    public init(weights: SafetensorsFile, limits: ImageLimits) throws(WeightsError) {
        modelSHA256 = weights.sha256
    }

    public func delta(
        for cover: PlanarImage,
        artefact: ArtefactPart<HashedBytes>,
        mode: ProtectionMode
    ) throws(ImageFailure) -> Delta {
        guard case .generated(let numbers) = artefact else {
            throw ImageFailure(code: "method_takes_no_pictures", detail: "The noise takes no pictures.")
        }
        let words = "\(numbers.familySeed) \(numbers.classIndex) \(numbers.textureSeed)"
        var planes = cover
        for index in planes.samples.indices {
            planes.samples[index] = Float(Self.sign(words, index) * Self.level) / 255
        }
        return Delta(planes: planes, artefactSHA256: SHA256.hash(Array(words.utf8)))
    }

    /// One or minus one, by the lowest bit of FNV-1a's 64 bits over the words and the place.
    public static func sign(_ words: String, _ index: Int) -> Int {
        let hash = "\(words) \(index)".utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return hash >> 40 & 1 == 1 ? 1 : -1
    }
}
