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
        let size = Self.waveletSize(width: stego.width, height: stego.height)
        var noise = GaussianNoise(seed: seed)
        let branch = (0..<Int(PLM_WAVELET_CHANNELS) * size.width * size.height).map { _ in noise.next() }
        return reveal(stego: stego, secretBranch: branch)
    }

    /// Reads the secret back, given what the secret branch held: 12 planes of half the image's size, rounded up.
    func reveal(stego: PlanarImage, secretBranch: [Float]) -> PlanarImage {
        let size = Self.waveletSize(width: stego.width, height: stego.height)
        precondition(secretBranch.count == Int(PLM_WAVELET_CHANNELS) * size.width * size.height)
        return withIdleWorkspace { workspace in
            // The transform of `stego` in the secret branch only makes its margins; it is overwritten at once.
            run(cover: stego, secret: stego, workspace: &workspace) { cover, secret, couple in
                Self.place(secretBranch, size: size, in: secret)
                for block in blocks.reversed() {
                    couple(block.eta, cover, secret, PLM_SUBTRACT)
                    couple(block.rho, cover, secret, PLM_UNSCALE)
                    couple(block.phi, secret, cover, PLM_SUBTRACT)
                }
                return secret
            }
        }
    }

    /// Hides, and returns the secret branch beside the protected image: 12 planes; with it hiding can be inverted exactly.
    func hideKeepingSecretBranch(cover: PlanarImage, secret: PlanarImage) -> (image: PlanarImage, branch: [Float]) {
        let size = Self.waveletSize(width: cover.width, height: cover.height)
        var branch: [Float] = []
        var workspace = Workspace()
        let image = run(cover: cover, secret: secret, workspace: &workspace) { cover, secret, couple in
            for block in blocks {
                couple(block.phi, secret, cover, PLM_ADD)
                couple(block.rho, cover, secret, PLM_SCALE)
                couple(block.eta, cover, secret, PLM_ADD)
            }
            branch = Self.planes(of: secret, size: size)
            return cover
        }
        return (image, branch)
    }

    /// Writes 12 planes into a band image.
    private static func place(_ planes: [Float], size: (width: Int, height: Int), in branch: Branch) {
        forEachRow(size) { source, target in
            for x in 0..<size.width { branch[target + x] = planes[source + x] }
        }
    }

    /// Reads 12 planes from a band image.
    private static func planes(of branch: Branch, size: (width: Int, height: Int)) -> [Float] {
        var planes = [Float](repeating: 0, count: Int(PLM_WAVELET_CHANNELS) * size.width * size.height)
        forEachRow(size) { target, source in
            for x in 0..<size.width { planes[target + x] = branch[source + x] }
        }
        return planes
    }

    /// Where each row of each channel begins, in planes and in a band image.
    private static func forEachRow(_ size: (width: Int, height: Int), _ body: (_ planar: Int, _ band: Int) -> Void) {
        let channels = Int(PLM_WAVELET_CHANNELS), pitch = plm_pitch(size.width)
        for row in 0..<size.height {
            for channel in 0..<channels {
                body(
                    (channel * size.height + row) * size.width,
                    (row * channels + channel) * pitch + Int(PLM_MARGIN)
                )
            }
        }
    }
}
