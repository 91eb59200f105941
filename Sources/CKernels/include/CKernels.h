// The arithmetic of the hiding network: the Haar wavelet, the dense sub-modules and the coupling of their outputs,
// float32.
//
// Nothing here allocates, keeps state or checks its arguments: the Swift caller (DeepHiding) has checked every size,
// and passes buffers of at least the sizes that the functions below give. All functions may run on several threads at
// once on different target and scratch buffers.
//
// A "branch" holds the wavelet coefficients of an image in 12 channels, in an order of the kernel's own; `plm_haar` and
// `plm_branch_put` fill it, `plm_inverse_haar` and `plm_branch_get` read it.
#ifndef PALIMPSEST_CKERNELS_H
#define PALIMPSEST_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Channels of an image after one wavelet step: 4 bands of 3 colours.
#define PLM_WAVELET_CHANNELS 12
/// Convolutions in a dense sub-module.
#define PLM_CONVOLUTIONS 5

typedef enum {
    PLM_PORTABLE = 0,
    PLM_AVX2 = 1,
    PLM_AVX512 = 2,
} plm_instruction_set;

/// How the output of a dense sub-module changes the branch that it is for; `E(s) = exp(clamp * tanh(s / 2))`.
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

/// Columns and rows of the wavelet coefficients of an image, at least 1.
typedef struct {
    size_t width, height;
} plm_shape;

/// A dense sub-module and what its output does to the target.
typedef struct {
    /// Its five packed convolutions, one after the other.
    const float *packed;
    plm_coupling coupling;
} plm_submodule;

/// The environment variable that names the instruction set to take, for tests.
#define PLM_ISA_VARIABLE "PALIMPSEST_ISA"

/// Whether this machine, and this build, can run the kernel of an instruction set.
bool plm_supports(plm_instruction_set set);

/// The fastest that this machine has, or the one of the name `wanted` (avx512, avx2, portable; may be null) if it has
/// that.
plm_instruction_set plm_preferred(const char *wanted);

/// Floats that a packed convolution takes.
size_t plm_packed_floats(size_t inputs, size_t outputs);

/// Transforms `weights[outputs][inputs][3][3]` and `bias[outputs]` for `plm_dense`.
void plm_pack(const float *weights, const float *bias, size_t inputs, size_t outputs, float *packed);

/// Floats of a branch; a multiple of 16.
size_t plm_branch_floats(plm_shape shape);

/// Floats of scratch that `plm_dense` needs; a multiple of 16.
size_t plm_scratch_floats(plm_shape shape, size_t growth);

/// Prepares a scratch buffer: once before the first `plm_dense` of this shape on it.
void plm_prepare(float *scratch, plm_shape shape);

/// Runs one or two dense sub-modules (five 3x3 convolutions, LeakyReLU 0.01 after four) on `input` and couples their
/// outputs to `target`, in order.
///
/// `count` is 1 or 2; two share what is made of their input. `input` and `target` are different branches. `set` must
/// be one that `plm_supports`.
void plm_dense(plm_instruction_set set, plm_shape shape, size_t growth, const plm_submodule *submodules, size_t count,
               const float *input, float *target, float clamp, float *scratch);

/// Zeroes a branch: once before it is filled for this shape.
void plm_branch_clear(float *branch, plm_shape shape);

/// The orthonormal Haar transform of 3 planes of `image_width` x `image_height` into a branch, whose shape is half of
/// that, rounded up; an odd last column or row is continued by reflection. Both sizes are at least 2.
void plm_haar(const float *planes, size_t image_width, size_t image_height, float *branch, plm_shape shape);

/// The inverse of `plm_haar`; what an odd size had added is cropped.
void plm_inverse_haar(const float *branch, plm_shape shape, size_t image_width, size_t image_height, float *planes);

/// Writes 12 planes of `shape.width` x `shape.height` into a branch.
void plm_branch_put(const float *planes, float *branch, plm_shape shape);

/// Adds them to what is there.
void plm_branch_add(const float *planes, float *branch, plm_shape shape);

/// Reads them back.
void plm_branch_get(const float *branch, plm_shape shape, float *planes);

