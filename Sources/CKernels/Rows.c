#define TEMPLATE "Rows.h"
#include "EachSet.h"

void plm_add_rows(plm_instruction_set set, const uint8_t *const *rows, const float *weights,
                  size_t row_count, size_t count, float *sums) {
    DISPATCH(set, add_rows, rows, weights, row_count, count, sums);
}

// The samples of a pixel, and some of the next one if it has fewer than four.
typedef float quad __attribute__((vector_size(16), aligned(4)));

// Scales a row of three channels to one of three. A pixel is stored with a fourth sample, which the
// next one overwrites.
static void scale_pixels(const float *row, size_t channels, const plm_filter *filter, float *to) {
    for (size_t output = 0; output < filter->outputs; output++, to += 3) {
        const float *const weights = filter->weights + output * filter->max_count;
        const float *from = row + (size_t)filter->starts[output] * channels;
        quad sums = {};
        for (size_t tap = 0; tap < (size_t)filter->counts[output]; tap++)
            sums += weights[tap] * *(const quad *)(from + tap * channels);
        if (output + 1 < filter->outputs) {
            *(quad *)to = sums;
        } else {
            for (size_t plane = 0; plane < 3; plane++) to[plane] = sums[plane];
        }
    }
}

void plm_scale_row(const float *row, size_t channels, size_t planes, const plm_filter *filter,
                   float divisor, float *to, size_t plane_stride, size_t sample_stride) {
    if (planes == 3 && plane_stride == 1 && sample_stride == 3 && divisor == 1)
        return scale_pixels(row, channels, filter, to);
    for (size_t output = 0; output < filter->outputs; output++) {
        const float *const weights = filter->weights + output * filter->max_count;
        const float *from = row + (size_t)filter->starts[output] * channels;
        const size_t taps = (size_t)filter->counts[output];
        quad sums = {};
        if (planes > 1) {
            for (size_t tap = 0; tap < taps; tap++)
                sums += weights[tap] * *(const quad *)(from + tap * channels);
        } else {
            for (size_t tap = 0; tap < taps; tap++) sums[0] += weights[tap] * from[tap * channels];
        }
        for (size_t plane = 0; plane < planes; plane++)
            to[plane * plane_stride + output * sample_stride] = sums[plane] / divisor;
    }
}

void plm_release_row(plm_instruction_set set, uint8_t *row, size_t count, const float *above,
                     const float *below, float weight_above, float weight_below, float bound,
                     const float *thresholds) {
    DISPATCH(set, release_row, row, count, above, below, weight_above, weight_below, bound,
             thresholds);
}

void plm_dither_row(plm_instruction_set set, float *thresholds, size_t pixels, size_t channels,
                    uint32_t row) {
    DISPATCH(set, dither_row, thresholds, pixels, channels, row);
}

void plm_compare_rows(plm_instruction_set set, const uint8_t *one, const uint8_t *other,
                      size_t count, plm_difference *difference) {
    DISPATCH(set, compare_rows, one, other, count, difference);
}

void plm_luminance_row(plm_instruction_set set, const uint8_t *row, size_t channels, size_t width,
                       float *to) {
    DISPATCH(set, luminance_row, row, channels, width, to);
}

void plm_ssim_filter_row(plm_instruction_set set, const float *x, const float *y, size_t positions,
                         const float *taps, size_t tap_count, size_t stride, float *to) {
    DISPATCH(set, ssim_filter_row, x, y, positions, taps, tap_count, stride, to);
}

double plm_ssim_sum(plm_instruction_set set, const float *const *rows, size_t stride,
                    const float *taps, size_t tap_count, size_t windows, size_t positions) {
    double total = 0;
    DISPATCH(set, ssim_sum, rows, stride, taps, tap_count, windows, positions, &total);
    return total;
}
