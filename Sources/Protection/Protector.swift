public import Cryptography
public import DeepHiding
public import Imaging
public import JobModel
import SemanticImages

/// Protects one image at a time: the bytes of a photo in, the bytes of a PNG and a report out.
///
/// The photo is decoded; the network hides the class's secret in it at the working size; the difference is masked, scaled to the
/// photo's size, bounded, and added to the integer samples; the result is checked, encoded and measured. Equal bytes,
/// label, settings, semantic image and weights give equal PNG bytes on every machine of one instruction-set family. One
/// protector serves any number of threads at once and needs nothing but memory.
public struct Protector: Sendable {
    private let network: HidingNetwork
    let limits: ImageLimits
    private let compressionLevel: Int
    private let cache = SecretCache()

    /// Makes a protector.
    ///
    /// - Parameters:
    ///   - network: The network; it may be shared.
    ///   - limits: What a picture may claim before it is decoded.
    ///   - compressionLevel: How hard PNGs are compressed, in `PNGEncoder.compressionLevels`.
    public init(
        network: HidingNetwork,
        limits: ImageLimits = ImageLimits(),
        compressionLevel: Int = PNGEncoder.defaultCompressionLevel
    ) {
        self.network = network
        self.limits = limits
        self.compressionLevel = compressionLevel
    }

    /// Protects an image.
    ///
    /// - Parameters:
    ///   - input: The file, taken for hostile.
    ///   - label: The image's class; it is only reported.
    ///   - settings: Mode, strength, clip, working size, mask and what metadata is kept.
    ///   - semanticImage: The class's assignment, or the imported picture for this image, taken for hostile like `input`.
    ///   - attachments: What to make besides.
    /// - Returns: The PNG, its report and the attachments.
    /// - Throws: ``ProtectionError``; with equal input always the same.
    public func protect(
        _ input: [UInt8],
        label: ClassLabel,
        settings: ProtectionSettings,
        semanticImage: SemanticImageSource<HashedBytes>,
        attachments: Set<AttachmentKind> = []
    ) throws(ProtectionError) -> ProtectedImage {
        let begin = ContinuousClock.now
        let inputHash = SHA256.hash(input)
        var photo = try decode(input, keeping: settings.metadata)
        let decoded = ContinuousClock.now
        let size = WorkingSize.of(width: photo.width, height: photo.height, shortSide: settings.workingSize)
        let secret = try secret(semanticImage, settings.mode, inputHash, size)
        let mask = settings.mask.applied(width: photo.width, height: photo.height)
        let delta = try perturbation(of: photo, by: secret, size: size, mask: mask, settings)
        // A photo in memory twice is dear, so only for those who want it.
        let original = attachments.isEmpty ? nil : photo
        let quality = Release.apply(delta: delta, to: &photo, strength: settings.strength, clip: settings.clip)

        let difference = quality.maxAbsoluteDifference
        let bound = settings.bound(bitDepth: photo.depth.rawValue)
        if let bound, difference > bound { throw .boundExceeded }
        // Never handed out as protected, since it is the photo as it was.
        guard difference > 0 else { throw .unchanged(mask) }
        let made = try original.map { original throws(ProtectionError) in
            try Self.make(attachments, of: original, protected: photo)
        }
        let (width, height, depth) = (photo.width, photo.height, photo.depth)
        let (format, luminanceOnly) = (photo.sourceFormat, photo.layout.colorChannels == 1)
        let leftOut = (photo.colorOmissions + photo.metadata.omissions).map { omission in
            LeftOut(part: omission.part.rawValue, reason: omission.reason.rawValue)
        }
        let changed = ContinuousClock.now
        let png = try encode(consume photo)
        let encoded = ContinuousClock.now
        let report = ProtectionReport(
            width: width,
            height: height,
            bitDepth: depth.rawValue,
            mode: settings.mode,
            strength: settings.strength,
            clip: settings.clip,
            mask: mask,
            metadata: settings.metadata,
            bound: bound,
            maxAbsoluteDifference: difference,
            psnr: quality.psnr,
            ssim: quality.ssim,
            label: label,
            semanticImageSHA256: secret.sha256.hex,
            modelSHA256: network.sha256.hex,
            inputSHA256: inputHash.hex,
            outputSHA256: SHA256.hash(png).hex,
            inputFormat: format.rawValue,
            luminanceOnly: luminanceOnly,
            workingWidth: size.width,
            workingHeight: size.height,
            leftOut: leftOut
        )
        let durations = StageDurations(
            decode: begin.duration(to: decoded) / .seconds(1),
            network: decoded.duration(to: changed) / .seconds(1),
            encode: changed.duration(to: encoded) / .seconds(1)
        )
        return ProtectedImage(png: png, report: report, attachments: made ?? [:], durations: durations)
    }

