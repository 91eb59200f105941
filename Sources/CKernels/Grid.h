// How an image is cut into tiles and blocks, and where everything lies in memory.
//
// A tile is 4 x 4 coefficients. The tiles of an image stand in one line, row after row. The kernel works on blocks of
// consecutive tiles: the neighbours of tile t are t - 1, t + 1, t - columns and t + columns, and masks stand for what
// lies beyond the image's border. So no width wastes any lane, and small images fill them, too.
#ifndef PALIMPSEST_GRID_H
#define PALIMPSEST_GRID_H

#include "CKernels.h"

/// Rows and columns of a tile.
#define PLM_TILE 4
/// Points of a tile in the transform domain of F(4x4, 3x3).
#define PLM_POINTS 36
/// What sizes and strides are multiples of: a cache line of floats.
#define PLM_LINE 16
/// Tiles of a block: two vectors of the widest kernel.
#define PLM_BLOCK 32

typedef struct {
    /// Coefficients of the image.
    size_t width, height;
    /// Tiles across, down, and in all.
    size_t columns, rows, tiles;
    /// Blocks of tiles; the last may reach beyond them.
    size_t blocks;
    /// By how many blocks a convolution follows the one before it, so that all neighbours of its tiles are there.
    size_t lag;
    /// Tiles that a ring of features holds, and floats from one of its planes to the next.
    size_t ring, ring_span;
    /// Of a plane of a branch: floats before its first tile, and floats from one plane to the next.
    size_t margin, span;
} plm_grid;

/// The tables that vectors of tiles are masked by.
typedef struct {
    /// All bits set where a tile has a neighbour to the left, to the right, above, below.
    const int *left, *right, *above, *below;
    /// All bits set where a tile's column or row of coefficients is inside the image.
    const int *column[PLM_TILE], *row[PLM_TILE];
    /// For each line of tiles, whether any coefficient of it is outside.
    const int *partial;
} plm_masks;

static inline size_t plm_up(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/// A stride of at least that many floats that is an odd number of cache lines, so that planes fall into different sets.
static inline size_t plm_odd(size_t floats) { return ((floats + PLM_LINE - 1) / PLM_LINE | 1) * PLM_LINE; }

/// Output channels are packed in groups of eight, the last of four if that is enough.
static inline size_t plm_padded(size_t outputs) {
    const size_t rest = outputs % 8;
    return outputs - rest + (rest == 0 ? 0 : rest <= 4 ? 4 : 8);
}

/// Tiles of a block that are there: all but in the last one.
static inline size_t plm_live(const plm_grid *grid, size_t block) {
    const size_t left = grid->tiles - block * PLM_BLOCK;
    return left < PLM_BLOCK ? left : PLM_BLOCK;
}

/// Channels that the convolution `layer` (1 to 5) reads.
static inline size_t plm_inputs(size_t layer, size_t growth) { return PLM_WAVELET_CHANNELS + (layer - 1) * growth; }

/// Channels that it gives.
static inline size_t plm_outputs(size_t layer, size_t growth) {
    return layer == PLM_CONVOLUTIONS ? PLM_WAVELET_CHANNELS : growth;
}

/// Channels of the transformed features that the convolution `layer` is the first to read.
static inline size_t plm_group(size_t layer, size_t growth) { return layer == 1 ? PLM_WAVELET_CHANNELS : growth; }

plm_grid plm_grid_of(plm_shape shape);

/// Blocks of those transformed features that are alive at once.
static inline size_t plm_alive(const plm_grid *grid, size_t layer) {
    return (PLM_CONVOLUTIONS - layer) * grid->lag + 1;
}

/// Floats from one point to the next, of the transformed features and of the products.
static inline size_t plm_point_floats(size_t channels) { return plm_odd(channels * PLM_BLOCK); }

/// Floats of a plane of masks.
static inline size_t plm_mask_ints(const plm_grid *grid) { return grid->blocks * PLM_BLOCK; }

#define PLM_MASKS (4 + 2 * PLM_TILE)

#endif
