import CKernels
public import Cryptography
public import Imaging
public import Methods
import Synchronization

/// The invertible network that hides a semantic image in a cover, and reads it back.
///
/// Two branches of 12 wavelet channels, cover `c` and secret `h`, run through coupling blocks (deep hiding, eq. 3-6):
/// `c += phi(h)`, then `h = h * E(rho(c)) + eta(c)`; the protected image is the inverse wavelet of `c`. Everything is
/// float32. Images have three channels and any size from 2 x 2; an odd side is continued by reflection and cropped
/// again. One network serves any number of threads at once.
public final class HidingNetwork: Sendable {
    /// What the weights file says about itself.
    public let metadata: WeightsMetadata

    /// The hash of the weights file.
    public let sha256: SHA256Digest

    /// Which kernel this network runs.
    public let instructionSet: InstructionSet

    let weights: Weights

    /// Workspaces that no call uses at the moment, at most one for each call that ever ran at the same time.
    private let idleWorkspaces = Mutex<[Workspace]>([])

    /// Larger workspaces are given back to the system after the call that needed them.
    private static let maxIdleBytes = 32 << 20

    /// Reads a weights file.
    ///
    /// - Parameters:
    ///   - file: The file; what its tensors hold may be hostile.
    ///   - instructionSet: The kernel to run; one that this machine supports.
    /// - Throws: ``WeightsError`` if the file is not a complete, finite set of weights of a network that this engine runs.
    /// - Precondition: `instructionSet.isSupported`.
    public init(_ file: SafetensorsFile, instructionSet: InstructionSet = .preferred) throws(WeightsError) {
        precondition(instructionSet.isSupported, "this machine cannot run the kernel")
        weights = try Weights(file)
        metadata = weights.metadata
        sha256 = file.sha256
        self.instructionSet = instructionSet
    }

    /// Reads the bytes of a weights file; see ``init(_:instructionSet:)``.
    public convenience init(
        weights: [UInt8],
        instructionSet: InstructionSet = .preferred
    ) throws(WeightsError) {
        try self.init(SafetensorsFile(weights), instructionSet: instructionSet)
    }

    // MARK: - Hiding

    /// Does what hiding a secret takes whatever the cover: about a quarter of the work with two blocks.
    ///
    /// - Parameter secret: The semantic image: three channels in [0, 1], at least 2 x 2.
    /// - Returns: What ``hide(cover:secret:)-(_,PreparedSecret)`` takes.
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
    /// - Returns: The protected image of the cover's size, neither clamped nor rounded.
    /// - Precondition: The sizes are as said.
    public func hide(cover: PlanarImage, secret: PlanarImage) -> PlanarImage {
        hide(cover: cover, secret: prepare(secret))
    }

    /// Hides a secret that this network has prepared in a cover.
    ///
    /// - Parameters:
    ///   - cover: Three channels in [0, 1], at least 2 x 2.
    ///   - secret: Prepared from a semantic image of the cover's size.
    /// - Returns: The protected image of the cover's size, neither clamped nor rounded; the same bits as without preparation.
    /// - Precondition: The sizes are as said.
    public func hide(cover: PlanarImage, secret: PreparedSecret) -> PlanarImage {
        precondition(secret.width == cover.width && secret.height == cover.height, "cover and secret have one size")
        return withBranches(for: cover) { branches in
            branches.transform(cover, into: branches.cover)
            plm_branch_add(secret.carrier, branches.cover, branches.shape)
            plm_branch_put(secret.coefficients, branches.secret, branches.shape)
            for block in 0..<metadata.blocks {
                // What the first block adds to the cover came with the secret.
                if block > 0 {
                    branches.couple([weights.phi(block, PLM_ADD)], from: branches.secret, into: branches.cover)
                }
                // The secret branch that leaves the last block is thrown away, so it is not computed.
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

    /// Lends the two branches of an image, both zero, in memory that no other call uses and that is kept for the next one.
    ///
    /// - Precondition: The image is such as the network takes.
    func withBranches<Result>(for image: PlanarImage, _ body: (Branches) -> Result) -> Result {
        precondition(image.width >= 2 && image.height >= 2, "an image has at least 2 x 2 pixels")
        precondition(
            image.channels == 3 && image.samples.count == 3 * image.width * image.height,
            "an image has three channels"
        )
        let shape = Self.shape(of: image)
        var workspace = idleWorkspaces.withLock { $0.popLast() } ?? Workspace()
        let result = workspace.withBuffers(shape, growth: metadata.growth) { cover, secret, scratch in
            body(
                Branches(
                    cover: cover,
                    secret: secret,
                    shape: shape,
                    scratch: scratch,
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

    /// The wavelet coefficients of an image.
    static func shape(of image: PlanarImage) -> plm_shape {
        plm_shape(width: (image.width + 1) / 2, height: (image.height + 1) / 2)
    }
}
