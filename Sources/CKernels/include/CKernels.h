// The float32 arithmetic of the hiding network: the Haar wavelet, the dense sub-modules and the
// coupling of their outputs.
//
// Nothing here allocates, keeps state or checks its arguments. The Swift caller (DeepHiding) has
// checked every size and passes buffers of at least the sizes that the functions below return. All
// functions may run concurrently on different target and scratch buffers.
//
// A "branch" holds the wavelet coefficients of an image in 12 channels, in the kernel's own order;
// `plm_haar` and `plm_branch_put` fill it, `plm_inverse_haar` and `plm_branch_get` read it.
#ifndef PALIMPSEST_CKERNELS_H
#define PALIMPSEST_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Channels of an image after one wavelet step: 4 bands of 3 colours.
#define PLM_WAVELET_CHANNELS 12
/// Convolutions per dense sub-module.
#define PLM_CONVOLUTIONS 5

typedef enum {
    PLM_PORTABLE = 0,
    PLM_AVX2 = 1,
    PLM_AVX512 = 2,
} plm_instruction_set;

/// How the output of a dense sub-module changes its target branch.
///
/// `E(s) = exp(clamp * tanh(s / 2))`.
typedef enum {
    /// target += s
    PLM_ADD = 0,
    /// target -= s
    PLM_SUBTRACT = 1,
    /// target *= E(s)
    PLM_SCALE = 2,
    /// target /= E(s)
    PLM_UNSCALE = 3,
} plm_coupling;

/// Columns and rows of an image's wavelet coefficients, at least 1.
typedef struct {
    size_t width, height;
} plm_shape;

/// A dense sub-module and the effect of its output on the target.
typedef struct {
    /// Its five packed convolutions, one after the other.
    const float *packed;
    plm_coupling coupling;
} plm_submodule;

/// The environment variable that overrides the instruction set, for tests.
#define PLM_ISA_VARIABLE "PALIMPSEST_ISA"

/// Whether this machine and this build support the kernel of an instruction set.
bool plm_supports(plm_instruction_set set);

/// Returns the set named `wanted` (avx512, avx2, portable; may be null) if supported, otherwise the
/// fastest set that this machine supports.
plm_instruction_set plm_preferred(const char *wanted);

/// Returns the number of floats of a packed convolution.
size_t plm_packed_floats(size_t inputs, size_t outputs);

/// Transforms `weights[outputs][inputs][3][3]` and `bias[outputs]` for `plm_dense`.
void plm_pack(const float *weights, const float *bias, size_t inputs, size_t outputs,
              float *packed);

/// Returns the number of floats of a branch, a multiple of 16.
size_t plm_branch_floats(plm_shape shape);

/// Returns the number of floats of scratch that `plm_dense` needs, a multiple of 16.
size_t plm_scratch_floats(plm_shape shape, size_t growth);

/// Prepares a scratch buffer; required once before the first `plm_dense` of this shape on it.
void plm_prepare(float *scratch, plm_shape shape);

/// Runs one or two dense sub-modules (five 3x3 convolutions, LeakyReLU 0.01 after the first four)
/// on `input` and couples their outputs to `target`, in order.
///
/// `count` is 1 or 2; two sub-modules share the transformed input. `input` and `target` must be
/// different branches. `plm_supports(set)` must hold.
void plm_dense(plm_instruction_set set, plm_shape shape, size_t growth,
               const plm_submodule *submodules, size_t count, const float *input, float *target,
               float clamp, float *scratch);

/// Returns the number of blocks into which the kernel divides a branch, at least 1.
size_t plm_blocks(plm_shape shape);

/// As `plm_dense`, for the blocks from `first` up to `end` of the target alone. Bands that do not
/// overlap may run at the same time, each with its own scratch buffer; together they give the bits
/// that `plm_dense` gives. A band costs some blocks more than it has.
void plm_dense_band(plm_instruction_set set, plm_shape shape, size_t growth,
                    const plm_submodule *submodules, size_t count, const float *input,
                    float *target, float clamp, float *scratch, size_t first, size_t end);

/// Zeroes a branch; required once before it is filled for this shape.
void plm_branch_clear(float *branch, plm_shape shape);

