import CKernels
public import Cryptography
public import Imaging
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
    ///   - weights: The whole file; it may be hostile.
    ///   - instructionSet: The kernel to run; one that this machine supports.
    /// - Throws: ``WeightsError`` if the file is not a complete, finite set of weights of a network that this engine runs.
    /// - Precondition: `instructionSet.isSupported`.
    public init(weights: [UInt8], instructionSet: InstructionSet = .preferred) throws(WeightsError) {
        precondition(instructionSet.isSupported, "this machine cannot run the kernel")
        self.weights = try Weights(weights)
        metadata = self.weights.metadata
        sha256 = SHA256.hash(weights)
        self.instructionSet = instructionSet
    }

    // MARK: - Hiding

    /// Does what hiding a secret takes whatever the cover: about a quarter of the work with two blocks.
    ///
    /// - Parameter secret: The semantic image: three channels in [0, 1], at least 2 x 2.
    /// - Returns: What ``hide(covers:secrets:)`` takes.
    public func prepare(_ secret: PlanarImage) -> PreparedSecret {
        let shape = Self.shape(of: [secret])
        return withIdleWorkspace { workspace in
            withBranches(shape, &workspace) { branches in
                plm_haar(secret.samples, secret.width, secret.height, branches.secret, shape, 0)
                branches.couple([weights.phi(0, PLM_ADD)], from: branches.secret, into: branches.cover)
                return PreparedSecret(
                    width: secret.width,
                    height: secret.height,
                    coefficients: branches.planes(of: branches.secret),
                    carrier: branches.planes(of: branches.cover)
                )
            }
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
        hide(covers: [cover], secrets: [prepare(secret)])[0]
    }

    /// Hides one secret in each cover, in order.
    ///
    /// Small images of one size that follow each other go through the network together, which is faster and gives the same bits.
    ///
    /// - Parameters:
    ///   - covers: Images as ``hide(cover:secret:)`` takes them; their sizes may differ.
    ///   - secrets: As many, prepared by this network, each of its cover's size.
    /// - Returns: The protected images.
    public func hide(covers: [PlanarImage], secrets: [PreparedSecret]) -> [PlanarImage] {
        precondition(covers.count == secrets.count, "one secret for each cover")
        return withIdleWorkspace { workspace in
            var protected: [PlanarImage] = []
            while protected.count < covers.count {
                let first = protected.count
                let most = Self.maxTogether(covers[first])
                let end = covers[first...].prefix(most).firstIndex { !$0.hasSize(of: covers[first]) }
                let range = first..<(end ?? min(first + most, covers.count))
                protected += hide(covers[range], secrets[range], &workspace)
            }
            return protected
        }
    }

    /// Hides in images of one size at once.
    private func hide(
        _ covers: ArraySlice<PlanarImage>,
        _ secrets: ArraySlice<PreparedSecret>,
        _ workspace: inout Workspace
    ) -> [PlanarImage] {
        let shape = Self.shape(of: covers)
        return withBranches(shape, &workspace) { branches in
            for (index, (cover, secret)) in zip(covers, secrets).enumerated() {
                precondition(secret.width == cover.width && secret.height == cover.height, "cover and secret have one size")
                plm_haar(cover.samples, cover.width, cover.height, branches.cover, shape, index)
                plm_branch_add(secret.carrier, branches.cover, shape, index)
                plm_branch_put(secret.coefficients, branches.secret, shape, index)
            }
            for block in 0..<metadata.blocks {
                // What the first block adds to the cover came with the secret.
                if block > 0 { branches.couple([weights.phi(block, PLM_ADD)], from: branches.secret, into: branches.cover) }
                // The secret branch that leaves the last block is thrown away, so it is not computed.
                guard block < metadata.blocks - 1 else { break }
                branches.couple(
                    [weights.rho(block, PLM_SCALE), weights.eta(block, PLM_ADD)],
                    from: branches.cover,
                    into: branches.secret
                )
            }
            return covers.enumerated().map { index, cover in
                branches.image(of: branches.cover, at: index, width: cover.width, height: cover.height)
            }
        }
    }

    // MARK: - Running

    /// Lends the two branches of images, both zero.
    func withBranches<Result>(
        _ shape: plm_shape,
        _ workspace: inout Workspace,
        _ body: (Branches) -> Result
    ) -> Result {
        workspace.withBuffers(shape, growth: metadata.growth) { cover, secret, scratch in
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
    }

    /// The wavelet coefficients of images of one size, at least one.
    ///
    /// - Precondition: The images are such as the network takes.
    static func shape(of images: some Collection<PlanarImage>) -> plm_shape {
        guard let first = images.first else { preconditionFailure("there is an image") }
        precondition(first.width >= 2 && first.height >= 2, "an image has at least 2 x 2 pixels")
        for image in images {
            precondition(image.hasSize(of: first), "the images have one size")
            precondition(
                image.channels == 3 && image.samples.count == 3 * image.width * image.height,
                "images have three channels"
            )
        }
        return plm_shape(width: (first.width + 1) / 2, height: (first.height + 1) / 2, images: images.count)
    }

    /// How many images of a size go through the network together: enough to fill the kernel's vectors, little enough for the cache.
    private static func maxTogether(_ image: PlanarImage) -> Int {
        max(1, 4 * coefficientsTogether / (image.width * image.height))
    }

    private static let coefficientsTogether = 4096

    /// Lends a workspace that no other call uses, and keeps it for the next one.
    func withIdleWorkspace<Result>(_ body: (inout Workspace) -> Result) -> Result {
        var workspace = idleWorkspaces.withLock { $0.popLast() } ?? Workspace()
        let result = body(&workspace)
        if workspace.byteCount <= Self.maxIdleBytes {
            idleWorkspaces.withLock { $0.append(workspace) }
        }
        return result
    }
}

extension PlanarImage {
    fileprivate func hasSize(of other: PlanarImage) -> Bool { width == other.width && height == other.height }
}
