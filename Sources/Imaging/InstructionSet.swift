package import CKernels
import Glibc

/// The instruction sets that the kernel is compiled for, fastest first.
///
/// AVX-512 and AVX2 give the same bits; the portable one has no fused multiply-add on x86-64 and
/// differs in the last places.
public enum InstructionSet: String, Sendable, CaseIterable {
    /// 16 pixels at a time.
    case avx512
    /// 8 pixels at a time, with fused multiply-add.
    case avx2
    /// What every machine of the architecture has: SSE2 or NEON, 4 pixels at a time.
    case portable

    /// The environment variable that overrides the choice, for tests: `avx512`, `avx2` or
    /// `portable`.
    public static let overrideVariable = PLM_ISA_VARIABLE

    /// Whether this machine can run it.
    public var isSupported: Bool { plm_supports(kernel) }

    /// The fastest that this machine has, or what the environment asks for if the machine has that.
    public static let preferred: InstructionSet = {
        let kernel = plm_preferred(getenv(overrideVariable))
        return allCases.first { $0.kernel == kernel } ?? .portable
    }()

    /// Its name in C.
    package var kernel: plm_instruction_set {
        switch self {
        case .avx512: PLM_AVX512
        case .avx2: PLM_AVX2
        case .portable: PLM_PORTABLE
        }
    }
}
