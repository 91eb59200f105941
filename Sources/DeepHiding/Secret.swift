import Cryptography
import Imaging
import JobModel
import SemanticImages

/// The semantic image of one photo, prepared by a network.
struct Secret: Sendable {
    let prepared: PreparedSecret

    /// The SHA-256 digest of the semantic image as interleaved 8-bit RGB samples, which any tool
    /// can compute from the picture's raw pixels.
    let sha256: SHA256Digest

    /// Draws or decodes the semantic image and prepares it.
    ///
    /// A network draws the images that it was trained on, with the seeds of the class.
    ///
    /// - Parameters:
    ///   - part: The photo's part of its class's artefact. An imported picture is treated as
    ///     hostile; its centre is cropped to the working size's aspect.
    ///   - width: The number of columns of the working size.
    ///   - height: The number of rows of the working size.
    ///   - limits: The bounds on an imported picture, checked before it is decoded.
    ///   - network: The network that prepares the image.
    /// - Throws: `ImageFailure`.
    init(
        _ part: ArtefactPart<HashedBytes>,
        width: Int,
        height: Int,
        limits: ImageLimits,
        by network: HidingNetwork
    ) throws(ImageFailure) {
        let image: PlanarImage
        switch part {
        case .generated(let assignment):
            do throws(SemanticImageError) {
                image = try SemanticImageGenerator.image(
                    familySeed: assignment.familySeed,
                    classIndex: assignment.classIndex,
                    textureSeed: assignment.textureSeed,
                    version: network.metadata.semanticImages ?? assignment.generatorVersion,
                    width: width,
                    height: height
                )
            } catch {
                throw ImageFailure(code: error.code, detail: error.detail)
            }
        case .imported(let picture):
            do throws(ImagingError) {
                let picture = try PhotoDecoder.decode(picture.bytes, limits: limits)
                image = picture.planarRGB(covering: width, height: height)
            } catch {
                throw ImageFailure(
                    code: "semantic_image_unreadable",
                    detail: """
                        The semantic image that was imported for the class could not be read. \
                        \(error.detail)
                        """
                )
            }
        }
        prepared = network.prepare(image)
        sha256 = SHA256.hash(image.interleavedRGB)
    }
}
