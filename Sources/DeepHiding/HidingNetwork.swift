import CKernels
public import Cryptography
public import Imaging
public import Methods
import Synchronization

/// The invertible network that hides a semantic image in a cover and recovers it.
///
/// Two branches of 12 wavelet channels, cover `c` and secret `h`, pass through coupling blocks
/// (deep hiding, eq. 3-6): `c += phi(h)`, then `h = h * E(rho(c)) + eta(c)`. The protected image is
/// the inverse wavelet transform of `c`. All arithmetic is float32. Images have three channels and
/// any size from 2 x 2; an odd side is extended by reflection and cropped afterwards. One network
/// serves any number of threads at once.
public final class HidingNetwork: Sendable {
    /// The metadata of the weights file.
    public let metadata: WeightsMetadata

    /// The SHA-256 digest of the weights file.
    public let sha256: SHA256Digest

    /// The instruction set of the kernel that this network runs.
    public let instructionSet: InstructionSet

    let weights: Weights

    /// The workspaces that no call is using, at most as many as calls ever ran at once.
    private let idleWorkspaces = Mutex<[Workspace]>([])

    /// The size in bytes above which a workspace is freed after its call instead of being kept.
    private static let maxIdleBytes = 32 << 20

    /// The fewest blocks of the kernel that a thread is given.
    private static let fewestBlocks = 8

    /// Loads a network from a weights file.
    ///
    /// - Parameters:
    ///   - file: The file; its contents are treated as hostile.
    ///   - instructionSet: The instruction set of the kernel to run.
    /// - Throws: ``WeightsError`` if the file is not a complete, finite set of weights of a network
    ///   that this engine runs.
    /// - Precondition: `instructionSet.isSupported`.
    public init(
        _ file: SafetensorsFile,
        instructionSet: InstructionSet = .preferred
    ) throws(WeightsError) {
        precondition(instructionSet.isSupported, "this machine cannot run the kernel")
        weights = try Weights(file)
        metadata = weights.metadata
        sha256 = file.sha256
        self.instructionSet = instructionSet
    }

    /// Loads a network from the bytes of a weights file; see ``init(_:instructionSet:)``.
    public convenience init(
        weights: [UInt8],
        instructionSet: InstructionSet = .preferred
    ) throws(WeightsError) {
        try self.init(SafetensorsFile(weights), instructionSet: instructionSet)
    }

    // MARK: - Hiding

    /// Performs the part of hiding that does not depend on the cover; with two blocks this is about
    /// a quarter of the work.
    ///
    /// - Parameter secret: The semantic image: three channels in [0, 1], at least 2 x 2.
    /// - Returns: The prepared secret, for ``hide(cover:secret:bands:)``.
    public func prepare(_ secret: PlanarImage) -> PreparedSecret {
        withBranches(for: secret) { branches in
            branches.transform(secret, into: branches.secret)
            branches.couple([weights.phi(0, PLM_ADD)], from: branches.secret, into: branches.cover)
            return PreparedSecret(
                width: secret.width,
                height: secret.height,
                coefficients: branches.planes(of: branches.secret),
                carrier: branches.planes(of: branches.cover)
            )
        }
    }

    /// Hides a secret in a cover.
    ///
    /// - Parameters:
    ///   - cover: Three channels in [0, 1], at least 2 x 2.
    ///   - secret: The semantic image, of the cover's size.
    /// - Returns: The protected image, of the cover's size, neither clamped nor rounded.
    /// - Precondition: Both images have three channels and the same size, at least 2 x 2.
    public func hide(cover: PlanarImage, secret: PlanarImage) -> PlanarImage {
        hide(cover: cover, secret: prepare(secret))
    }

    /// Hides a prepared secret in a cover.
    ///
    /// - Parameters:
    ///   - cover: Three channels in [0, 1], at least 2 x 2.
    ///   - secret: A secret that this network prepared from a semantic image of the cover's size.
    ///   - bands: Runs bands of the picture; the result does not depend on it.
    /// - Returns: The protected image, of the cover's size, neither clamped nor rounded. It has the
    ///   same bits as without preparation.
    /// - Precondition: The cover has three channels, and its size is that of the secret.
    public func hide(
        cover: PlanarImage,
        secret: PreparedSecret,
        bands: BandRunner = .serial
    ) -> PlanarImage {
        precondition(
            secret.width == cover.width && secret.height == cover.height,
            "cover and secret have one size"
        )
        return withBranches(for: cover, bands: bands) { branches in
            branches.transform(cover, into: branches.cover)
            plm_branch_add(secret.carrier, branches.cover, branches.shape)
            plm_branch_put(secret.coefficients, branches.secret, branches.shape)
            for block in 0..<metadata.blocks {
                // The prepared secret already contains the first block's contribution to the cover.
                if block > 0 {
                    branches.couple(
                        [weights.phi(block, PLM_ADD)],
                        from: branches.secret,
                        into: branches.cover
                    )
                }
                // Hiding does not need the secret branch that leaves the last block.
                guard block < metadata.blocks - 1 else { break }
                branches.couple(
                    [weights.rho(block, PLM_SCALE), weights.eta(block, PLM_ADD)],
                    from: branches.cover,
                    into: branches.secret
                )
            }
            return branches.image(of: branches.cover, width: cover.width, height: cover.height)
        }
    }

    // MARK: - Running

    /// Calls `body` with the two zeroed branches of an image, in a workspace that no other call
    /// uses.
    ///
    /// - Precondition: The image has three channels and is at least 2 x 2.
    func withBranches<Result>(
        for image: PlanarImage,
        bands: BandRunner = .serial,
        _ body: (Branches) -> Result
    ) -> Result {
        precondition(image.width >= 2 && image.height >= 2, "an image has at least 2 x 2 pixels")
        precondition(
            image.channels == 3 && image.samples.count == 3 * image.width * image.height,
            "an image has three channels"
        )
        let shape = Self.shape(of: image)
        // A band computes blocks of its neighbours, too: few bands, and none of a few blocks.
        let threads = max(1, min(bands.threads, plm_blocks(shape) / Self.fewestBlocks))
        var workspace = idleWorkspaces.withLock { $0.popLast() } ?? Workspace()
        let result = workspace.withBuffers(shape, growth: metadata.growth, threads: threads) {
            cover,
            secret,
            scratches in
            body(
                Branches(
                    cover: cover,
                    secret: secret,
                    shape: shape,
                    scratches: scratches,
                    bands: bands,
                    set: instructionSet.kernel,
                    growth: metadata.growth,
                    clamp: metadata.clamp
                )
            )
        }
        if workspace.byteCount <= Self.maxIdleBytes {
            idleWorkspaces.withLock { $0.append(workspace) }
        }
        return result
    }

    /// Returns the shape of an image's wavelet coefficients.
    static func shape(of image: PlanarImage) -> plm_shape {
        plm_shape(width: (image.width + 1) / 2, height: (image.height + 1) / 2)
    }
}
