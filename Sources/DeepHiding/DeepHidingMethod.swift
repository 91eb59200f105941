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

    /// The hash of the network's weights file.
    public var modelSHA256: SHA256Digest { network.sha256 }

    private let network: HidingNetwork
    private let limits: ImageLimits
    private let secrets = SecretCache()

    /// Loads a network; see `ProtectionMethod`.
    public init(weights: SafetensorsFile, limits: ImageLimits) throws(WeightsError) {
        self.init(network: try HidingNetwork(weights), limits: limits)
    }

    /// Hides with a network.
    ///
    /// - Parameters:
    ///   - network: The network; it may be shared.
    ///   - limits: What an imported semantic image may claim before it is decoded.
    public init(network: HidingNetwork, limits: ImageLimits = ImageLimits()) {
        self.network = network
        self.limits = limits
    }

    /// The difference that hiding the semantic image makes: `x_ue - x_c`, not yet bounded.
    public func delta(
        for cover: PlanarImage,
        artefact: ArtefactPart<HashedBytes>,
        mode: ProtectionMode
    ) throws(ImageFailure) -> Delta {
        let secret = try secret(artefact, mode, width: cover.width, height: cover.height)
        var delta = network.hide(cover: cover, secret: secret.prepared)
        delta.samples.withUnsafeMutableBufferPointer { delta in
            cover.samples.withUnsafeBufferPointer { cover in
                for index in delta.indices { delta[index] -= cover[index] }
            }
        }
        return Delta(planes: delta, artefactSHA256: secret.sha256)
    }

    /// A semantic image as it is kept: upright, gray repeated, alpha and colour profile dropped, and
    /// scaled down with antialiasing if a side is longer than `ImportedPicture.maxSide`.
    ///
    /// A picture that needs none of that keeps its samples.
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
        height: Int
    ) throws(ImageFailure) -> Secret {
        func make() throws(ImageFailure) -> Secret {
            try Secret(part, width: width, height: height, limits: limits, by: network)
        }
        switch (part, mode) {
        // A texture of its own: no other photo will ask for it.
        case (.generated, .sampleWise): return try make()
        case (.generated, .classWise), (.imported, _):
            let key = SecretCache.Key(part: part.mapImported(\.sha256), width: width, height: height)
            return try secrets.secret(key, make: make)
        }
    }
}

extension PlanarImage {
    /// The three planes as 8-bit samples, pixel by pixel, rounded; values outside [0, 1] are clamped.
    var interleavedRGB: [UInt8] {
        let count = width * height
        var bytes = [UInt8](repeating: 0, count: 3 * count)
        for channel in 0..<3 {
            for pixel in 0..<count {
                bytes[pixel * 3 + channel] = UInt8(min(max(samples[channel * count + pixel], 0), 1) * 255 + 0.5)
            }
        }
        return bytes
    }
}
