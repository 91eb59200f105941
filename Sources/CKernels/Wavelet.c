#include <string.h>

#include "Branch.h"

// The four bands of a colour are 3 channels apart: LL, HL, LH, HH (as in HiNet).

static size_t reflected(size_t at, size_t size) { return at < size ? at : 2 * size - 2 - at; }

void plm_branch_clear(float *branch, plm_shape shape) {
    memset(branch, 0, plm_branch_floats(shape) * sizeof(float));
}

void plm_haar(const float *planes, size_t image_width, size_t image_height, float *branch,
              plm_shape shape) {
    const plm_grid grid = plm_grid_of(shape);
    const size_t band = 3 * PLM_TILE * PLM_TILE * grid.span;
    for (size_t row = 0; row < shape.height; row++) {
        for (size_t colour = 0; colour < 3; colour++) {
            const float *plane = planes + colour * image_width * image_height;
            const float *top = plane + 2 * row * image_width;
            const float *bottom = plane + reflected(2 * row + 1, image_height) * image_width;
            float *to = branch + plm_branch_row(&grid, colour, row);
            for (size_t x = 0; x < shape.width; x++) {
                const size_t left = 2 * x, right = reflected(2 * x + 1, image_width),
                             at = plm_branch_column(&grid, x);
                const float a = top[left], b = bottom[left], c = top[right], d = bottom[right];
                to[at] = (a + b + c + d) * 0.5f;
                to[at + band] = (c + d - a - b) * 0.5f;
                to[at + 2 * band] = (b + d - a - c) * 0.5f;
                to[at + 3 * band] = (a + d - b - c) * 0.5f;
            }
        }
    }
}

void plm_inverse_haar(const float *branch, plm_shape shape, size_t image_width, size_t image_height,
                      float *planes) {
    const plm_grid grid = plm_grid_of(shape);
    const size_t band = 3 * PLM_TILE * PLM_TILE * grid.span;
    for (size_t row = 0; row < image_height; row++) {
        // Rows and columns alternate between the two halves of a cell.
        const float vertical = row % 2 == 0 ? -0.5f : 0.5f;
        for (size_t colour = 0; colour < 3; colour++) {
            const float *from = branch + plm_branch_row(&grid, colour, row / 2);
            float *to = planes + (colour * image_height + row) * image_width;
            for (size_t x = 0; x < image_width; x++) {
                const size_t at = plm_branch_column(&grid, x / 2);
                const float even = from[at] * 0.5f + vertical * from[at + 2 * band];
                const float odd = from[at + band] * 0.5f + vertical * from[at + 3 * band];
                to[x] = x % 2 == 0 ? even - odd : even + odd;
            }
        }
    }
}

void plm_branch_put(const float *planes, float *branch, plm_shape shape) {
    const plm_grid grid = plm_grid_of(shape);
    for (size_t channel = 0; channel < PLM_WAVELET_CHANNELS; channel++) {
        for (size_t row = 0; row < shape.height; row++) {
            float *to = branch + plm_branch_row(&grid, channel, row);
            for (size_t x = 0; x < shape.width; x++) to[plm_branch_column(&grid, x)] = *planes++;
        }
    }
}

void plm_branch_add(const float *planes, float *branch, plm_shape shape) {
    const plm_grid grid = plm_grid_of(shape);
    for (size_t channel = 0; channel < PLM_WAVELET_CHANNELS; channel++) {
        for (size_t row = 0; row < shape.height; row++) {
            float *to = branch + plm_branch_row(&grid, channel, row);
            for (size_t x = 0; x < shape.width; x++) to[plm_branch_column(&grid, x)] += *planes++;
        }
    }
}

void plm_branch_get(const float *branch, plm_shape shape, float *planes) {
    const plm_grid grid = plm_grid_of(shape);
    for (size_t channel = 0; channel < PLM_WAVELET_CHANNELS; channel++) {
        for (size_t row = 0; row < shape.height; row++) {
            const float *from = branch + plm_branch_row(&grid, channel, row);
            for (size_t x = 0; x < shape.width; x++) *planes++ = from[plm_branch_column(&grid, x)];
        }
    }
}
