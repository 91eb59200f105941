// The products in the transform domain: at every point, a matrix of weights times the features of
// the block's tiles. See Kernel.h.

// `outputs` x `vectors` vectors of sums, kept in registers over all channels of all groups and
// added in channel order.
INLINE void KERNEL(multiply_tile)(const size_t outputs, const size_t vectors,
                                  const float *const *groups, const size_t *channels, size_t count,
                                  const float *weights, size_t stride, float *to,
                                  size_t to_stride) {
    VECTOR sum[8][VECTORS];
#pragma clang loop unroll(full)
    for (size_t o = 0; o < outputs; o++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) sum[o][v] = (VECTOR){};
    }
    for (size_t group = 0; group < count; group++) {
        const float *values = groups[group];
        for (size_t channel = channels[group]; channel > 0; channel--) {
            VECTOR value[VECTORS];
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) value[v] = KERNEL(load)(values + v * LANES);
#pragma clang loop unroll(full)
            for (size_t o = 0; o < outputs; o++) {
                const VECTOR weight = KERNEL(all)(weights[o]);
#pragma clang loop unroll(full)
                for (size_t v = 0; v < vectors; v++) sum[o][v] += weight * value[v];
            }
            values += MICRO;
            weights += stride;
        }
    }
#pragma clang loop unroll(full)
    for (size_t o = 0; o < outputs; o++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++)
            KERNEL(store)(to + o * to_stride + v * LANES, sum[o][v]);
    }
}

typedef void (*KERNEL(multiplier))(const float *const *groups, const size_t *channels, size_t count,
                                   const float *weights, size_t stride, float *to,
                                   size_t to_stride);

#define DEFINE_MULTIPLIER(outputs, vectors)                                                     \
    static __attribute__((noinline)) void KERNEL(multiply_##outputs##x##vectors)(               \
        const float *const *groups, const size_t *channels, size_t count, const float *weights, \
        size_t stride, float *to, size_t to_stride) {                                           \
        KERNEL(multiply_tile)(outputs, vectors, groups, channels, count, weights, stride, to,   \
                              to_stride);                                                       \
    }

DEFINE_MULTIPLIER(4, 1)
DEFINE_MULTIPLIER(4, 2)
#if OUTPUTS == 8
DEFINE_MULTIPLIER(8, 1)
DEFINE_MULTIPLIER(8, 2)
#endif

// Computes the products of one convolution for one block. `values` are the block's transformed
// features, one group of channels after the other.
static void KERNEL(multiply_block)(const plm_grid *grid, size_t block, const float *const *values,
                                   const size_t *channels, size_t count, const float *weights,
                                   size_t outputs, float *products) {
    const size_t padded = plm_padded(outputs), stride = plm_point_floats(padded);
    size_t inputs = 0;
    for (size_t group = 0; group < count; group++) inputs += channels[group];
    const size_t live = plm_live(grid, block);
    for (size_t point = 0; point < PLM_POINTS; point++) {
        for (size_t micro = 0; micro * MICRO < live; micro++) {
            // In the last register block, only half the vectors may be present.
            const bool is_half = live - micro * MICRO <= LANES;
            const KERNEL(multiplier) multiply_4 =
                is_half ? KERNEL(multiply_4x1) : KERNEL(multiply_4x2);
            const float *groups[PLM_CONVOLUTIONS];
            for (size_t group = 0; group < count; group++) {
                groups[group] = values[group] + point * plm_point_floats(channels[group]) +
                                micro * channels[group] * MICRO;
            }
            float *const to = products + point * stride + micro * MICRO;
            for (size_t output = 0; output < padded; output += 8) {
                const float *const tile = weights + output * inputs;
                float *const rows = to + output * PLM_BLOCK;
                if (padded - output < 8) {
                    multiply_4(groups, channels, count, tile, 4, rows, PLM_BLOCK);
                    continue;
                }
#if OUTPUTS == 8
                (is_half ? KERNEL(multiply_8x1) : KERNEL(multiply_8x2))(groups, channels, count,
                                                                        tile, 8, rows, PLM_BLOCK);
#else
                multiply_4(groups, channels, count, tile, 8, rows, PLM_BLOCK);
                multiply_4(groups, channels, count, tile + 4, 8, rows + 4 * PLM_BLOCK, PLM_BLOCK);
#endif
            }
        }
        weights += padded * inputs;
    }
}

#undef DEFINE_MULTIPLIER
