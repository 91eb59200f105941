public import Cryptography
import FoundationEssentials

/// What a weights file states about itself, as far as users of a model want to know it.
///
/// The file may be hostile. So the licence is one short line, and statements that are malformed
/// count as missing.
public struct WeightsStatement: Sendable, Hashable {
    /// The most bytes of a licence; the rest is cut off.
    static let maxLicenceBytes = 2000
    /// The most classes that weights are fitted to.
    public static let maxClasses = 100

    /// The licence of the weights; empty if the file names none.
    public let licence: String
    /// The mask that the weights were trained for.
    public let photoMask: PhotoMask
    /// The hash of the training's recipe, if the file names one.
    public let recipeSHA256: SHA256Digest?
    /// The classes that the weights were fitted to; empty if they serve any class.
    public let classes: [ClassLabel]
    /// The measured protection, if the file names any.
    public var protection: JSONObject?

    /// Creates a statement; the licence is shortened, and freed of control characters.
    public init(
        licence: String = "",
        photoMask: PhotoMask = .channels,
        recipeSHA256: SHA256Digest? = nil,
        classes: [ClassLabel] = [],
        protection: JSONObject? = nil
    ) {
        self.licence = licence.plainLine(atMost: Self.maxLicenceBytes)
        self.photoMask = photoMask
        self.recipeSHA256 = recipeSHA256
        self.classes = classes
        self.protection = protection
    }

    /// Reads the texts of a file's metadata.
    ///
    /// - Parameters:
    ///   - licence: The licence.
    ///   - photoMask: The mask that the weights were trained for.
    ///   - training: The configuration of the training run, as JSON.
    ///   - classes: The classes that the weights were fitted to.
    ///   - protection: The measured protection, as JSON.
    public init(
        licence: String,
        photoMask: PhotoMask,
        training: String,
        classes: [ClassLabel] = [],
        protection: String
    ) {
        self.init(
            licence: licence,
            photoMask: photoMask,
            recipeSHA256: JSONObject(Array(training.utf8)).flatMap(Self.recipe),
            classes: classes,
            protection: JSONObject(Array(protection.utf8))
        )
    }

    private struct Training: Decodable {
        let recipe: String?

        private enum CodingKeys: String, CodingKey {
            case recipe = "recipe_sha256"
        }
    }

    private static func recipe(of training: JSONObject) -> SHA256Digest? {
        let training = try? JSONDecoder().decode(Training.self, from: Data(training.bytes))
        return training?.recipe.flatMap { SHA256Digest(hex: $0) }
    }
}
