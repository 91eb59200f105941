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
        let shape = Self.shape(of: stego)
        var noise = GaussianNoise(seed: seed)
        let branch = (0..<Int(PLM_WAVELET_CHANNELS) * shape.width * shape.height).map { _ in noise.next() }
        return reveal(stego: stego, secretBranch: branch)
    }

    /// Reads the secret back, given what the secret branch held: 12 planes of half the image's size, rounded up.
    func reveal(stego: PlanarImage, secretBranch: [Float]) -> PlanarImage {
        let shape = Self.shape(of: stego)
        precondition(secretBranch.count == Int(PLM_WAVELET_CHANNELS) * shape.width * shape.height)
        return withBranches(for: stego) { branches in
            branches.transform(stego, into: branches.cover)
            plm_branch_put(secretBranch, branches.secret, shape)
            for block in (0..<metadata.blocks).reversed() {
                branches.couple(
                    [weights.eta(block, PLM_SUBTRACT), weights.rho(block, PLM_UNSCALE)],
                    from: branches.cover,
                    into: branches.secret
                )
                // The cover that leaves the first block is not asked for.
                guard block > 0 else { break }
                branches.couple([weights.phi(block, PLM_SUBTRACT)], from: branches.secret, into: branches.cover)
            }
            return branches.image(of: branches.secret, width: stego.width, height: stego.height)
        }
    }

    /// Hides without any of the shortcuts, and returns the secret branch beside the protected image: 12 planes; with it hiding
    /// can be inverted exactly.
    func hideKeepingSecretBranch(cover: PlanarImage, secret: PlanarImage) -> (image: PlanarImage, branch: [Float]) {
        precondition(secret.width == cover.width && secret.height == cover.height, "cover and secret have one size")
        return withBranches(for: cover) { branches in
            branches.transform(cover, into: branches.cover)
            branches.transform(secret, into: branches.secret)
            for block in 0..<metadata.blocks {
                branches.couple([weights.phi(block, PLM_ADD)], from: branches.secret, into: branches.cover)
                branches.couple(
                    [weights.rho(block, PLM_SCALE), weights.eta(block, PLM_ADD)],
                    from: branches.cover,
                    into: branches.secret
                )
            }
            let image = branches.image(of: branches.cover, width: cover.width, height: cover.height)
            return (image, branches.planes(of: branches.secret))
        }
    }
}
