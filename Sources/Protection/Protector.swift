public import Cryptography
public import Imaging
public import JobModel
public import Methods

/// Protects one image at a time, from the bytes of a photo to the bytes of a picture and a report.
///
/// Equal bytes, label, settings, artefact and weights give equal bytes on every machine of one
/// instruction-set family. One protector serves any number of threads at once and needs nothing but
/// memory.
public struct Protector: Sendable {
    /// The method that proposes the change.
    public let method: any ProtectionMethod
    private let limits: ImageLimits
    private let compressionLevel: Int

    /// Creates a protector.
    ///
    /// - Parameters:
    ///   - method: Proposes the change; it may be shared.
    ///   - limits: The bounds on a photo, checked before it is decoded.
    ///   - compressionLevel: The compression level of PNGs, one of `PNGEncoder.compressionLevels`.
    public init(
        method: any ProtectionMethod,
        limits: ImageLimits = ImageLimits(),
        compressionLevel: Int = PNGEncoder.defaultCompressionLevel
    ) {
        self.method = method
        self.limits = limits
        self.compressionLevel = compressionLevel
    }

    /// Protects an image: decode, prepare for the output, propose, mask, release within the bound,
    /// check, encode, measure what a lossy format made of it, report.
    ///
    /// - Parameters:
    ///   - input: The file and its hash, treated as hostile.
    ///   - label: The image's class.
    ///   - settings: The mode, strength, clip, working size, mask, metadata policy and output.
    ///   - artefact: The photo's part of its class's artefact, treated as hostile.
    ///   - attachments: The attachments to create.
    ///   - bands: Runs bands of the photo; the result does not depend on it.
    /// - Returns: The file, its report and the attachments.
    /// - Throws: `ImageFailure`; equal input always gives the same one.
    public func protect(
        _ input: HashedBytes,
        label: ClassLabel,
        settings: ProtectionSettings,
        artefact: ArtefactPart<HashedBytes>,
        attachments: Set<AttachmentKind> = [],
        bands: BandRunner = .serial
    ) throws(ImageFailure) -> ProtectedImage {
        let kind = type(of: method)
        do throws(SettingsFault) {
            try settings.ofMethod.check(against: kind.settings, of: kind.id)
        } catch {
            throw ImageFailure(code: error.code.rawValue, detail: error.detail)
        }
        var clock = StageClock()
        var (photo, early) = try decode(input, label, settings, artefact, bands)
        clock.lap(\.decode)
        let mask = settings.mask.applied(width: photo.width, height: photo.height)
        let use = method.use(under: mask)
        let cover = photo.atWorkingSize(settings.workingSize ?? use.workingSize, bands: bands)
        let propose =
            if let early {
                early
            } else {
                try method.proposal(
                    width: cover.width,
                    height: cover.height,
                    of: label,
                    artefact: artefact,
                    settings: settings,
                    under: mask
                )
            }
        let masking = Masking(mask, as: use.photoMask, cover: cover, settings, bands: bands)
        var delta = try propose(cover, bands)
        try Self.checkIsFinite(delta.planes)
        masking.apply(to: &delta.planes, cover: cover)
        // A second copy of a photo costs much memory, so it is made only where it is needed.
        let isLossless = settings.output.format.isLossless
        let original = attachments.isEmpty && isLossless ? nil : photo
        let quality = Release.apply(
            delta: delta.planes,
            to: &photo,
            strength: settings.strength,
            clip: settings.clip,
            dithers: masking.dithers,
            bands: bands
        )
        let bound = settings.sampleBound(bitDepth: photo.depth.rawValue)
        try Self.check(quality, bound: bound, mask)
        var report = ProtectionReport(
            of: photo,
            quality,
            settings: settings,
            mask: mask,
            maskMean: masking.mean,
            bound: bound,
            label: label,
            workingSize: (cover.width, cover.height)
        )
        // The PNG encoder works in the photo's own memory, so whatever needs the samples comes
        // before.
        var made: [AttachmentKind: [UInt8]] = [:]
        if isLossless, let original {
            made = try Self.make(attachments, of: original, protected: photo)
        }
        clock.lap(\.network)
        let encoder = OutputEncoder(
            compressionLevel: compressionLevel,
            limits: limits,
            bands: bands
        )
        let encoded = try encoder.encode(consume photo, as: settings.output)
        clock.lap(\.encode)
        if let decoded = encoded.decoded, let original {
            report.measure(ImageQuality(original, inColorOr: decoded))
            made = try Self.make(attachments, of: original, protected: decoded)
        }
        report.method = kind.id
        report.ofMethod = delta.report
        report.modelSHA256 = method.modelSHA256.hex
        report.artefactSHA256 = delta.artefactSHA256.hex
        report.inputSHA256 = input.sha256.hex
        report.outputSHA256 = SHA256.hash(encoded.file).hex
        return ProtectedImage(
            file: encoded.file,
            report: report,
            attachments: made,
            durations: clock.durations
        )
    }

