import CKernels
import Glibc

/// Which instruction set the rows of pixels are worked on with.
enum PixelKernel {
    /// The fastest that this machine has, unless the environment asks for another one.
    static let set = plm_preferred(getenv(PLM_ISA_VARIABLE))
}
