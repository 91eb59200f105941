import Cryptography
import Imaging
import JobModel
import SemanticImages

/// The semantic image that one photo gets, prepared by a network.
struct Secret: Sendable {
    let prepared: PreparedSecret

    /// The hash of the semantic image as 8-bit RGB samples, interleaved: that of the picture's raw
    /// pixels in any tool.
    let sha256: SHA256Digest

    /// Draws or decodes the semantic image and prepares it.
    ///
    /// - Parameters:
    ///   - part: What the photo gets of its class's artefact; an imported picture, of which the middle
    ///     is taken, is hostile.
    ///   - width: The working size's columns.
    ///   - height: The working size's rows.
    ///   - limits: What an imported picture may claim before it is decoded.
    ///   - network: Prepares it.
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
                    version: assignment.generatorVersion,
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
                    detail: "The semantic image that was imported for the class could not be read. \(error.detail)"
                )
            }
        }
        prepared = network.prepare(image)
        sha256 = SHA256.hash(image.interleavedRGB)
    }
}