    // MARK: - Steps

    /// Decodes a photo, and meanwhile prepares the proposal if another thread is there for it.
    ///
    /// - Returns: The photo; and the proposal, if its size was known early.
    private func decode(
        _ input: HashedBytes,
        _ label: ClassLabel,
        _ settings: ProtectionSettings,
        _ artefact: ArtefactPart<HashedBytes>,
        _ bands: BandRunner
    ) throws(ImageFailure) -> (Photo, Proposal?) {
        guard bands.threads > 1,
            let stored = PhotoDecoder.expectedSize(of: input.bytes, limits: limits)
        else { return (try decode(input.bytes, settings), nil) }
        let size = settings.output.preparedSize(of: stored)
        let mask = settings.mask.applied(width: size.width, height: size.height)
        let cover = WorkingSize.of(
            width: size.width,
            height: size.height,
            shortSide: settings.workingSize ?? method.use(under: mask).workingSize
        )
        let (photo, proposal) = bands.both(
            { Result { () throws(ImageFailure) in try decode(input.bytes, settings) } },
            {
                Result { () throws(ImageFailure) in
                    try method.proposal(
                        width: cover.width,
                        height: cover.height,
                        of: label,
                        artefact: artefact,
                        settings: settings,
                        under: mask
                    )
                }
            }
        )
        let decoded = try photo.get()
        guard decoded.width == size.width, decoded.height == size.height else {
            return (decoded, nil)
        }
        return (decoded, try proposal.get())
    }

    private func decode(
        _ input: [UInt8],
        _ settings: ProtectionSettings
    ) throws(ImageFailure) -> Photo {
        do throws(ImagingError) {
            let output = settings.output
            var photo = try PhotoDecoder.decode(input, limits: limits)
                .prepared(for: output.format, maxSide: output.maxSide)
            switch settings.metadata {
            case .strip: photo.metadata = PhotoMetadata()
            case .copyright: photo.metadata = photo.metadata.rights
            case .all:
                photo.metadata = photo.metadata.upright(width: photo.width, height: photo.height)
            }
            photo.fitMetadata(to: output.format.imageFormat)
            return photo
        } catch {
            throw ImageFailure(error)
        }
    }

    private static func checkIsFinite(_ delta: PlanarImage) throws(ImageFailure) {
        guard delta.samples.allSatisfy(\.isFinite) else { throw .notFinite }
    }

    private static func check(
        _ quality: ImageQuality,
        bound: Int?,
        _ mask: AppliedMask
    ) throws(ImageFailure) {
        if let bound, quality.maxAbsoluteDifference > bound { throw .boundExceeded }
        // Never hand out an unchanged photo as protected.
        guard quality.maxAbsoluteDifference > 0 else { throw .unchanged(mask) }
    }
}
