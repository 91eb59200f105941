import CKernels
import Glibc

/// The instruction set of the pixel kernels.
enum PixelKernel {
    /// The fastest set that this machine supports, unless the environment overrides it.
    static let set = plm_preferred(getenv(PLM_ISA_VARIABLE))
}
