public import Cryptography
public import Imaging
public import JobModel

/// A way of changing photos so that a network which trains on them learns nothing about the photos.
///
/// A method proposes; it never touches a photo. Decoding, masking, the bound, the check, encoding and
/// the report belong to `Protection` and are the same for every method. A method opens no files, asks
/// no clock and draws no random numbers, so that equal input gives equal bytes. One instance serves
/// any number of threads at once.
public protocol ProtectionMethod: Sendable {
    /// Its name in reports and settings.
    static var id: MethodID { get }

    /// The `format` that its weights files state in their metadata.
    static var weightsFormat: String { get }

    /// Loads a weights file of ``weightsFormat``.
    ///
    /// - Parameters:
    ///   - weights: The file, taken for hostile.
    ///   - limits: What an imported picture may claim before it is decoded.
    /// - Throws: ``WeightsError``.
    init(weights: SafetensorsFile, limits: ImageLimits) throws(WeightsError)

    /// The hash of its weights file.
    var modelSHA256: SHA256Digest { get }

    /// Proposes a change of a cover.
    ///
    /// - Parameters:
    ///   - cover: The photo at its working size: three channels in [0, 1], at least 2 x 2.
    ///   - artefact: The part of its class's artefact that the photo gets.
    ///   - mode: Whether the class's other photos get the same part, so that it is worth keeping.
    /// - Returns: A proposal of the cover's size.
    /// - Throws: `ImageFailure`; with equal input always the same.
    func delta(
        for cover: PlanarImage,
        artefact: ArtefactPart<HashedBytes>,
        mode: ProtectionMode
    ) throws(ImageFailure) -> Delta

    /// Makes of a picture the file that is kept as a class's imported artefact.
    ///
    /// - Parameter picture: The file, taken for hostile.
    /// - Returns: A PNG of RGB within the limits of `ImportedPicture`.
    /// - Throws: `ImageFailure`; with equal input always the same.
    func imported(_ picture: [UInt8]) throws(ImageFailure) -> [UInt8]
}

extension ProtectionMethod {
    /// Refuses every picture, as methods do that have no use for one.
    public func imported(_ picture: [UInt8]) throws(ImageFailure) -> [UInt8] {
        throw ImageFailure(
            code: "method_takes_no_pictures",
            detail: "The method \(Self.id.rawValue) makes what it needs of a class by itself; "
                + "no picture can be imported."
        )
    }
}
