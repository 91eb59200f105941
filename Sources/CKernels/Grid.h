// The division of an image into tiles and blocks, and its memory layout.
//
// A tile is 4 x 4 coefficients. The tiles of an image form one sequence, row by row. The kernel
// works on blocks of consecutive tiles. The neighbours of tile t are t - 1, t + 1, t - columns and
// t + columns, and masks replace whatever lies beyond the image's border. No width therefore wastes
// lanes, and small images fill them too.
#ifndef PALIMPSEST_GRID_H
#define PALIMPSEST_GRID_H

#include "CKernels.h"

/// Rows and columns of a tile.
#define PLM_TILE 4
/// Points of a tile in the transform domain of F(4x4, 3x3).
#define PLM_POINTS 36
/// Sizes and strides are multiples of this: a cache line of floats.
#define PLM_LINE 16
/// Tiles per block: two vectors of the widest kernel.
#define PLM_BLOCK 32

typedef struct {
    /// Size of the image in coefficients.
    size_t width, height;
    /// Tiles per row, per column and in total.
    size_t columns, rows, tiles;
    /// Number of blocks of tiles; the last may extend beyond the tiles.
    size_t blocks;
    /// Blocks by which a convolution trails the previous one, so that all neighbours of its tiles
    /// exist.
    size_t lag;
    /// Tiles held by a ring of features, and floats between its planes.
    size_t ring, ring_span;
    /// For a plane of a branch: floats before its first tile, and floats between planes.
    size_t margin, span;
} plm_grid;

/// The mask tables for vectors of tiles.
typedef struct {
    /// All bits set if a tile has a neighbour to the left, to the right, above, below.
    const int *left, *right, *above, *below;
    /// All bits set if a tile's column or row of coefficients is inside the image.
    const int *column[PLM_TILE], *row[PLM_TILE];
    /// For each line of tiles, whether any of its coefficients is outside the image.
    const int *partial;
} plm_masks;

static inline size_t plm_up(size_t value, size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/// Rounds up to a stride of an odd number of cache lines, so that planes map to different cache
/// sets.
static inline size_t plm_odd(size_t floats) {
    return ((floats + PLM_LINE - 1) / PLM_LINE | 1) * PLM_LINE;
}

/// Rounds up output channels, which are packed in groups of eight, the last of four if that is
/// enough.
static inline size_t plm_padded(size_t outputs) {
    const size_t rest = outputs % 8;
    return outputs - rest + (rest == 0 ? 0 : rest <= 4 ? 4 : 8);
}

/// Returns the number of actual tiles in a block, which is smaller only in the last one.
static inline size_t plm_live(const plm_grid *grid, size_t block) {
    const size_t left = grid->tiles - block * PLM_BLOCK;
    return left < PLM_BLOCK ? left : PLM_BLOCK;
}

/// Returns the number of channels that convolution `layer` (1 to 5) reads.
static inline size_t plm_inputs(size_t layer, size_t growth) {
    return PLM_WAVELET_CHANNELS + (layer - 1) * growth;
}

/// Returns the number of channels that it produces.
static inline size_t plm_outputs(size_t layer, size_t growth) {
    return layer == PLM_CONVOLUTIONS ? PLM_WAVELET_CHANNELS : growth;
}

/// Returns the number of transformed channels that convolution `layer` is the first to read.
static inline size_t plm_group(size_t layer, size_t growth) {
    return layer == 1 ? PLM_WAVELET_CHANNELS : growth;
}

plm_grid plm_grid_of(plm_shape shape);

/// Returns the number of blocks of those transformed features that are live at once.
static inline size_t plm_alive(const plm_grid *grid, size_t layer) {
    return (PLM_CONVOLUTIONS - layer) * grid->lag + 1;
}

/// Returns the floats between points, of the transformed features and of the products.
static inline size_t plm_point_floats(size_t channels) { return plm_odd(channels * PLM_BLOCK); }

/// Returns the number of ints in a plane of masks.
static inline size_t plm_mask_ints(const plm_grid *grid) { return grid->blocks * PLM_BLOCK; }

#define PLM_MASKS (4 + 2 * PLM_TILE)

#endif
