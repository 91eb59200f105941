#include <string.h>

#include "CKernels.h"

// The four bands of one colour are 3 channels apart: LL, HL, LH, HH (algorithms of HiNet).

static size_t reflected(size_t at, size_t size) { return at < size ? at : 2 * size - 2 - at; }

void plm_haar(const float *planes, size_t image_width, size_t image_height, float *bands) {
    const size_t width = (image_width + 1) / 2, height = (image_height + 1) / 2, pitch = plm_pitch(width);
    memset(bands, 0, plm_band_floats(width, height, PLM_WAVELET_CHANNELS) * sizeof(float));
    for (size_t row = 0; row < height; row++) {
        for (size_t colour = 0; colour < 3; colour++) {
            const float *plane = planes + colour * image_width * image_height;
            const float *top = plane + 2 * row * image_width;
            const float *bottom = plane + reflected(2 * row + 1, image_height) * image_width;
            float *ll = bands + PLM_MARGIN + (row * PLM_WAVELET_CHANNELS + colour) * pitch;
            float *hl = ll + 3 * pitch, *lh = hl + 3 * pitch, *hh = lh + 3 * pitch;
            for (size_t x = 0; x < width; x++) {
                const size_t left = 2 * x, right = reflected(2 * x + 1, image_width);
                const float a = top[left], b = bottom[left], c = top[right], d = bottom[right];
                ll[x] = (a + b + c + d) * 0.5f;
                hl[x] = (c + d - a - b) * 0.5f;
                lh[x] = (b + d - a - c) * 0.5f;
                hh[x] = (a + d - b - c) * 0.5f;
            }
        }
    }
}

void plm_inverse_haar(const float *bands, size_t image_width, size_t image_height, float *planes) {
    const size_t width = (image_width + 1) / 2, pitch = plm_pitch(width);
    for (size_t row = 0; row < image_height; row++) {
        // Rows and columns alternate between the two halves of a cell.
        const float vertical = row % 2 == 0 ? -0.5f : 0.5f;
        for (size_t colour = 0; colour < 3; colour++) {
            const float *ll = bands + PLM_MARGIN + (row / 2 * PLM_WAVELET_CHANNELS + colour) * pitch;
            const float *hl = ll + 3 * pitch, *lh = hl + 3 * pitch, *hh = lh + 3 * pitch;
            float *to = planes + (colour * image_height + row) * image_width;
            for (size_t x = 0; x < image_width; x++) {
                const size_t cell = x / 2;
                const float even = ll[cell] * 0.5f + vertical * lh[cell];
                const float odd = hl[cell] * 0.5f + vertical * hh[cell];
                to[x] = x % 2 == 0 ? even - odd : even + odd;
            }
        }
    }
}
