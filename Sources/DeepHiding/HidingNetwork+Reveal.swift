import CKernels
public import Imaging

extension HidingNetwork {
    /// Recovers an estimate of the secret from a protected image.
    ///
    /// Hiding discards its secret branch. As in training, noise takes its place.
    ///
    /// - Parameters:
    ///   - stego: Three channels, nominally in [0, 1], at least 2 x 2.
    ///   - seed: The seed of the N(0, 1) noise; the same seed gives the same image.
    /// - Returns: The revealed image, of the size of `stego`, neither clamped nor rounded.
    /// - Precondition: `stego` has three channels and is at least 2 x 2.
    public func reveal(stego: PlanarImage, seed: UInt64) -> PlanarImage {
        let shape = Self.shape(of: stego)
        var noise = GaussianNoise(seed: seed)
        let branch = (0..<Int(PLM_WAVELET_CHANNELS) * shape.width * shape.height).map { _ in
            noise.next()
        }
        return reveal(stego: stego, secretBranch: branch)
    }

    /// Recovers the secret, given the final secret branch: 12 planes of half the image's size,
    /// rounded up.
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
                // Revealing does not need the cover that leaves the first block.
                guard block > 0 else { break }
                branches.couple(
                    [weights.phi(block, PLM_SUBTRACT)],
                    from: branches.secret,
                    into: branches.cover
                )
            }
            return branches.image(of: branches.secret, width: stego.width, height: stego.height)
        }
    }

    /// Hides without shortcuts and also returns the final secret branch (12 planes), with which
    /// hiding can be inverted exactly.
    func hideKeepingSecretBranch(
        cover: PlanarImage,
        secret: PlanarImage
    ) -> (image: PlanarImage, branch: [Float]) {
        precondition(
            secret.width == cover.width && secret.height == cover.height,
            "cover and secret have one size"
        )
        return withBranches(for: cover) { branches in
            branches.transform(cover, into: branches.cover)
            branches.transform(secret, into: branches.secret)
            for block in 0..<metadata.blocks {
                branches.couple(
                    [weights.phi(block, PLM_ADD)],
                    from: branches.secret,
                    into: branches.cover
                )
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
