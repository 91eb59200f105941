#include <string.h>

#include "CKernels.h"
#include "Geometry.h"

// An odd number of cache lines between two channels, so that the channels of a row do not fall into the same sets.
size_t plm_pitch(size_t width) {
    const size_t lines = (width + 15) / 16 + 1;
    return 16 * (lines > 2 ? lines | 1 : lines);
}

size_t plm_band_floats(size_t width, size_t height, size_t channels) {
    return height * channels * plm_pitch(width) + PLM_MARGIN;
}

size_t plm_packed_floats(size_t inputs, size_t outputs) {
    return plm_padded_outputs(outputs) * (1 + inputs * 9);
}

void plm_pack(const float *weights, const float *bias, size_t inputs, size_t outputs, float *packed) {
    const size_t padded = plm_padded_outputs(outputs);
    memset(packed, 0, plm_packed_floats(inputs, outputs) * sizeof(float));
    memcpy(packed, bias, outputs * sizeof(float));
    float *tile = packed + padded;
    for (size_t output = 0; output < outputs;) {
        const size_t stride = outputs - output > 4 ? 8 : 4;
        for (size_t o = 0; o < stride && output + o < outputs; o++) {
            for (size_t i = 0; i < inputs * 9; i++) tile[i * stride + o] = weights[(output + o) * inputs * 9 + i];
        }
        tile += inputs * 9 * stride;
        output += stride;
    }
}

size_t plm_dense_scratch_floats(size_t width, size_t height, size_t growth) {
    const size_t row_floats = plm_dense_channels(growth) * plm_pitch(width);
    return plm_rounded(row_floats + PLM_MARGIN) +
           plm_rounded(plm_ring_rows(width, height) * row_floats + PLM_MARGIN) +
           plm_band_floats(width, plm_dense_step(width, height), PLM_WAVELET_CHANNELS);
}

void plm_dense_prepare(float *scratch, size_t width, size_t height, size_t growth) {
    memset(scratch, 0, plm_dense_scratch_floats(width, height, growth) * sizeof(float));
}
