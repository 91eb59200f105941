import CKernels
import Imaging

/// The cover branch and the secret branch of an image inside the network.
struct Branches {
    typealias Branch = UnsafeMutablePointer<Float>

    let cover: Branch
    let secret: Branch
    let shape: plm_shape
    let scratch: UnsafeMutablePointer<Float>
    let set: plm_instruction_set
    let growth: Int
    let clamp: Float

    /// Runs one or two sub-modules on `input` and couples their outputs to `target`, in order.
    func couple(_ submodules: [plm_submodule], from input: Branch, into target: Branch) {
        precondition(1...2 ~= submodules.count)
        plm_dense(set, shape, growth, submodules, submodules.count, input, target, clamp, scratch)
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
