// The kernel, written once with clang's vector extensions and compiled once for each instruction set: the including file
// defines KERNEL(name) and the constants LANES (pixels in a vector) and TILE (output channels a register block).
//
// A register block is TILE output channels x up to 3 vectors of pixels, kept in registers over all inputs and taps. Every
// output is summed in one order (input channel, row, column of the tap) whatever the block, so that all instruction
// sets with a fused multiply-add give the same bits.

typedef float KERNEL(vector) __attribute__((vector_size(LANES * 4), aligned(4)));
typedef int KERNEL(bits) __attribute__((vector_size(LANES * 4), aligned(4)));

#define VECTOR KERNEL(vector)
#define BITS KERNEL(bits)

static inline __attribute__((always_inline)) VECTOR KERNEL(load)(const float *from) {
    return *(const VECTOR *)from;
}

static inline __attribute__((always_inline)) void KERNEL(store)(float *to, VECTOR value) {
    *(VECTOR *)to = value;
}

static inline __attribute__((always_inline)) VECTOR KERNEL(all)(float value) {
    return value - (VECTOR){};
}

// `rows` holds for each of `vectors` positions the three input rows around it, at the position's first pixel of the
// first channel; `outputs` where the first output channel of each position goes. Weights are `stride` apart a tap.
static inline __attribute__((always_inline)) void KERNEL(block)(const size_t tile, const size_t vectors,
                                                                const float *const *rows, size_t channels,
                                                                size_t pitch, const float *weights, size_t stride,
                                                                const float *bias, float *const *outputs, size_t live,
                                                                float slope) {
    VECTOR sum[8][3];
    for (size_t o = 0; o < tile; o++)
        for (size_t p = 0; p < vectors; p++) sum[o][p] = KERNEL(all)(bias[o]);
    for (size_t channel = 0; channel < channels; channel++) {
        const size_t offset = channel * pitch;
#pragma clang loop unroll(full)
        for (size_t tap = 0; tap < 9; tap++) {
            VECTOR pixels[3];
#pragma clang loop unroll(full)
            for (size_t p = 0; p < vectors; p++) {
                pixels[p] = KERNEL(load)(rows[p * 3 + tap / 3] + offset + tap % 3 - 1);
            }
#pragma clang loop unroll(full)
            for (size_t o = 0; o < tile; o++) {
                const VECTOR weight = KERNEL(all)(weights[tap * stride + o]);
#pragma clang loop unroll(full)
                for (size_t p = 0; p < vectors; p++) sum[o][p] += weight * pixels[p];
            }
        }
        weights += 9 * stride;
    }
#pragma clang loop unroll(full)
    for (size_t o = 0; o < tile; o++) {
        if (o < live) {
#pragma clang loop unroll(full)
            for (size_t p = 0; p < vectors; p++) {
                KERNEL(store)(outputs[p] + o * pitch, __builtin_elementwise_max(sum[o][p], slope * sum[o][p]));
            }
        }
    }
}

#define DEFINE_BLOCK(tile, vectors)                                                                                   \
    static __attribute__((noinline)) void KERNEL(block_##tile##x##vectors)(                                           \
        const float *const *rows, size_t channels, size_t pitch, const float *weights, size_t stride,                 \
        const float *bias, float *const *outputs, size_t live, float slope) {                                         \
        KERNEL(block)(tile, vectors, rows, channels, pitch, weights, stride, bias, outputs, live, slope);             \
    }

DEFINE_BLOCK(4, 1)
DEFINE_BLOCK(4, 2)
DEFINE_BLOCK(4, 3)
#if TILE == 8
DEFINE_BLOCK(8, 1)
DEFINE_BLOCK(8, 2)
DEFINE_BLOCK(8, 3)
#endif

// By output channels (four, eight) and positions less one.
static const plm_block KERNEL(blocks)[TILE / 4][3] = {
    {KERNEL(block_4x1), KERNEL(block_4x2), KERNEL(block_4x3)},
#if TILE == 8
    {KERNEL(block_8x1), KERNEL(block_8x2), KERNEL(block_8x3)},
#endif
};

