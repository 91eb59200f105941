#include "Grid.h"

#include <string.h>

plm_grid plm_grid_of(plm_shape shape) {
    plm_grid grid = {.width = shape.width, .height = shape.height};
    grid.columns = plm_up(shape.width, PLM_TILE) / PLM_TILE;
    grid.rows = plm_up(shape.height, PLM_TILE) / PLM_TILE;
    grid.tiles = grid.columns * grid.rows;
    const size_t reach = grid.columns + 1;
    grid.blocks = plm_up(grid.tiles, PLM_BLOCK) / PLM_BLOCK;
    grid.lag = grid.blocks == 1 ? 0 : plm_up(reach, PLM_BLOCK) / PLM_BLOCK;
    grid.ring = (grid.lag == 0 ? 2 : 2 * grid.lag + 1) * PLM_BLOCK;
    // One extra line repeats the ring's beginning, for vectors that extend beyond its end.
    grid.ring_span = plm_odd(grid.ring + PLM_LINE);
    grid.margin = plm_up(reach, PLM_LINE);
    grid.span = plm_odd(grid.margin + grid.blocks * PLM_BLOCK + plm_up(reach + PLM_LINE, PLM_LINE));
    return grid;
}

size_t plm_branch_floats(plm_shape shape) {
    return PLM_WAVELET_CHANNELS * PLM_TILE * PLM_TILE * plm_grid_of(shape).span;
}

size_t plm_packed_floats(size_t inputs, size_t outputs) {
    return plm_padded(outputs) * (1 + inputs * PLM_POINTS);
}

size_t plm_scratch_floats(plm_shape shape, size_t growth) {
    const plm_grid grid = plm_grid_of(shape);
    size_t floats =
        PLM_MASKS * plm_mask_ints(&grid) + plm_up(plm_mask_ints(&grid) / PLM_LINE, PLM_LINE);
    floats += plm_alive(&grid, 1) * PLM_POINTS * plm_point_floats(PLM_WAVELET_CHANNELS);
    for (size_t layer = 2; layer <= PLM_CONVOLUTIONS; layer++) {
        floats += 2 * plm_alive(&grid, layer) * PLM_POINTS * plm_point_floats(growth);
        floats += 2 * growth * PLM_TILE * PLM_TILE * grid.ring_span;
    }
    const size_t products = growth > PLM_WAVELET_CHANNELS ? growth : PLM_WAVELET_CHANNELS;
    return floats + PLM_POINTS * plm_point_floats(plm_padded(products));
}

void plm_prepare(float *scratch, plm_shape shape) {
    const plm_grid grid = plm_grid_of(shape);
    const size_t count = plm_mask_ints(&grid);
    int *const masks = (int *)scratch;
    int *const partial = masks + PLM_MASKS * count;
    memset(masks, 0, (PLM_MASKS * count + plm_up(count / PLM_LINE, PLM_LINE)) * sizeof(int));
    for (size_t tile = 0; tile < count; tile++) {
        const size_t x = tile % grid.columns, y = tile / grid.columns;
        const int inside = tile < grid.tiles ? -1 : 0;
        masks[tile] = x > 0 ? inside : 0;
        masks[count + tile] = x + 1 < grid.columns ? inside : 0;
        masks[2 * count + tile] = y > 0 ? inside : 0;
        masks[3 * count + tile] = y + 1 < grid.rows ? inside : 0;
        for (size_t i = 0; i < PLM_TILE; i++) {
            const int column = x * PLM_TILE + i < grid.width ? inside : 0,
                      row = y * PLM_TILE + i < grid.height ? inside : 0;
            masks[(4 + i) * count + tile] = column;
            masks[(4 + PLM_TILE + i) * count + tile] = row;
            if (!column || !row) partial[tile / PLM_LINE] = 1;
        }
    }
}

// G g G^T of F(4x4, 3x3) (Lavin and Gray 2016, section 4.2 with the points 0, 1, -1, 2, -2), in
// double precision.
static void transform_weights(const float *taps, double points[PLM_POINTS]) {
    static const double g[6][3] = {{1.0 / 4, 0, 0},
                                   {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                   {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                   {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                   {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                   {0, 0, 1}};
    double half[6][3];
    for (size_t i = 0; i < 6; i++) {
        for (size_t x = 0; x < 3; x++)
            half[i][x] = g[i][0] * taps[x] + g[i][1] * taps[3 + x] + g[i][2] * taps[6 + x];
    }
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 6; j++) {
            points[i * 6 + j] = half[i][0] * g[j][0] + half[i][1] * g[j][1] + half[i][2] * g[j][2];
        }
    }
}

void plm_pack(const float *weights, const float *bias, size_t inputs, size_t outputs,
              float *packed) {
    const size_t padded = plm_padded(outputs);
    memset(packed, 0, plm_packed_floats(inputs, outputs) * sizeof(float));
    memcpy(packed, bias, outputs * sizeof(float));
    for (size_t output = 0; output < outputs; output++) {
        const size_t group = output / 8 * 8, stride = padded - group < 8 ? padded - group : 8;
        for (size_t input = 0; input < inputs; input++) {
            double points[PLM_POINTS];
            transform_weights(weights + (output * inputs + input) * 9, points);
            for (size_t point = 0; point < PLM_POINTS; point++) {
                float *const to = packed + padded + point * padded * inputs + group * inputs;
                to[input * stride + output - group] = (float)points[point];
            }
        }
    }
}