    // MARK: - Steps

    private func decode(_ input: [UInt8], keeping policy: MetadataPolicy) throws(ProtectionError) -> Photo {
        do throws(ImagingError) {
            var photo = try PhotoDecoder.decode(input, limits: limits)
            switch policy {
            case .strip: photo.metadata = PhotoMetadata()
            case .copyright: photo.metadata = photo.metadata.rights
            case .all: photo.metadata = photo.metadata.upright(width: photo.width, height: photo.height)
            }
            return photo
        } catch {
            throw ProtectionError(error)
        }
    }

    private func encode(_ photo: consuming Photo) throws(ProtectionError) -> [UInt8] {
        do { return try PNGEncoder.encode(photo, compressionLevel: compressionLevel) } catch {
            throw ProtectionError(error)
        }
    }

    private func secret(
        _ source: SemanticImageSource<HashedBytes>,
        _ mode: ProtectionMode,
        _ input: SHA256Digest,
        _ size: (width: Int, height: Int)
    ) throws(ProtectionError) -> ReadySecret {
        func make() throws(ProtectionError) -> ReadySecret {
            ReadySecret(try drawn(source, mode, input, size), by: network)
        }
        func key(_ source: SecretCache.Source) -> SecretCache.Key {
            SecretCache.Key(source: source, width: size.width, height: size.height)
        }
        switch (source, mode) {
        case (.generated(let assignment), .classWise): return try cache.secret(key(.generated(assignment)), make: make)
        // No other image will have it.
        case (.generated, .sampleWise): return try make()
        case (.imported(let picture), _): return try cache.secret(key(.imported(picture.sha256)), make: make)
        }
    }

    private func drawn(
        _ source: SemanticImageSource<HashedBytes>,
        _ mode: ProtectionMode,
        _ input: SHA256Digest,
        _ size: (width: Int, height: Int)
    ) throws(ProtectionError) -> Secret {
        switch source {
        case .generated(let assignment):
            do { return try Secret(assignment, mode: mode, input: input, size: size) } catch {
                throw ProtectionError(error)
            }
        case .imported(let picture):
            do throws(ImagingError) {
                return Secret(try PhotoDecoder.decode(picture.bytes, limits: limits), size: size)
            } catch {
                throw .semanticImageUnreadable(error)
            }
        }
    }

    /// What the network changes on the photo at the working size: `x_ue - x_c`, not yet bounded, or bounded and masked.
    private func perturbation(
        of photo: Photo,
        by secret: ReadySecret,
        size: (width: Int, height: Int),
        mask: AppliedMask,
        _ settings: ProtectionSettings
    ) throws(ProtectionError) -> PlanarImage {
        let cover = photo.planarRGB(scaledTo: size.width, height: size.height)
        var delta = network.hide(cover: cover, secret: secret.prepared)
        var isFinite = true
        delta.samples.withUnsafeMutableBufferPointer { delta in
            cover.samples.withUnsafeBufferPointer { cover in
                for index in delta.indices {
                    delta[index] -= cover[index]
                    isFinite = isFinite && delta[index].isFinite
                }
            }
        }
        guard isFinite else { throw .notFinite }
        switch mask {
        case .photo:
            let bound = settings.clip ? Float(settings.strength) / 255 : nil
            PhotoMask.apply(to: &delta, cover: cover, bound: bound)
        case .unmasked: break
        }
        return delta
    }
}
