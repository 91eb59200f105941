#include "CKernels.h"

#include <string.h>

#include "Geometry.h"

// The kernel for every instruction set that this architecture has; "portable" is what every machine of it can run.

#define KERNEL(name) plm_portable_##name
#define LANES 4
#if defined(__aarch64__)
#define TILE 8
#else
#define TILE 4
#endif
#include "Kernel.h"
#undef KERNEL
#undef LANES
#undef TILE

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define KERNEL(name) plm_avx2_##name
#define LANES 8
#define TILE 4
#include "Kernel.h"
#undef KERNEL
#undef LANES
#undef TILE
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx2,fma"))), apply_to = function)
#define KERNEL(name) plm_avx512_##name
#define LANES 16
#define TILE 8
#include "Kernel.h"
#undef KERNEL
#undef LANES
#undef TILE
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
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
        default: return false;
    }
}

static void convolve_rows(plm_instruction_set set, const float *packed, size_t inputs, size_t outputs, size_t width,
                          size_t pitch, size_t count, const float *const *source_rows, float *const *target_rows,
                          float slope) {
    switch (set) {
#if defined(__x86_64__)
        case PLM_AVX512:
            plm_avx512_convolve_rows(packed, inputs, outputs, width, pitch, count, source_rows, target_rows, slope);
            return;
        case PLM_AVX2:
            plm_avx2_convolve_rows(packed, inputs, outputs, width, pitch, count, source_rows, target_rows, slope);
            return;
#endif
        default:
            plm_portable_convolve_rows(packed, inputs, outputs, width, pitch, count, source_rows, target_rows, slope);
    }
}

static void couple(plm_instruction_set set, const float *output, float *target, size_t count, plm_coupling coupling,
                   float clamp) {
    switch (set) {
#if defined(__x86_64__)
        case PLM_AVX512: plm_avx512_couple(output, target, count, coupling, clamp); return;
        case PLM_AVX2: plm_avx2_couple(output, target, count, coupling, clamp); return;
#endif
        default: plm_portable_couple(output, target, count, coupling, clamp);
    }
}

// The features of a dense sub-module (its input, then what each convolution adds) live in a ring of rows: convolution k
// works one row behind convolution k - 1, so that only a few rows are alive and stay in the cache, and each
// convolution reads those before it in place. A zero row stands for what lies above and below the picture.
void plm_dense(plm_instruction_set set, const float *packed, size_t growth, const float *input, float *target,
               size_t width, size_t height, plm_coupling coupling, float clamp, float *scratch) {
    const size_t pitch = plm_pitch(width);
    const size_t channels = plm_dense_channels(growth);
    const size_t step = plm_dense_step(width, height);
    const size_t ring_rows = plm_ring_rows(width, height);
    const size_t row_floats = channels * pitch;
    const size_t input_row = PLM_WAVELET_CHANNELS * pitch;
    // In the order of plm_dense_scratch_floats: a row of zeros, the ring, what the last convolution gives.
    float *const zero_start = scratch;
    float *const ring_start = zero_start + plm_rounded(row_floats + PLM_MARGIN);
    float *const result = ring_start + plm_rounded(ring_rows * row_floats + PLM_MARGIN);
    float *const zero = zero_start + PLM_MARGIN;
    float *const ring = ring_start + PLM_MARGIN;
    const float *sources[PLM_MAX_STEP + 2];
    float *targets[PLM_MAX_STEP];

    const size_t lag = plm_dense_lag(width, height);
    for (size_t band = 0; band * step < height + lag * PLM_CONVOLUTIONS; band++) {
        const float *weights = packed;
        for (size_t layer = 0; layer <= PLM_CONVOLUTIONS; layer++) {
            const size_t inputs = layer == 0 ? 0 : PLM_WAVELET_CHANNELS + (layer - 1) * growth;
            const size_t outputs = layer == PLM_CONVOLUTIONS ? PLM_WAVELET_CHANNELS : growth;
            const size_t behind = lag * layer;
            const size_t first = band * step > behind ? band * step - behind : 0;
            size_t end = (band + 1) * step > behind ? (band + 1) * step - behind : 0;
            if (end > height) end = height;
            if (first < end) {
                const size_t count = end - first;
                if (layer == 0) {
                    for (size_t row = first; row < end; row++) {
                        memcpy(ring + row % ring_rows * row_floats, input + PLM_MARGIN + row * input_row,
                               (input_row - PLM_MARGIN) * sizeof(float));
                    }
                } else {
                    for (size_t i = 0; i < count + 2; i++) {
                        const size_t row = first + i;  // one more than the row that is meant
                        sources[i] = row == 0 || row > height ? zero : ring + (row - 1) % ring_rows * row_floats;
                    }
                    for (size_t i = 0; i < count; i++) {
                        targets[i] = layer == PLM_CONVOLUTIONS
                                         ? result + PLM_MARGIN + i * input_row
                                         : ring + (first + i) % ring_rows * row_floats + inputs * pitch;
                    }
                    convolve_rows(set, weights, inputs, outputs, width, pitch, count, sources, targets,
                                  layer == PLM_CONVOLUTIONS ? 1.0f : 0.01f);
                    if (layer == PLM_CONVOLUTIONS) {
                        couple(set, result, target + first * input_row, count * input_row, coupling, clamp);
                    }
                }
            }
            if (layer > 0) weights += plm_packed_floats(inputs, outputs);
        }
    }
}

void plm_convolve(plm_instruction_set set, const float *packed, size_t inputs, size_t outputs, const float *input,
                  float *output, size_t width, size_t height, const float *zeros) {
    const size_t pitch = plm_pitch(width);
    for (size_t row = 0; row < height; row++) {
        const float *sources[3];
        for (size_t k = 0; k < 3; k++) {
            sources[k] = row + k == 0 || row + k > height ? zeros + PLM_MARGIN
                                                          : input + PLM_MARGIN + (row + k - 1) * inputs * pitch;
        }
        float *const target = output + PLM_MARGIN + row * outputs * pitch;
        convolve_rows(set, packed, inputs, outputs, width, pitch, 1, sources, &target, 1.0f);
    }
}
