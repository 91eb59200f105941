// The arithmetic of the hiding network: the Haar wavelet, the dense sub-module and the coupling of its output, float32.
//
// Nothing here allocates, keeps state or checks its arguments: the Swift caller (DeepHiding) has checked every size, and
// passes buffers of at least the sizes that the functions below give. All functions may run on several threads at once
// on different target and scratch buffers.
//
// A "band image" is the layout of every buffer of wavelet coefficients: rows of channels of pixels. Element
// (row, channel, x) lies at (row * channels + channel) * pitch + PLM_MARGIN + x. What lies between the channels is zero,
// so that a 3x3 convolution needs no branch at the left and right border.
#ifndef PALIMPSEST_CKERNELS_H
#define PALIMPSEST_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>

/// Floats before the first pixel of a channel, all zero.
#define PLM_MARGIN 16
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

/// Whether this machine, and this build, can run the kernel of an instruction set.
bool plm_supports(plm_instruction_set set);

/// Floats between two channels of a band image of this width.
size_t plm_pitch(size_t width);

/// Floats in a band image; a multiple of 16.
size_t plm_band_floats(size_t width, size_t height, size_t channels);

/// Floats that a packed convolution takes.
size_t plm_packed_floats(size_t inputs, size_t outputs);

/// Reorders `weights[outputs][inputs][3][3]` and `bias[outputs]` for `plm_dense`.
void plm_pack(const float *weights, const float *bias, size_t inputs, size_t outputs, float *packed);

/// Floats of scratch that `plm_dense` needs; a multiple of 16.
size_t plm_dense_scratch_floats(size_t width, size_t height, size_t growth);

/// Zeroes the margins in a scratch buffer: once before the first `plm_dense` of this size on it.
void plm_dense_prepare(float *scratch, size_t width, size_t height, size_t growth);

/// Runs one dense sub-module (five 3x3 convolutions, LeakyReLU 0.01 after four) on `input` and couples it to `target`.
///
/// `packed` holds the five packed convolutions one after the other. `input` and `target` are different band images of 12
/// channels. `set` must be one that `plm_supports`.
void plm_dense(plm_instruction_set set, const float *packed, size_t growth, const float *input, float *target,
               size_t width, size_t height, plm_coupling coupling, float clamp, float *scratch);

/// The orthonormal Haar transform of 3 planes of `image_width` x `image_height` into a band image of half the size,
/// rounded up; an odd last column or row is continued by reflection. Both sizes are at least 2.
void plm_haar(const float *planes, size_t image_width, size_t image_height, float *bands);

/// The inverse of `plm_haar`; what an odd size had added is cropped.
void plm_inverse_haar(const float *bands, size_t image_width, size_t image_height, float *planes);

/// One 3x3 convolution on its own (zero padding, bias, no activation): `input` has `inputs` channels, `output` has
/// `outputs`, both band images; `zeros` is one row of `inputs` channels, all zero, with its margins.
void plm_convolve(plm_instruction_set set, const float *packed, size_t inputs, size_t outputs, const float *input,
                  float *output, size_t width, size_t height, const float *zeros);

#endif
