public import JobModel
import Methods
import SemanticImages

/// The metadata of a weights file.
public struct WeightsMetadata: Sendable, Equatable {
    /// The number of coupling blocks, 1...64.
    public let blocks: Int

    /// The number of channels that each of the first four convolutions of a sub-module adds,
    /// 1...256.
    public let growth: Int

    /// The bound of the log-scale: `E(s) = exp(clamp * tanh(s / 2))`; above 0, at most 8.
    public let clamp: Float

    /// What the network's proposal is multiplied by, above 0 and at most 16; 1 if the file names none.
    public let gain: Float

    /// The version of the semantic images that the network was trained on; `nil` if the file names
    /// none, which stands for that of each class's assignment.
    public let semanticImages: Int?

    /// The mask that the network was trained for; ``PhotoMask/channels`` if the file names none.
    public let photoMask: PhotoMask

    /// The short side in pixels at which the network is to hide, in
    /// `ProtectionSettings.workingSizes`; 128 if the file names none.
    public let workingSize: Int

    /// The licence of the weights; empty if the file names none.
    public let licence: String

    /// The configuration of the training run, as JSON; empty if the file has none.
    public let training: String

    /// The measured protection, as JSON; empty if the file has none.
    public let protection: String

    static let format = "palimpsest-deep-hiding"
    static let maxBlocks = 64
    static let maxGrowth = 256
    static let maxClamp: Float = 8
    static let maxGain: Float = 16

    /// Validates the string metadata of a safetensors file.
    ///
    /// - Parameter values: The file's `__metadata__`.
    /// - Throws: ``WeightsError`` with `weights_unsupported`.
    init(_ values: [String: String]) throws(WeightsError) {
        guard values["format"] == Self.format else {
            throw WeightsError(.unsupported, "the metadata's format is not \(Self.format)")
        }
        guard ["1", "2"].contains(values["format_version"]) else {
            throw WeightsError(.unsupported, "the metadata's format_version is not 1 or 2")
        }
        guard values["wavelet"] == "haar" else {
            throw WeightsError(.unsupported, "the metadata's wavelet is not haar")
        }
        guard let blocks = values["blocks"].flatMap({ Int($0) }), 1...Self.maxBlocks ~= blocks
        else {
            throw WeightsError(
                .unsupported,
                "the metadata's blocks are not between 1 and \(Self.maxBlocks)"
            )
        }
        guard let growth = values["growth"].flatMap({ Int($0) }), 1...Self.maxGrowth ~= growth
        else {
            throw WeightsError(
                .unsupported,
                "the metadata's growth is not between 1 and \(Self.maxGrowth)"
            )
        }
        guard let clamp = values["clamp"].flatMap({ Float($0) }), clamp > 0, clamp <= Self.maxClamp
        else {
            throw WeightsError(
                .unsupported,
                "the metadata's clamp is not above 0 and at most \(Self.maxClamp)"
            )
        }
        guard let gain = Float(values["gain"] ?? "1"), gain > 0, gain <= Self.maxGain else {
            throw WeightsError(
                .unsupported,
                "the metadata's gain is not above 0 and at most \(Self.maxGain)"
            )
        }
        semanticImages = try values["semantic_images"].map { text throws(WeightsError) in
            guard let version = Int(text), SemanticImageGenerator.versions.contains(version) else {
                throw WeightsError(
                    .unsupported,
                    "the metadata's semantic_images are of a version that this program lacks"
                )
            }
            return version
        }
        let sizes = ProtectionSettings.workingSizes
        guard let size = Int(values["working_size"] ?? "\(WeightsUse.standardWorkingSize)"),
            sizes.contains(size)
        else {
            throw WeightsError(
                .unsupported,
                "the metadata's working_size is not between \(sizes.lowerBound) and \(sizes.upperBound)"
            )
        }
        workingSize = size
        let masks = PhotoMask.allCases.map(\.rawValue).joined(separator: " or ")
        guard let mask = PhotoMask(rawValue: values["photo_mask"] ?? PhotoMask.channels.rawValue)
        else { throw WeightsError(.unsupported, "the metadata's photo_mask is not \(masks)") }
        self.blocks = blocks
        self.gain = gain
        photoMask = mask
        self.growth = growth
        self.clamp = clamp
        licence = values["licence"] ?? ""
        training = values["training"] ?? ""
        protection = values["protection"] ?? ""
    }
}
