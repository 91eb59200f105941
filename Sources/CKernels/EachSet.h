// Compiles TEMPLATE once for every instruction set of this architecture; "portable" runs on every
// machine of it.
//
// TEMPLATE sees KERNEL(name) and the constants LANES (floats per vector), VECTORS (vectors per
// register block) and OUTPUTS (output channels per register block, 4 or 8).

#include "CKernels.h"

#define INLINE static inline __attribute__((always_inline))

#define KERNEL(name) plm_portable_##name
#define LANES 4
#define VECTORS 2
#if defined(__aarch64__)
#define OUTPUTS 8
#else
#define OUTPUTS 4
#endif
#include TEMPLATE
#undef KERNEL
#undef LANES
#undef VECTORS
#undef OUTPUTS

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define KERNEL(name) plm_avx2_##name
#define LANES 8
#define VECTORS 2
#define OUTPUTS 4
#include TEMPLATE
#undef KERNEL
#undef LANES
#undef VECTORS
#undef OUTPUTS
#pragma clang attribute pop

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#define KERNEL(name) plm_avx512_##name
#define LANES 16
#define VECTORS 2
#define OUTPUTS 8
#include TEMPLATE
#undef KERNEL
#undef LANES
#undef VECTORS
#undef OUTPUTS
#pragma clang attribute pop

#define DISPATCH(set, name, ...)                                    \
    switch (set) {                                                  \
        case PLM_AVX512: plm_avx512_##name(__VA_ARGS__); break;     \
        case PLM_AVX2: plm_avx2_##name(__VA_ARGS__); break;         \
        case PLM_PORTABLE: plm_portable_##name(__VA_ARGS__); break; \
    }

#else

#define DISPATCH(set, name, ...) ((void)(set), plm_portable_##name(__VA_ARGS__))

#endif
