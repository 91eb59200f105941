#include "Grid.h"

#define TEMPLATE "Kernel.h"
#include "EachSet.h"

void plm_dense(plm_instruction_set set, plm_shape shape, size_t growth,
               const plm_submodule *submodules, size_t count, const float *input, float *target,
               float clamp, float *scratch) {
    DISPATCH(set, dense, shape, growth, submodules, count, input, target, clamp, scratch);
}
