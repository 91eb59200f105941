// Sizes that the kernel and its callers agree on.
#ifndef PALIMPSEST_GEOMETRY_H
#define PALIMPSEST_GEOMETRY_H

#include "CKernels.h"

/// Most rows that one convolution does before the next one has its turn.
#define PLM_MAX_STEP 32

static inline size_t plm_rounded(size_t floats) { return (floats + 15) / 16 * 16; }

/// Output channels are packed in tiles of eight, the last of four if that is enough.
static inline size_t plm_padded_outputs(size_t outputs) {
    const size_t rest = outputs % 8;
    return outputs - rest + (rest == 0 ? 0 : rest <= 4 ? 4 : 8);
}

static inline size_t plm_dense_channels(size_t growth) {
    return PLM_WAVELET_CHANNELS + (PLM_CONVOLUTIONS - 1) * growth;
}

/// Rows that a convolution does in one go: all of a small picture, else one when rows are long, some when they are short.
static inline size_t plm_dense_step(size_t width, size_t height) {
    if (height <= PLM_MAX_STEP && width * height <= 1024) return height;
    const size_t step = (95 + width) / width;
    const size_t most = step < PLM_MAX_STEP ? step : PLM_MAX_STEP;
    return most < height ? most : height;
}

/// Rows that each convolution lags behind the one before it.
static inline size_t plm_dense_lag(size_t width, size_t height) {
    return plm_dense_step(width, height) < height ? 1 : 0;
}

/// Rows of features that are alive at once.
static inline size_t plm_ring_rows(size_t width, size_t height) {
    const size_t rows = plm_dense_step(width, height) + PLM_CONVOLUTIONS + 1;
    return rows < height ? rows : height;
}

/// A register block of the kernel, see Kernel.h.
typedef void (*plm_block)(const float *const *rows, size_t channels, size_t pitch, const float *weights, size_t stride,
                          const float *bias, float *const *outputs, size_t live, float slope);

#endif
