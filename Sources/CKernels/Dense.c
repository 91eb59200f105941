#include "Grid.h"

#define TEMPLATE "Kernel.h"
#include "EachSet.h"

size_t plm_blocks(plm_shape shape) { return plm_grid_of(shape).blocks; }

void plm_dense(plm_instruction_set set, plm_shape shape, size_t growth,
               const plm_submodule *submodules, size_t count, const float *input, float *target,
               float clamp, float *scratch) {
    plm_dense_band(set, shape, growth, submodules, count, input, target, clamp, scratch, 0,
                   plm_blocks(shape));
}

void plm_dense_band(plm_instruction_set set, plm_shape shape, size_t growth,
                    const plm_submodule *submodules, size_t count, const float *input,
                    float *target, float clamp, float *scratch, size_t first, size_t end) {
    DISPATCH(set, dense, shape, growth, submodules, count, input, target, clamp, scratch, first,
             end);
}
