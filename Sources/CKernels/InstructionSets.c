#include <string.h>

#include "CKernels.h"

bool plm_supports(plm_instruction_set set) {
    switch (set) {
        case PLM_PORTABLE: return true;
#if defined(__x86_64__)
        case PLM_AVX2:
            __builtin_cpu_init();
            return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        case PLM_AVX512:
            __builtin_cpu_init();
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
        default: return false;
    }
}

plm_instruction_set plm_preferred(const char *wanted) {
    static const char *const names[] = {"portable", "avx2", "avx512"};
    plm_instruction_set best = PLM_PORTABLE;
    for (int set = PLM_PORTABLE; set <= PLM_AVX512; set++) {
        if (!plm_supports((plm_instruction_set)set)) continue;
        if (wanted != NULL && strcmp(wanted, names[set]) == 0) return (plm_instruction_set)set;
        best = (plm_instruction_set)set;
    }
    return best;
}