/// Computes the orthonormal Haar transform of 3 planes of `image_width` x `image_height` into a
/// branch, whose shape is half of that, rounded up. An odd last column or row is extended by
/// reflection. Both sizes are at least 2.
void plm_haar(const float *planes, size_t image_width, size_t image_height, float *branch,
              plm_shape shape);

/// Computes the inverse of `plm_haar`, cropping the extension of an odd size.
void plm_inverse_haar(const float *branch, plm_shape shape, size_t image_width, size_t image_height,
                      float *planes);

/// Writes 12 planes of `shape.width` x `shape.height` into a branch.
void plm_branch_put(const float *planes, float *branch, plm_shape shape);

/// Adds 12 such planes to a branch.
void plm_branch_add(const float *planes, float *branch, plm_shape shape);

/// Reads 12 such planes from a branch.
void plm_branch_get(const float *branch, plm_shape shape, float *planes);

/// Filters the rows of a picture for PNG in place: each becomes a byte that names the filter,
/// followed by `row_bytes` residuals.
///
/// `samples` holds `rows` rows of `row_bytes` bytes and has room for another `rows` bytes;
/// `pixel_bytes` is 1 to 8; `scratch` has `2 * row_bytes` bytes. Each row gets the filter with the
/// smallest sum of absolute residuals.
void plm_filter_rows(plm_instruction_set set, uint8_t *samples, size_t row_bytes, size_t rows,
                     size_t pixel_bytes, uint8_t *scratch);

/// Filters the `rows` rows from `first` on as `plm_filter_rows` does, into `to`, which has room for
/// `rows * (row_bytes + 1)` bytes.
///
/// `samples` holds the picture from its first row on; `scratch` has `row_bytes` bytes.
void plm_filter_band(plm_instruction_set set, const uint8_t *samples, size_t row_bytes,
                     size_t first, size_t rows, size_t pixel_bytes, uint8_t *scratch, uint8_t *to);

// DEFLATE (RFC 1951) for bands of filtered rows.

/// What the compression of a band needs beside its bytes: some 400 KiB.
typedef struct plm_deflater plm_deflater;

/// Returns a deflater, which serves one thread at a time, or NULL without memory.
plm_deflater *plm_deflater_create(void);

void plm_deflater_free(plm_deflater *deflater);

/// Returns how many bytes `plm_deflate_band` may write for a band of `count` bytes.
size_t plm_deflate_bound(size_t count);

/// Compresses a band of `count` (1 or more) bytes into whole bytes of DEFLATE blocks, and returns
/// how many.
///
/// No match reaches into another band, so bands can be compressed apart and put one behind the
/// other. Only the blocks of a band that `is_last` end the stream. The result depends on nothing but
/// the bytes. `to` has room for `plm_deflate_bound(count)` bytes.
size_t plm_deflate_band(plm_deflater *deflater, const uint8_t *bytes, size_t count, bool is_last,
                        uint8_t *to);

// Rows of pixels. A row is `count` interleaved 8-bit samples.

/// Computes the weighted sums of `row_count` rows.
void plm_add_rows(plm_instruction_set set, const uint8_t *const *rows, const float *weights,
                  size_t row_count, size_t count, float *sums);

/// The weights that scale one dimension. Output `i` is the weighted sum of the `counts[i]` samples
/// from `starts[i]` on, with the weights from `i * max_count` on.
typedef struct {
    size_t outputs, max_count;
    const ptrdiff_t *starts, *counts;
    const float *weights;
} plm_filter;

/// Scales the first `planes` (1 to 3) of the `channels` interleaved channels of a row horizontally,
/// and divides them by `divisor`.
///
/// Three more samples after the row's last must be readable; they do not affect the result. Sample
/// `i` of plane `p` goes to `to[p * plane_stride + i * sample_stride]`.
void plm_scale_row(const float *row, size_t channels, size_t planes, const plm_filter *filter,
                   float divisor, float *to, size_t plane_stride, size_t sample_stride);

/// Adds `weight_above * above + weight_below * below`, in levels and clamped to +-`bound`, to a
/// row. A sum whose fraction plus its threshold reaches 1 is rounded up, any other one down.
///
/// With thresholds of 1/2 this is ordinary rounding. They are multiples of 2^-12 in [0, 1), so that
/// adding them to a sample is exact enough to keep the bound.
void plm_release_row(plm_instruction_set set, uint8_t *row, size_t count, const float *above,
                     const float *below, float weight_above, float weight_below, float bound,
                     const float *thresholds);