// One convolution on the rows [first, end): row r's inputs are source(r - 1), source(r), source(r + 1), given by the
// tables of row pointers, and it goes to target_rows[r - first]. All pointers are at x = 0 of their first channel.
static void KERNEL(convolve_rows)(const float *packed, size_t inputs, size_t outputs, size_t width, size_t pitch,
                                  size_t count, const float *const *source_rows, float *const *target_rows,
                                  float slope) {
    const size_t row_vectors = (width + LANES - 1) / LANES;
    const size_t total = row_vectors * count;
    const float *bias = packed;
    const float *weights = packed + plm_padded_outputs(outputs);
    for (size_t at = 0; at < total;) {
        const size_t left = total - at;
        const size_t vectors = left == 4 ? 2 : left < 3 ? left : 3;
        const float *rows[9];
        float *targets[3];
        for (size_t p = 0; p < vectors; p++) {
            const size_t row = (at + p) / row_vectors, x = (at + p) % row_vectors * LANES;
            for (size_t k = 0; k < 3; k++) rows[p * 3 + k] = source_rows[row + k] + x;
            targets[p] = target_rows[row] + x;
        }
        const float *tile_weights = weights;
        for (size_t output = 0; output < outputs;) {
            const size_t stride = outputs - output > 4 ? 8 : 4;
            for (size_t part = 0; part < stride && output + part < outputs; part += TILE < stride ? TILE : stride) {
                const size_t tile = TILE < stride ? TILE : stride;
                const size_t live = outputs - output - part < tile ? outputs - output - part : tile;
                float *tile_targets[3];
                for (size_t p = 0; p < vectors; p++) tile_targets[p] = targets[p] + (output + part) * pitch;
                KERNEL(blocks)[tile / 4 - 1][vectors - 1](rows, inputs, pitch, tile_weights + part, stride,
                                                          bias + output + part, tile_targets, live, slope);
            }
            tile_weights += inputs * 9 * stride;
            output += stride;
        }
        at += vectors;
    }
    // Whole vectors were stored: what lies right of the picture must be zero again for the next convolution.
    const size_t overhang = row_vectors * LANES - width;
    if (overhang == 0) return;
    for (size_t row = 0; row < count; row++) {
        for (size_t output = 0; output < outputs; output++) {
            memset(target_rows[row] + output * pitch + width, 0, overhang * sizeof(float));
        }
    }
}

// e^x to within 2 units in the last place for |x| <= 87, clamped beyond; after Cephes' expf. The exponent is
// made by adding 1.5 * 2^23, so that no float is converted to an integer, whatever it holds.
static inline __attribute__((always_inline)) VECTOR KERNEL(exponential)(VECTOR x) {
    x = __builtin_elementwise_min(__builtin_elementwise_max(x, KERNEL(all)(-87.0f)), KERNEL(all)(87.0f));
    const VECTOR shifted = x * 1.44269504f + 12582912.0f;
    const VECTOR n = shifted - 12582912.0f;
    const VECTOR r = x - n * 0.693359375f + n * 2.12194440e-4f;
    VECTOR p = 1.9875691500e-4f * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const BITS power = ((BITS)shifted << 23) + (127 << 23);
    return p * (VECTOR)power;
}

// exp(clamp * tanh(s / 2)), with tanh(s / 2) = 1 - 2 / (e^s + 1).
static inline __attribute__((always_inline)) VECTOR KERNEL(squashed)(VECTOR s, float clamp) {
    return KERNEL(exponential)(clamp * (1.0f - 2.0f / (KERNEL(exponential)(s) + 1.0f)));
}

// Couples `count` floats, a multiple of 16, of a sub-module's output to its target. The margins are zero in both and stay
// zero.
static void KERNEL(couple)(const float *output, float *target, size_t count, plm_coupling coupling, float clamp) {
    for (size_t i = 0; i < count; i += LANES) {
        const VECTOR s = KERNEL(load)(output + i), t = KERNEL(load)(target + i);
        VECTOR result;
        switch (coupling) {
            case PLM_ADD: result = t + s; break;
            case PLM_SUBTRACT: result = t - s; break;
            case PLM_SCALE: result = t * KERNEL(squashed)(s, clamp); break;
            case PLM_UNSCALE: result = t * KERNEL(squashed)(s, -clamp); break;
        }
        KERNEL(store)(target + i, result);
    }
}

#undef DEFINE_BLOCK
#undef VECTOR
#undef BITS
