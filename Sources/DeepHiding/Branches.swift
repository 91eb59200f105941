import CKernels
import Imaging

/// The cover branch and the secret branch of an image inside the network.
struct Branches {
    typealias Branch = UnsafeMutablePointer<Float>

    let cover: Branch
    let secret: Branch
    let shape: plm_shape
    /// A scratch buffer for each thread.
    let scratches: [UnsafeMutablePointer<Float>]
    let bands: BandRunner
    let set: plm_instruction_set
    let growth: Int
    let clamp: Float

    /// Runs one or two sub-modules on `input` and couples their outputs to `target`, in order.
    func couple(_ submodules: [plm_submodule], from input: Branch, into target: Branch) {
        precondition(1...2 ~= submodules.count)
        let (blocks, count) = (plm_blocks(shape), scratches.count)
        // Every band reads the input, writes blocks of its own and has its own scratch buffer; the
        // weights are only read.
        nonisolated(unsafe) let (work, submodules, input, target) = (
            self, submodules, UnsafePointer(input), target
        )
        bands.run(count) { band in
            plm_dense_band(
                work.set,
                work.shape,
                work.growth,
                submodules,
                submodules.count,
                input,
                target,
                work.clamp,
                work.scratches[band],
                blocks * band / count,
                blocks * (band + 1) / count
            )
        }
    }

    /// Writes the Haar wavelet transform of an image into a branch of the same shape.
    func transform(_ image: PlanarImage, into branch: Branch) {
        plm_haar(image.samples, image.width, image.height, branch, shape)
    }

    /// Returns the inverse transform of a branch: three channels, cropped to `width` x `height`.
    func image(of branch: Branch, width: Int, height: Int) -> PlanarImage {
        let samples = [Float](unsafeUninitializedCapacity: 3 * width * height) {
            planes,
            initialized in
            plm_inverse_haar(branch, shape, width, height, planes.baseAddress)
            initialized = 3 * width * height
        }
        return PlanarImage(width: width, height: height, channels: 3, samples: samples)
    }

    /// Returns the coefficients of a branch: 12 planes.
    func planes(of branch: Branch) -> [Float] {
        let count = Int(PLM_WAVELET_CHANNELS) * shape.width * shape.height
        return [Float](unsafeUninitializedCapacity: count) { planes, initialized in
            plm_branch_get(branch, shape, planes.baseAddress)
            initialized = count
        }
    }
}
