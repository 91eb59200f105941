public import Cryptography
public import Imaging
public import JobModel

/// The change that a method proposes for a cover; the pipeline masks it, bounds it and adds it to
/// the photo.
public struct Delta: Sendable {
    /// Three channels of the cover's size, of any magnitude; 1 is the whole range of a sample.
    public var planes: PlanarImage
    /// The SHA-256 digest of the part of the class's artefact that was used.
    public let artefactSHA256: SHA256Digest
    /// The method's own section of the report.
    public let report: MethodReport

    /// Creates a proposal.
    ///
    /// - Precondition: The report is well-formed.
    public init(planes: PlanarImage, artefactSHA256: SHA256Digest, report: MethodReport = [:]) {
        precondition(report.isWellFormed)
        self.planes = planes
        self.artefactSHA256 = artefactSHA256
        self.report = report
    }
}
