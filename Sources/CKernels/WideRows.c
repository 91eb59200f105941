// Kernels for rows of 16-bit samples. These are rare, so one version for all instruction sets
// suffices.

#include "CKernels.h"

enum { counts_in_level = 257 };

static inline unsigned wide_sample(const uint8_t *row, size_t index) {
    return (unsigned)row[2 * index] << 8 | row[2 * index + 1];
}

void plm_add_wide_rows(const uint8_t *const *rows, const float *weights, size_t row_count,
                       size_t count, float *sums) {
    for (size_t i = 0; i < count; i++) sums[i] = 0;
    for (size_t row = 0; row < row_count; row++) {
        for (size_t i = 0; i < count; i++)
            sums[i] += weights[row] * (float)wide_sample(rows[row], i);
    }
}

void plm_release_wide_row(uint8_t *row, size_t count, const float *above, const float *below,
                          float weight_above, float weight_below, float bound) {
    const float most = bound * counts_in_level;
    for (size_t i = 0; i < count; i++) {
        float delta = (weight_above * above[i] + weight_below * below[i]) * counts_in_level;
        delta = delta > -most ? (delta < most ? delta : most) : -most;
        const float value = (float)wide_sample(row, i) + delta;
        const unsigned sample =
            (unsigned)((value > 0 ? (value < 65535 ? value : 65535) : 0) + 0.5f);
        row[2 * i] = (uint8_t)(sample >> 8);
        row[2 * i + 1] = (uint8_t)sample;
    }
}

void plm_compare_wide_rows(const uint8_t *one, const uint8_t *other, size_t count,
                           plm_difference *difference) {
    uint32_t largest = difference->largest;
    uint64_t squares = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t a = wide_sample(one, i), b = wide_sample(other, i),
                       apart = a > b ? a - b : b - a;
        largest = apart > largest ? apart : largest;
        squares += (uint64_t)apart * apart;
    }
    difference->largest = largest;
    difference->squares += squares;
}

void plm_wide_luminance_row(const uint8_t *row, size_t channels, size_t width, float *to) {
    for (size_t x = 0; x < width; x++) {
        const uint8_t *const pixel = row + 2 * x * channels;
        const float counts = channels <= 2 ? (float)wide_sample(pixel, 0)
                                           : 0.299f * (float)wide_sample(pixel, 0) +
                                                 0.587f * (float)wide_sample(pixel, 1) +
                                                 0.114f * (float)wide_sample(pixel, 2);
        to[x] = counts / counts_in_level - 128.0f;
    }
}

void plm_swap_bytes(uint8_t *samples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t first = samples[2 * i];
        samples[2 * i] = samples[2 * i + 1];
        samples[2 * i + 1] = first;
    }
}
