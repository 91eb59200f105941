// The products in the transform domain: at every point a matrix of weights times the features of the block's tiles. See Kernel.h.

// `outputs` x MICRO sums, kept in registers over all channels of all groups, added in the order of the channels.
INLINE void KERNEL(multiply_tile)(const size_t outputs, const float *const *groups, const size_t *channels, size_t count,
                                  const float *weights, size_t stride, float *to, size_t to_stride) {
    VECTOR sum[8][VECTORS];
#pragma clang loop unroll(full)
    for (size_t o = 0; o < outputs; o++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < VECTORS; v++) sum[o][v] = (VECTOR){};
    }
    for (size_t group = 0; group < count; group++) {
        const float *values = groups[group];
        for (size_t channel = channels[group]; channel > 0; channel--) {
            VECTOR value[VECTORS];
#pragma clang loop unroll(full)
            for (size_t v = 0; v < VECTORS; v++) value[v] = KERNEL(load)(values + v * LANES);
#pragma clang loop unroll(full)
            for (size_t o = 0; o < outputs; o++) {
                const VECTOR weight = KERNEL(all)(weights[o]);
#pragma clang loop unroll(full)
                for (size_t v = 0; v < VECTORS; v++) sum[o][v] += weight * value[v];
            }
            values += MICRO;
            weights += stride;
        }
    }
#pragma clang loop unroll(full)
    for (size_t o = 0; o < outputs; o++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < VECTORS; v++) KERNEL(store)(to + o * to_stride + v * LANES, sum[o][v]);
    }
}

static __attribute__((noinline)) void KERNEL(multiply_4)(const float *const *groups, const size_t *channels, size_t count,
                                                         const float *weights, size_t stride, float *to, size_t to_stride) {
    KERNEL(multiply_tile)(4, groups, channels, count, weights, stride, to, to_stride);
}

#if OUTPUTS == 8
static __attribute__((noinline)) void KERNEL(multiply_8)(const float *const *groups, const size_t *channels, size_t count,
                                                         const float *weights, size_t stride, float *to, size_t to_stride) {
    KERNEL(multiply_tile)(8, groups, channels, count, weights, stride, to, to_stride);
}
#endif

// The products of one convolution for one block. `values` are the transformed features of the block, group after group of channels.
static void KERNEL(multiply_block)(const plm_grid *grid, const float *const *values, const size_t *channels, size_t count,
                                   const float *weights, size_t outputs, float *products) {
    const size_t padded = plm_padded(outputs), stride = plm_point_floats(grid, padded);
    size_t inputs = 0;
    for (size_t group = 0; group < count; group++) inputs += channels[group];
    for (size_t point = 0; point < PLM_POINTS; point++) {
        for (size_t micro = 0; micro < grid->block / MICRO; micro++) {
            const float *groups[PLM_CONVOLUTIONS];
            for (size_t group = 0; group < count; group++) {
                groups[group] = values[group] + point * plm_point_floats(grid, channels[group]) + micro * channels[group] * MICRO;
            }
            float *const to = products + point * stride + micro * MICRO;
            for (size_t output = 0; output < padded; output += 8) {
                const float *const tile = weights + output * inputs;
                float *const rows = to + output * grid->block;
#if OUTPUTS == 8
                if (padded - output >= 8) {
                    KERNEL(multiply_8)(groups, channels, count, tile, 8, rows, grid->block);
                    continue;
                }
#else
                if (padded - output >= 8) {
                    KERNEL(multiply_4)(groups, channels, count, tile, 8, rows, grid->block);
                    KERNEL(multiply_4)(groups, channels, count, tile + 4, 8, rows + 4 * grid->block, grid->block);
                    continue;
                }
#endif
                KERNEL(multiply_4)(groups, channels, count, tile, 4, rows, grid->block);
            }
        }
        weights += padded * inputs;
    }
}
