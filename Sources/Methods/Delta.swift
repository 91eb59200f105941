public import Cryptography
public import Imaging

/// The change that a method proposes for a cover; the pipeline masks it, bounds it and adds it to
/// the photo.
public struct Delta: Sendable {
    /// Three channels of the cover's size, of any magnitude; 1 is the whole range of a sample.
    public var planes: PlanarImage
    /// The SHA-256 digest of the part of the class's artefact that was used.
    public let artefactSHA256: SHA256Digest

    /// Creates a proposal.
    public init(planes: PlanarImage, artefactSHA256: SHA256Digest) {
        self.planes = planes
        self.artefactSHA256 = artefactSHA256
    }
}
