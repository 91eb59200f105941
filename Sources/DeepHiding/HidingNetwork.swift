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

    /// Hides a secret in a cover.
    ///
    /// - Parameters:
    ///   - cover: Three channels in [0, 1], at least 2 x 2.
    ///   - secret: The semantic image, of the cover's size.
    /// - Returns: The protected image of the cover's size, neither clamped nor rounded.
    /// - Precondition: The sizes are as said.
    public func hide(cover: PlanarImage, secret: PlanarImage) -> PlanarImage {
        withIdleWorkspace { hide(cover: cover, secret: secret, workspace: &$0) }
    }

    /// Hides one secret in each cover, in order.
    ///
    /// Small images of one size that follow each other go through the network together, which is faster and gives the same bits.
    ///
    /// - Parameters:
    ///   - covers: Images as ``hide(cover:secret:)`` takes them; their sizes may differ.
    ///   - secrets: As many, each of its cover's size.
    /// - Returns: The protected images.
    public func hide(covers: [PlanarImage], secrets: [PlanarImage]) -> [PlanarImage] {
        precondition(covers.count == secrets.count, "one secret for each cover")
        return withIdleWorkspace { workspace in
            var protected: [PlanarImage] = []
            while protected.count < covers.count {
                let first = protected.count, shape = Self.shape(of: covers[first])
                var end = first + 1
                while end < covers.count, end - first < Self.maxTogether(shape),
                    covers[end].width == covers[first].width, covers[end].height == covers[first].height
                { end += 1 }
                protected += hide(Array(covers[first..<end]), Array(secrets[first..<end]), workspace: &workspace)
            }
            return protected
        }
    }

    /// Hides a secret in a cover, in memory that the caller keeps.
    ///
    /// - Parameters:
    ///   - cover: As in ``hide(cover:secret:)``.
    ///   - secret: As in ``hide(cover:secret:)``.
    ///   - workspace: Any workspace; what it held before does not matter.
    /// - Returns: The protected image, neither clamped nor rounded.
    public func hide(cover: PlanarImage, secret: PlanarImage, workspace: inout Workspace) -> PlanarImage {
        hide([cover], [secret], workspace: &workspace)[0]
    }

    /// Hides in images of one size at once.
    private func hide(_ covers: [PlanarImage], _ secrets: [PlanarImage], workspace: inout Workspace) -> [PlanarImage] {
        run(covers: covers, secrets: secrets, workspace: &workspace) { cover, secret, couple in
            for block in 0..<metadata.blocks {
                couple([weights.phi(block, PLM_ADD)], secret, cover)
                // The secret branch that leaves the last block is thrown away, so it is not computed.
                guard block < metadata.blocks - 1 else { break }
                couple([weights.rho(block, PLM_SCALE), weights.eta(block, PLM_ADD)], cover, secret)
            }
            return cover
        }
    }

    // MARK: - Running

    typealias Branch = UnsafeMutablePointer<Float>
    /// Runs one or two sub-modules on one branch and couples their outputs to the other, in order.
    typealias Coupling = (_ submodules: [plm_submodule], _ from: Branch, _ into: Branch) -> Void

    /// Transforms images of one size, lets `body` work on their branches, and transforms back the branch that it returns.
    func run(
        covers: [PlanarImage],
        secrets: [PlanarImage],
        workspace: inout Workspace,
        _ body: (_ coverBranch: Branch, _ secretBranch: Branch, _ couple: Coupling) -> Branch
    ) -> [PlanarImage] {
        guard let (width, height) = covers.first.map({ ($0.width, $0.height) }) else { return [] }
        precondition(width >= 2 && height >= 2, "an image has at least 2 x 2 pixels")
        precondition(covers.count == secrets.count, "one secret for each cover")
        for image in covers + secrets {
            precondition(image.width == width && image.height == height, "covers and secrets have one size")
            precondition(image.channels == 3 && image.samples.count == 3 * width * height, "images have three channels")
        }
        let shape = Self.shape(of: covers[0], images: covers.count)
        return workspace.withBuffers(shape, growth: metadata.growth) { coverBranch, secretBranch, scratch in
            for index in covers.indices {
                plm_haar(covers[index].samples, width, height, coverBranch, shape, index)
                plm_haar(secrets[index].samples, width, height, secretBranch, shape, index)
            }
            let result = body(coverBranch, secretBranch) { submodules, input, target in
                plm_dense(
                    instructionSet.kernel,
                    shape,
                    metadata.growth,
                    submodules,
                    submodules.count,
                    input,
                    target,
                    metadata.clamp,
                    scratch
                )
            }
            return covers.indices.map { index in
                let samples = [Float](unsafeUninitializedCapacity: 3 * width * height) { planes, initialized in
                    plm_inverse_haar(result, shape, index, width, height, planes.baseAddress)
                    initialized = 3 * width * height
                }
                return PlanarImage(width: width, height: height, channels: 3, samples: samples)
            }
        }
    }

    /// The wavelet coefficients of images of one size.
    static func shape(of image: PlanarImage, images: Int = 1) -> plm_shape {
        plm_shape(width: (image.width + 1) / 2, height: (image.height + 1) / 2, images: images)
    }

    /// How many images of a shape go through the network together: enough to fill the kernel's vectors, little enough for the cache.
    private static func maxTogether(_ shape: plm_shape) -> Int {
        max(1, coefficientsTogether / (shape.width * shape.height))
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
