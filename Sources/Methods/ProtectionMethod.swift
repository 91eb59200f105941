public import Cryptography
public import Imaging
public import JobModel

/// A way to change photos so that a network trained on them learns nothing about the photos.
///
/// A method only proposes a change; it never touches a photo. Decoding, masking, the bound, the
/// check, encoding and the report belong to `Protection` and are the same for every method. A
/// method opens no files, reads no clock and draws no random numbers, so equal input gives equal
/// bytes. One instance serves any number of threads at once.
public protocol ProtectionMethod: Sendable {
    /// The method's name in reports and settings.
    static var id: MethodID { get }

    /// The `format` in the metadata of the method's weights files.
    static var weightsFormat: String { get }

    /// The settings that only this method has, at most `MethodSetting.maxCount`.
    static var settings: [MethodSetting] { get }

    /// Loads a weights file of ``weightsFormat``.
    ///
    /// - Parameters:
    ///   - weights: The file, treated as hostile.
    ///   - limits: The bounds on an imported picture, checked before it is decoded.
    /// - Throws: ``WeightsError``.
    init(weights: SafetensorsFile, limits: ImageLimits) throws(WeightsError)

    /// The SHA-256 digest of the weights file.
    var modelSHA256: SHA256Digest { get }

    /// What the method's weights are for under a mask.
    func use(under mask: AppliedMask) -> WeightsUse

    /// What the weights file states about itself.
    var statement: WeightsStatement { get }

    /// Proposes a change to a cover.
    ///
    /// - Parameters:
    ///   - cover: The photo at its working size: three channels in [0, 1], at least 2 x 2.
    ///   - label: The photo's class. What deep hiding needs of it is in the artefact; a method that
    ///     was fitted to a set knows its classes by name.
    ///   - artefact: The photo's part of its class's artefact.
    ///   - settings: The job's settings; those of the method are checked. In class-wise mode the
    ///     class's other photos get the same part, so it is worth caching.
    ///   - mask: The mask that the change will get.
    /// - Returns: A proposal of the cover's size.
    /// - Throws: `ImageFailure`; equal input always gives the same one.
    func delta(
        for cover: PlanarImage,
        of label: ClassLabel,
        artefact: ArtefactPart<HashedBytes>,
        settings: ProtectionSettings,
        under mask: AppliedMask
    ) throws(ImageFailure) -> Delta

    /// Does what of ``delta(for:of:artefact:settings:under:)`` does not depend on the cover's pixels,
    /// which another thread may still be decoding.
    ///
    /// - Parameters:
    ///   - width: The cover's columns.
    ///   - height: The cover's rows.
    ///   - label: As for `delta`.
    ///   - artefact: As for `delta`.
    ///   - settings: As for `delta`.
    ///   - mask: As for `delta`.
    /// - Returns: The rest, for a cover of that size. It gives what `delta` gives.
    /// - Throws: `ImageFailure`; equal input always gives the same one.
    func proposal(
        width: Int,
        height: Int,
        of label: ClassLabel,
        artefact: ArtefactPart<HashedBytes>,
        settings: ProtectionSettings,
        under mask: AppliedMask
    ) throws(ImageFailure) -> Proposal

    /// Converts a picture to the file that is kept as a class's imported artefact.
    ///
    /// - Parameter picture: The file, treated as hostile.
    /// - Returns: An RGB PNG within the limits of `ImportedPicture`.
    /// - Throws: `ImageFailure`; equal input always gives the same one.
    func imported(_ picture: [UInt8]) throws(ImageFailure) -> [UInt8]
}

/// Proposes a change to a cover of a known size; the change does not depend on who runs the bands.
public typealias Proposal =
    @Sendable (
        _ cover: PlanarImage,
        _ bands: BandRunner
    ) throws(ImageFailure) -> Delta

extension ProtectionMethod {
    /// Does everything once the cover is there: the default for methods with nothing to prepare.
    public func proposal(
        width: Int,
        height: Int,
        of label: ClassLabel,
        artefact: ArtefactPart<HashedBytes>,
        settings: ProtectionSettings,
        under mask: AppliedMask
    ) throws(ImageFailure) -> Proposal {
        { (cover, _) throws(ImageFailure) in
            try delta(for: cover, of: label, artefact: artefact, settings: settings, under: mask)
        }
    }

    /// None: the default for methods without settings of their own.
    public static var settings: [MethodSetting] { [] }

    /// By colour channel, at the standard size: the default for methods that know no better.
    public func use(under mask: AppliedMask) -> WeightsUse { WeightsUse() }

    /// The mask alone: the default for methods whose weights files state nothing.
    public var statement: WeightsStatement {
        WeightsStatement(photoMask: use(under: .photo).photoMask)
    }

    /// Refuses every picture: the default for methods that do not use imported ones.
    public func imported(_ picture: [UInt8]) throws(ImageFailure) -> [UInt8] {
        throw ImageFailure(
            code: "method_takes_no_pictures",
            detail: "The method \(Self.id.rawValue) makes what it needs of a class by itself; "
                + "no picture can be imported."
        )
    }
}
