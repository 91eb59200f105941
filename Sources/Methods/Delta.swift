public import Cryptography
public import Imaging

/// What a method proposes to add to a cover; the pipeline masks it, bounds it and lays it over the photo.
public struct Delta: Sendable {
    /// Three channels of the cover's size, 1 for the whole range of a sample, of any magnitude.
    public var planes: PlanarImage
    /// The hash of the part of the class's artefact that it was made with.
    public let artefactSHA256: SHA256Digest

    /// Proposes a change.
    public init(planes: PlanarImage, artefactSHA256: SHA256Digest) {
        self.planes = planes
        self.artefactSHA256 = artefactSHA256
    }
}
