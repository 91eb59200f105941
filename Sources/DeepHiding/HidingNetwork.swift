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

    let blocks: [Weights.Block]

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
        let checked = try Weights(weights)
        metadata = checked.metadata
        blocks = checked.blocks
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
    /// - Parameters:
    ///   - covers: Images as ``hide(cover:secret:)`` takes them; their sizes may differ.
    ///   - secrets: As many, each of its cover's size.
    /// - Returns: The protected images.
    public func hide(covers: [PlanarImage], secrets: [PlanarImage]) -> [PlanarImage] {
        precondition(covers.count == secrets.count, "one secret for each cover")
        return withIdleWorkspace { workspace in
            zip(covers, secrets).map { hide(cover: $0, secret: $1, workspace: &workspace) }
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
        run(cover: cover, secret: secret, workspace: &workspace) { coverBranch, secretBranch, couple in
            for (index, block) in blocks.enumerated() {
                couple(block.phi, secretBranch, coverBranch, PLM_ADD)
                // The secret branch that leaves the last block is thrown away, so it is not computed.
                guard index < blocks.count - 1 else { break }
                couple(block.rho, coverBranch, secretBranch, PLM_SCALE)
                couple(block.eta, coverBranch, secretBranch, PLM_ADD)
            }
            return coverBranch
        }
    }

    // MARK: - Running

    typealias Branch = UnsafeMutablePointer<Float>
    /// Runs a packed sub-module on one branch and couples its output to the other.
    typealias Coupling = (_ submodule: [Float], _ from: Branch, _ into: Branch, _ coupling: plm_coupling) -> Void

    /// Transforms two images, lets `body` work on their branches, and transforms back the branch that it returns.
    func run(
        cover: PlanarImage,
        secret: PlanarImage,
        workspace: inout Workspace,
        _ body: (_ coverBranch: Branch, _ secretBranch: Branch, _ couple: Coupling) -> Branch
    ) -> PlanarImage {
        let (width, height) = (cover.width, cover.height)
        precondition(width >= 2 && height >= 2, "an image has at least 2 x 2 pixels")
        precondition(secret.width == width && secret.height == height, "cover and secret have one size")
        for image in [cover, secret] {
            precondition(image.channels == 3 && image.samples.count == 3 * width * height, "images have three channels")
        }
        let size = Self.waveletSize(width: width, height: height)
        return workspace.withBuffers(size: size, growth: metadata.growth) { coverBranch, secretBranch, scratch in
            plm_haar(cover.samples, width, height, coverBranch)
            plm_haar(secret.samples, width, height, secretBranch)
            let result = body(coverBranch, secretBranch) { submodule, input, target, coupling in
                plm_dense(
                    instructionSet.kernel,
                    submodule,
                    metadata.growth,
                    input,
                    target,
                    size.width,
                    size.height,
                    coupling,
                    metadata.clamp,
                    scratch
                )
            }
            let samples = [Float](unsafeUninitializedCapacity: 3 * width * height) { planes, initialized in
                plm_inverse_haar(result, width, height, planes.baseAddress)
                initialized = 3 * width * height
            }
            return PlanarImage(width: width, height: height, channels: 3, samples: samples)
        }
    }

    /// Columns and rows of the wavelet coefficients of an image.
    static func waveletSize(width: Int, height: Int) -> (width: Int, height: Int) {
        ((width + 1) / 2, (height + 1) / 2)
    }

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