/// Filters the rows of a picture for PNG in place: each becomes a byte that names the filter and `row_bytes` residuals.
///
/// `samples` holds `rows` rows of `row_bytes` bytes and has room for `rows` bytes more; `pixel_bytes` is 1 to 8;
/// `scratch` has `2 * row_bytes` bytes. The filter of a row is the one whose residuals add up to the least.
void plm_filter_rows(plm_instruction_set set, uint8_t *samples, size_t row_bytes, size_t rows, size_t pixel_bytes,
                     uint8_t *scratch);

// Rows of pixels. A row is `count` interleaved 8-bit samples.

/// The sums of `row_count` rows times their weights.
void plm_add_rows(plm_instruction_set set, const uint8_t *const *rows, const float *weights, size_t row_count,
                  size_t count, float *sums);

/// The weights that scale one dimension: output `i` is the sum of `counts[i]` samples from `starts[i]` on, times the
/// weights from `i * max_count` on.
typedef struct {
    size_t outputs, max_count;
    const ptrdiff_t *starts, *counts;
    const float *weights;
} plm_filter;

/// Scales the first `planes` (1 to 3) of the `channels` interleaved channels of a row in width, and divides them.
///
/// Behind the row's last sample there is room for three more, which may be read but do not count.
/// Sample `i` of plane `p` goes to `to[p * plane_stride + i * sample_stride]`.
void plm_scale_row(const float *row, size_t channels, size_t planes, const plm_filter *filter, float divisor, float *to,
                   size_t plane_stride, size_t sample_stride);

/// Adds `weight_above * above + weight_below * below`, in levels, cut off at +-`bound`, to a row, and rounds.
void plm_release_row(plm_instruction_set set, uint8_t *row, size_t count, const float *above, const float *below,
                     float weight_above, float weight_below, float bound);

/// How far rows are apart: the sum of the squares of the samples' differences, and the largest.
typedef struct {
    uint64_t squares;
    uint32_t largest;
} plm_difference;

/// Adds two rows to a difference.
void plm_compare_rows(plm_instruction_set set, const uint8_t *one, const uint8_t *other, size_t count,
                      plm_difference *difference);

/// The luminances of the pixels of a row, `0.299 R + 0.587 G + 0.114 B`, or the gray of one or two channels, less 128.
void plm_luminance_row(plm_instruction_set set, const uint8_t *row, size_t channels, size_t width, float *to);

/// The window's sums in width over x, y, x^2 + y^2 and x y at `positions` places: four rows, `stride` floats apart.
///
/// The taps are the same from both ends. `x` and `y` hold `tap_count - 1` floats more than the places rounded up to
/// 16, which the target's rows have.
void plm_ssim_filter_row(plm_instruction_set set, const float *x, const float *y, size_t positions, const float *taps,
                         size_t tap_count, size_t stride, float *to);

/// The sum of the similarities at `positions` places of each of `windows` (1 or 2) windows, the first from the first
/// row on, from `tap_count + windows - 1` rows that `plm_ssim_filter_row` made.
double plm_ssim_sum(plm_instruction_set set, const float *const *rows, size_t stride, const float *taps,
                    size_t tap_count, size_t windows, size_t positions);

// The same for rows whose samples have 16 bits, the more significant byte first as in PNG: 65535 counts, 257 to a level.

/// `plm_add_rows`; the sums are in counts.
void plm_add_wide_rows(const uint8_t *const *rows, const float *weights, size_t row_count, size_t count, float *sums);

/// `plm_release_row`; what is added and the bound are in levels.
void plm_release_wide_row(uint8_t *row, size_t count, const float *above, const float *below, float weight_above,
                          float weight_below, float bound);

/// `plm_compare_rows`; the difference is in counts.
void plm_compare_wide_rows(const uint8_t *one, const uint8_t *other, size_t count, plm_difference *difference);

/// `plm_luminance_row`; the luminances are in levels.
void plm_wide_luminance_row(const uint8_t *row, size_t channels, size_t width, float *to);

/// Swaps the two bytes of each sample.
void plm_swap_bytes(uint8_t *samples, size_t count);

#endif
