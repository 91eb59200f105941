public import Cryptography
public import Imaging
public import JobModel
public import Methods

/// Protects one image at a time: the bytes of a photo in, the bytes of a PNG and a report out.
///
/// Equal bytes, label, settings, artefact and weights give equal PNG bytes on every machine of one
/// instruction-set family. One protector serves any number of threads at once and needs nothing but
/// memory.
public struct Protector: Sendable {
    /// Proposes the change.
    public let method: any ProtectionMethod
    private let limits: ImageLimits
    private let compressionLevel: Int

    /// Makes a protector.
    ///
    /// - Parameters:
    ///   - method: Proposes the change; it may be shared.
    ///   - limits: What a photo may claim before it is decoded.
    ///   - compressionLevel: How hard PNGs are compressed, in `PNGEncoder.compressionLevels`.
    public init(
        method: any ProtectionMethod,
        limits: ImageLimits = ImageLimits(),
        compressionLevel: Int = PNGEncoder.defaultCompressionLevel
    ) {
        self.method = method
        self.limits = limits
        self.compressionLevel = compressionLevel
    }

    /// Protects an image: decode, scale, propose, mask, release within the bound, check, encode, report.
    ///
    /// - Parameters:
    ///   - input: The file with its hash, taken for hostile.
    ///   - label: The image's class; it is only reported.
    ///   - settings: Mode, strength, clip, working size, mask and what metadata is kept.
    ///   - artefact: The part of the class's artefact that this photo gets, hostile like `input`.
    ///   - attachments: What to make besides.
    /// - Returns: The PNG, its report and the attachments.
    /// - Throws: `ImageFailure`; with equal input always the same.
    public func protect(
        _ input: HashedBytes,
        label: ClassLabel,
        settings: ProtectionSettings,
        artefact: ArtefactPart<HashedBytes>,
        attachments: Set<AttachmentKind> = []
    ) throws(ImageFailure) -> ProtectedImage {
        var clock = StageClock()
        var photo = try decode(input.bytes, keeping: settings.metadata)
        clock.lap(\.decode)
        let cover = photo.atWorkingSize(settings.workingSize)
        var delta = try method.delta(for: cover, artefact: artefact, mode: settings.mode)
        try Self.checkIsFinite(delta.planes)
        let mask = settings.mask.applied(width: photo.width, height: photo.height)
        mask.apply(to: &delta.planes, cover: cover, settings)
        // Two copies of a photo in memory are expensive, so only those who asked for attachments pay.
        let original = attachments.isEmpty ? nil : photo
        let quality = Release.apply(
            delta: delta.planes,
            to: &photo,
            strength: settings.strength,
            clip: settings.clip
        )
        let bound = settings.bound(bitDepth: photo.depth.rawValue)
        try Self.check(quality, bound: bound, mask)
        let made = try original.map { original throws(ImageFailure) in
            try Self.make(attachments, of: original, protected: photo)
        }
        var report = ProtectionReport(
            of: photo,
            quality,
            settings: settings,
            mask: mask,
            bound: bound,
            label: label,
            workingSize: (cover.width, cover.height)
        )
        clock.lap(\.network)
        let png = try encode(consume photo)
        clock.lap(\.encode)
        report.method = type(of: method).id
        report.modelSHA256 = method.modelSHA256.hex
        report.artefactSHA256 = delta.artefactSHA256.hex
        report.inputSHA256 = input.sha256.hex
        report.outputSHA256 = SHA256.hash(png).hex
        return ProtectedImage(png: png, report: report, attachments: made ?? [:], durations: clock.durations)
    }

    // MARK: - Steps

    private func decode(_ input: [UInt8], keeping policy: MetadataPolicy) throws(ImageFailure) -> Photo {
        do throws(ImagingError) {
            var photo = try PhotoDecoder.decode(input, limits: limits)
            switch policy {
            case .strip: photo.metadata = PhotoMetadata()
            case .copyright: photo.metadata = photo.metadata.rights
            case .all: photo.metadata = photo.metadata.upright(width: photo.width, height: photo.height)
            }
            return photo
        } catch {
            throw ImageFailure(error)
        }
    }

    private static func checkIsFinite(_ delta: PlanarImage) throws(ImageFailure) {
        guard delta.samples.allSatisfy(\.isFinite) else { throw .notFinite }
    }

    private static func check(_ quality: ImageQuality, bound: Int?, _ mask: AppliedMask) throws(ImageFailure) {
        if let bound, quality.maxAbsoluteDifference > bound { throw .boundExceeded }
        // An unchanged photo must never be handed out as protected.
        guard quality.maxAbsoluteDifference > 0 else { throw .unchanged(mask) }
    }

    private func encode(_ photo: consuming Photo) throws(ImageFailure) -> [UInt8] {
        do { return try PNGEncoder.encode(photo, compressionLevel: compressionLevel) } catch {
            throw ImageFailure(error)
        }
    }
}
