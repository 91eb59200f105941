#include "CKernels.h"

#include "Grid.h"

// The kernel for every instruction set that this architecture has; "portable" is what every machine of it can run.

#define KERNEL(name) plm_portable_##name
#define LANES 4
#define VECTORS 2
#if defined(__aarch64__)
#define OUTPUTS 8
#else
#define OUTPUTS 4
#endif
#include "Kernel.h"
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
#include "Kernel.h"
#undef KERNEL
#undef LANES
#undef VECTORS
#undef OUTPUTS
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#define KERNEL(name) plm_avx512_##name
#define LANES 16
#define VECTORS 2
#define OUTPUTS 8
#include "Kernel.h"
#undef KERNEL
#undef LANES
#undef VECTORS
#undef OUTPUTS
#pragma clang attribute pop

#endif

bool plm_supports(plm_instruction_set set) {
    switch (set) {
        case PLM_PORTABLE: return true;
#if defined(__x86_64__)
        case PLM_AVX2:
            __builtin_cpu_init();
            return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        case PLM_AVX512:
            __builtin_cpu_init();
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
        default: return false;
    }
}

void plm_dense(plm_instruction_set set, plm_shape shape, size_t growth, const plm_submodule *submodules, size_t count,
               const float *input, float *target, float clamp, float *scratch) {
    switch (set) {
#if defined(__x86_64__)
        case PLM_AVX512: plm_avx512_dense(shape, growth, submodules, count, input, target, clamp, scratch); return;
        case PLM_AVX2: plm_avx2_dense(shape, growth, submodules, count, input, target, clamp, scratch); return;
#endif
        default: plm_portable_dense(shape, growth, submodules, count, input, target, clamp, scratch);
    }
}
