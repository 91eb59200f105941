// Sums of shifted runs, compiled once per instruction set (EachSet.h). See plm_weighted_sum.

#include "Vector.h"

#define BLOCK 4

static void KERNEL(weighted_sum)(const float *source, const size_t *offsets, const float *weights,
                                 size_t taps, float start, float *target, size_t count) {
    size_t i = 0;
    // As many sums in registers as hide the latency of one.
    for (; i + BLOCK * LANES <= count; i += BLOCK * LANES) {
        VECTOR sums[BLOCK];
        for (size_t b = 0; b < BLOCK; b++) sums[b] = KERNEL(all)(start);
        for (size_t t = 0; t < taps; t++) {
            const float *const from = source + offsets[t] + i;
            for (size_t b = 0; b < BLOCK; b++)
                sums[b] += weights[t] * KERNEL(load)(from + b * LANES);
        }
        for (size_t b = 0; b < BLOCK; b++) KERNEL(store)(target + i + b * LANES, sums[b]);
    }
    // Where few vectors are left, as many partial sums of one.
    for (; i + LANES <= count; i += LANES) {
        VECTOR sums[BLOCK] = {KERNEL(all)(start)};
        size_t t = 0;
        for (; t + BLOCK <= taps; t += BLOCK) {
            for (size_t b = 0; b < BLOCK; b++)
                sums[b] += weights[t + b] * KERNEL(load)(source + offsets[t + b] + i);
        }
        for (; t < taps; t++) sums[0] += weights[t] * KERNEL(load)(source + offsets[t] + i);
        KERNEL(store)(target + i, (sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
    for (; i < count; i++) {
        float sum = start;
        for (size_t t = 0; t < taps; t++) sum += weights[t] * source[offsets[t] + i];
        target[i] = sum;
    }
}

#undef BLOCK
#undef VECTOR
#undef BITS