/// Writes the thresholds of a row of `pixels` pixels that dither: spread evenly over [0, 1) in
/// every neighbourhood, and apart between channels. A pixel has 1 to 4 channels.
///
/// They follow the R2 sequence (Roberts, "The unreasonable effectiveness of quasirandom sequences",
/// 2018), in integers.
void plm_dither_row(plm_instruction_set set, float *thresholds, size_t pixels, size_t channels,
                    uint32_t row);

/// The difference of rows: the sum of squared sample differences, and the largest absolute one.
typedef struct {
    uint64_t squares;
    uint32_t largest;
} plm_difference;

/// Accumulates the difference of two rows.
void plm_compare_rows(plm_instruction_set set, const uint8_t *one, const uint8_t *other,
                      size_t count, plm_difference *difference);

/// Computes the luminances of a row's pixels, `0.299 R + 0.587 G + 0.114 B`, or the gray of one or
/// two channels, minus 128.
void plm_luminance_row(plm_instruction_set set, const uint8_t *row, size_t channels, size_t width,
                       float *to);

/// Computes the horizontal window sums of x, y, x^2 + y^2 and x y at `positions` positions: four
/// rows, `stride` floats apart.
///
/// The taps are symmetric. The target's rows have the positions rounded up to 16; `x` and `y` have
/// `tap_count - 1` floats more than that.
void plm_ssim_filter_row(plm_instruction_set set, const float *x, const float *y, size_t positions,
                         const float *taps, size_t tap_count, size_t stride, float *to);

/// Returns the sum of the similarities at `positions` positions of each of `windows` (1 or 2)
/// windows. The first window begins at the first row. `rows` are `tap_count + windows - 1` rows
/// from `plm_ssim_filter_row`.
double plm_ssim_sum(plm_instruction_set set, const float *const *rows, size_t stride,
                    const float *taps, size_t tap_count, size_t windows, size_t positions);

// The colour differences of a picture.

/// The steps of a tabulated transfer function.
#define PLM_CURVE_STEPS 4096

/// A point of a transfer function.
typedef struct {
    float linear, slope;
} plm_curve_point;

/// Computes the differences, in units of CIELAB, that a change of 1/255 makes to `count` colours:
/// of red, green and blue alike, of red up and green down, and of blue alone.
///
/// The difference is CIE94's, with CIEDE2000's weight of lightness, by the derivatives of CIELAB.
/// The colours are display values, clamped to [0, 1]; `curve` holds `PLM_CURVE_STEPS + 1` points of
/// their transfer function, evenly spaced. All instruction sets give the same bits.
void plm_color_differences(plm_instruction_set set, const plm_curve_point *curve, const float *red,
                           const float *green, const float *blue, size_t count, float *luminance,
                           float *red_green, float *of_blue);

// Convolutions of a small classifier, and their gradients.

/// Writes `count` sums to `target`: target[i] = start + sum over t of weights[t] * source[offsets[t]
/// + i], for `taps` values of t. `target` overlaps none of the others.
void plm_weighted_sum(plm_instruction_set set, const float *source, const size_t *offsets,
                      const float *weights, size_t taps, float start, float *target, size_t count);

// The same for 16-bit samples, big-endian as in PNG: 65535 counts, 257 per level.

/// As `plm_add_rows`; the sums are in counts.
void plm_add_wide_rows(const uint8_t *const *rows, const float *weights, size_t row_count,
                       size_t count, float *sums);

/// As `plm_release_row` with ordinary rounding; the added values and the bound are in levels.
void plm_release_wide_row(uint8_t *row, size_t count, const float *above, const float *below,
                          float weight_above, float weight_below, float bound);

/// As `plm_compare_rows`; the difference is in counts.
void plm_compare_wide_rows(const uint8_t *one, const uint8_t *other, size_t count,
                           plm_difference *difference);

/// As `plm_luminance_row`; the luminances are in levels.
void plm_wide_luminance_row(const uint8_t *row, size_t channels, size_t width, float *to);

/// Swaps the two bytes of each sample.
void plm_swap_bytes(uint8_t *samples, size_t count);

#endif
