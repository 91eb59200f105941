import Cryptography
import DeepHiding
import Imaging
import JobModel
import SemanticImages

/// The semantic image that one image gets.
struct Secret: Sendable {
    let image: PlanarImage

    /// The hash of the secret as 8-bit RGB samples, interleaved: that of the picture's raw pixels in any tool.
    let sha256: SHA256Digest

    /// Draws the secret of an image at its working size.
    ///
    /// - Parameters:
    ///   - assignment: Of the image's class.
    ///   - mode: Class-wise takes the class's texture; sample-wise one that the image's own bytes determine.
    ///   - input: The hash of the image's file.
    ///   - size: The working size.
    /// - Throws: ``SemanticImageError``.
    init(
        _ assignment: SemanticImageAssignment,
        mode: ProtectionMode,
        input: SHA256Digest,
        size: (width: Int, height: Int)
    ) throws(SemanticImageError) {
        let textureSeed =
            switch mode {
            case .classWise: assignment.textureSeed
            case .sampleWise: input.sampleSeed(assignment.textureSeed)
            }
        self.init(
            try SemanticImageGenerator.image(
                familySeed: assignment.familySeed,
                classIndex: assignment.classIndex,
                textureSeed: textureSeed,
                version: assignment.generatorVersion,
                width: size.width,
                height: size.height
            )
        )
    }

    /// Takes the secret from a picture that was imported: its middle, filling the working size.
    ///
    /// - Parameters:
    ///   - picture: The decoded picture.
    ///   - size: The working size.
    init(_ picture: Photo, size: (width: Int, height: Int)) {
        self.init(picture.planarRGB(covering: size.width, height: size.height))
    }

    private init(_ image: PlanarImage) {
        self.image = image
        sha256 = SHA256.hash(image.interleavedRGB)
    }
}

/// A secret that a network has prepared.
struct ReadySecret: Sendable {
    let prepared: PreparedSecret
    let sha256: SHA256Digest

    init(_ secret: Secret, by network: HidingNetwork) {
        prepared = network.prepare(secret.image)
        sha256 = secret.sha256
    }
}
