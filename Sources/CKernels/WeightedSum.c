#define TEMPLATE "WeightedSum.h"
#include "EachSet.h"

void plm_weighted_sum(plm_instruction_set set, const float *source, const size_t *offsets,
                      const float *weights, size_t taps, float start, float *target,
                      size_t count) {
    DISPATCH(set, weighted_sum, source, offsets, weights, taps, start, target, count);
}
