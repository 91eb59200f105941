public import Cryptography
public import Imaging
public import JobModel
public import Methods

/// Deep hiding (Meng et al., "Semantic Deep Hiding for Robust Unlearnable Examples"): an invertible
/// network hides a semantic image of the class in the photo.
public struct DeepHidingMethod: ProtectionMethod {
    /// `deep-hiding`.
    public static var id: MethodID { .deepHiding }

    /// `palimpsest-deep-hiding`.
    public static var weightsFormat: String { WeightsMetadata.format }

    /// The SHA-256 digest of the weights file.
    public var modelSHA256: SHA256Digest { network.sha256 }

    /// The mask and the working size of the network that hides under a mask.
    public func use(under mask: AppliedMask) -> WeightsUse {
        let metadata = network(under: mask).metadata
        return WeightsUse(photoMask: metadata.photoMask, workingSize: metadata.workingSize)
    }

    /// The licence, the recipe and the measured protection of the file's metadata.
    public var statement: WeightsStatement {
        WeightsStatement(
            licence: network.metadata.licence,
            photoMask: use(under: .photo).photoMask,
            training: network.metadata.training,
            protection: network.metadata.protection
        )
    }

    /// What a weights file calls the network that hides under the mask of photos.
    static let maskedPart = "masked"

    private let network: HidingNetwork
    /// The network that hides under the mask of photos, if it is another one.
    private let masked: HidingNetwork?
    private let limits: ImageLimits
    private let secrets = SecretCache()

    /// Loads a weights file; see `ProtectionMethod`.
    ///
    /// A file of version 1 has one network. One of version 2 has two: `masked.` begins the names of
    /// the tensors and metadata of that which hides under the mask of photos.
    public init(weights: SafetensorsFile, limits: ImageLimits) throws(WeightsError) {
        guard weights.metadata["format_version"] == "2" else {
            self.init(network: try HidingNetwork(weights), limits: limits)
            return
        }
        let masked: HidingNetwork
        do throws(WeightsError) {
            masked = try HidingNetwork(weights.part(Self.maskedPart))
        } catch {
            throw WeightsError(
                error.code,
                "in the part \(Self.maskedPart), the network for the mask of photos, "
                    + error.detail
            )
        }
        self.init(
            network: try HidingNetwork(weights.without(Self.maskedPart)),
            masked: masked,
            limits: limits
        )
    }

    /// Creates a method from networks.
    ///
    /// - Parameters:
    ///   - network: The network; it may be shared.
    ///   - masked: The network that hides under the mask of photos, if it is another one.
    ///   - limits: The bounds on an imported semantic image, checked before it is decoded.
    public init(
        network: HidingNetwork,
        masked: HidingNetwork? = nil,
        limits: ImageLimits = ImageLimits()
    ) {
        self.network = network
        self.masked = masked
        self.limits = limits
    }

    /// The network that hides under a mask.
    public func network(under mask: AppliedMask) -> HidingNetwork {
        switch mask {
        case .photo: masked ?? network
        case .unmasked: network
        }
    }

    /// Returns the change that hiding the semantic image makes, the network's gain times
    /// `x_ue - x_c`, before any bound is applied.
    public func delta(
        for cover: PlanarImage,
        of label: ClassLabel,
        artefact: ArtefactPart<HashedBytes>,
        settings: ProtectionSettings,
        under mask: AppliedMask
    ) throws(ImageFailure) -> Delta {
        let propose = try proposal(
            width: cover.width,
            height: cover.height,
            of: label,
            artefact: artefact,
            settings: settings,
            under: mask
        )
        return try propose(cover, .serial)
    }

    /// Draws or decodes the semantic image and prepares it, or takes it from the cache.
    public func proposal(
        width: Int,
        height: Int,
        of label: ClassLabel,
        artefact: ArtefactPart<HashedBytes>,
        settings: ProtectionSettings,
        under mask: AppliedMask
    ) throws(ImageFailure) -> Proposal {
        let network = network(under: mask)
        let secret = try secret(artefact, settings.mode, width: width, height: height, under: mask)
        let gain = network.metadata.gain
        return { cover, bands in
            var delta = network.hide(cover: cover, secret: secret.prepared, bands: bands)
            delta.samples.withUnsafeMutableBufferPointer { delta in
                cover.samples.withUnsafeBufferPointer { cover in
                    for index in delta.indices {
                        delta[index] = gain * (delta[index] - cover[index])
                    }
                }
            }
            return Delta(planes: delta, artefactSHA256: secret.sha256)
        }
    }

    /// Converts a picture to the form in which semantic images are kept.
    ///
    /// The result is upright RGB: gray is repeated, alpha and the colour profile are dropped, and a
    /// picture with a side longer than `ImportedPicture.maxSide` is scaled down with antialiasing.
    /// A picture that needs none of this keeps its samples.
    public func imported(_ picture: [UInt8]) throws(ImageFailure) -> [UInt8] {
        do throws(ImagingError) {
            let picture = try PhotoDecoder.decode(picture, limits: limits)
            let (width, height) = Self.keptSize(of: picture)
            let planes = picture.planarRGB(scaledTo: width, height: height)
            return try PNGEncoder.encode(
                Photo(width: width, height: height, layout: .rgb, samples: planes.interleavedRGB)
            )
        } catch {
            throw ImageFailure(code: error.code.rawValue, detail: error.detail)
        }
    }

    private static func keptSize(of picture: Photo) -> (width: Int, height: Int) {
        let long = max(picture.width, picture.height)
        guard long > ImportedPicture.maxSide else { return (picture.width, picture.height) }
        func scaled(_ side: Int) -> Int {
            max(1, (2 * side * ImportedPicture.maxSide + long) / (2 * long))
        }
        return (scaled(picture.width), scaled(picture.height))
    }

    private func secret(
        _ part: ArtefactPart<HashedBytes>,
        _ mode: ProtectionMode,
        width: Int,
        height: Int,
        under mask: AppliedMask
    ) throws(ImageFailure) -> Secret {
        func make() throws(ImageFailure) -> Secret {
            try Secret(
                part,
                width: width,
                height: height,
                limits: limits,
                by: network(under: mask)
            )
        }
        switch (part, mode) {
        // No other photo shares this texture, so caching it would be useless.
        case (.generated, .sampleWise): return try make()
        case (.generated, .classWise), (.imported, _):
            let key = SecretCache.Key(
                part: part.mapImported(\.sha256),
                mask: masked == nil ? nil : mask,
                width: width,
                height: height
            )
            return try secrets.secret(key, make: make)
        }
    }
}

extension PlanarImage {
    /// The three planes as interleaved 8-bit samples, clamped to [0, 1] and rounded.
    var interleavedRGB: [UInt8] {
        let count = width * height
        var bytes = [UInt8](repeating: 0, count: 3 * count)
        for channel in 0..<3 {
            for pixel in 0..<count {
                bytes[pixel * 3 + channel] = UInt8(
                    min(max(samples[channel * count + pixel], 0), 1) * 255 + 0.5
                )
            }
        }
        return bytes
    }
}
