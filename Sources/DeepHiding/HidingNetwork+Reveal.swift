import CKernels
public import Imaging

extension HidingNetwork {
    /// Reads the secret back from a protected image.
    ///
    /// The secret branch that hiding threw away is replaced by noise, as in training; the result is an estimate.
    ///
    /// - Parameters:
    ///   - stego: Three channels, nominally in [0, 1], at least 2 x 2.
    ///   - seed: Of the noise N(0, 1); the same seed gives the same image.
    /// - Returns: The revealed image of the same size, neither clamped nor rounded.
    /// - Precondition: The size is as said.
    public func reveal(stego: PlanarImage, seed: UInt64) -> PlanarImage {
        var noise = GaussianNoise(seed: seed)
        let branch = (0..<Self.coefficients(of: stego)).map { _ in noise.next() }
        return reveal(stego: stego, secretBranch: branch)
    }

    /// Reads the secret back, given what the secret branch held: 12 planes of half the image's size, rounded up.
    func reveal(stego: PlanarImage, secretBranch: [Float]) -> PlanarImage {
        precondition(secretBranch.count == Self.coefficients(of: stego))
        return withIdleWorkspace { workspace in
            run(covers: [stego], secrets: [stego], workspace: &workspace) { cover, secret, couple in
                plm_branch_put(secretBranch, secret, Self.shape(of: stego), 0)
                for block in (0..<metadata.blocks).reversed() {
                    couple([weights.eta(block, PLM_SUBTRACT), weights.rho(block, PLM_UNSCALE)], cover, secret)
                    // The cover that leaves the first block is not asked for.
                    guard block > 0 else { break }
                    couple([weights.phi(block, PLM_SUBTRACT)], secret, cover)
                }
                return secret
            }[0]
        }
    }

    /// Hides, and returns the secret branch beside the protected image: 12 planes; with it hiding can be inverted exactly.
    func hideKeepingSecretBranch(cover: PlanarImage, secret: PlanarImage) -> (image: PlanarImage, branch: [Float]) {
        var workspace = Workspace()
        var branch = [Float](repeating: 0, count: Self.coefficients(of: cover))
        let images = run(covers: [cover], secrets: [secret], workspace: &workspace) { coverBranch, secretBranch, couple in
            for block in 0..<metadata.blocks {
                couple([weights.phi(block, PLM_ADD)], secretBranch, coverBranch)
                couple([weights.rho(block, PLM_SCALE), weights.eta(block, PLM_ADD)], coverBranch, secretBranch)
            }
            plm_branch_get(secretBranch, Self.shape(of: cover), 0, &branch)
            return coverBranch
        }
        return (images[0], branch)
    }

    /// Wavelet coefficients of an image.
    private static func coefficients(of image: PlanarImage) -> Int {
        let shape = shape(of: image)
        return Int(PLM_WAVELET_CHANNELS) * shape.width * shape.height
    }
}
