import CKernels
import Imaging

/// The two branches of an image on its way through the network, and how one changes the other.
struct Branches {
    typealias Branch = UnsafeMutablePointer<Float>

    let cover: Branch
    let secret: Branch
    let shape: plm_shape
    let scratch: UnsafeMutablePointer<Float>
    let set: plm_instruction_set
    let growth: Int
    let clamp: Float

    /// Runs one or two sub-modules on one branch and couples their outputs to the other, in order.
    func couple(_ submodules: [plm_submodule], from input: Branch, into target: Branch) {
        precondition(1...2 ~= submodules.count)
        plm_dense(set, shape, growth, submodules, submodules.count, input, target, clamp, scratch)
    }

    /// Transforms an image of these branches' shape into one of them.
    func transform(_ image: PlanarImage, into branch: Branch) {
        plm_haar(image.samples, image.width, image.height, branch, shape)
    }

    /// Transforms a branch back.
    func image(of branch: Branch, width: Int, height: Int) -> PlanarImage {
        let samples = [Float](unsafeUninitializedCapacity: 3 * width * height) { planes, initialized in
            plm_inverse_haar(branch, shape, width, height, planes.baseAddress)
            initialized = 3 * width * height
        }
        return PlanarImage(width: width, height: height, channels: 3, samples: samples)
    }

    /// The coefficients of a branch: 12 planes.
    func planes(of branch: Branch) -> [Float] {
        let count = Int(PLM_WAVELET_CHANNELS) * shape.width * shape.height
        return [Float](unsafeUninitializedCapacity: count) { planes, initialized in
            plm_branch_get(branch, shape, planes.baseAddress)
            initialized = count
        }
    }
}
