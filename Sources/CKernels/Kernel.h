// The dense sub-modules, written once with clang's vector extensions and compiled once per
// instruction set (EachSet.h). A vector holds LANES tiles; a register block of products is OUTPUTS
// output channels x VECTORS vectors.
//
// Every output is summed in the same order whatever the blocks, so all instruction sets with a
// fused multiply-add give the same bits.

#define MICRO (LANES * VECTORS)

#include "Vector.h"

#include "Transform.h"

#include "Multiply.h"

// The state of one dense sub-module between its blocks.
typedef struct {
    const float *packed;
    plm_coupling coupling;
    // Per convolution, from the second: the ring of its new input channels, as features and
    // transformed.
    float *features[PLM_CONVOLUTIONS + 1], *values[PLM_CONVOLUTIONS + 1];
} KERNEL(submodule);

// Computes one convolution (1 to 5) of one block, from the transformed features to the features of
// the next convolution, or to the target.
static void KERNEL(convolve_block)(const plm_grid *grid, const plm_masks *masks,
                                   const KERNEL(submodule) * module, const float *weights,
                                   size_t layer, size_t growth, size_t block,
                                   const float *input_values, float *products, float clamp,
                                   float *target) {
    const float *values[PLM_CONVOLUTIONS];
    size_t channels[PLM_CONVOLUTIONS];
    for (size_t group = 1; group <= layer; group++) {
        channels[group - 1] = plm_group(group, growth);
        const float *const ring = group == 1 ? input_values : module->values[group];
        values[group - 1] = ring + block % plm_alive(grid, group) * PLM_POINTS *
                                       plm_point_floats(channels[group - 1]);
    }
    const size_t outputs = plm_outputs(layer, growth);
    KERNEL(multiply_block)(grid, block, values, channels, layer, weights + plm_padded(outputs),
                           outputs, products);
    if (layer < PLM_CONVOLUTIONS) {
        KERNEL(activate_block)(grid, masks, products, weights, outputs, block,
                               module->features[layer + 1]);
    } else {
        KERNEL(couple_block)(grid, masks, products, weights, block, module->coupling, clamp,
                             target);
    }
}

// The first block of a band, and the one after its last, that a convolution (1 to 5) must
// compute: more than the band's own, since the later ones read the neighbours of their tiles.
INLINE size_t KERNEL(first_block)(const plm_grid *grid, size_t first, size_t layer) {
    const size_t reach = (PLM_CONVOLUTIONS - layer) * grid->lag;
    return first > reach ? first - reach : 0;
}

INLINE size_t KERNEL(end_block)(const plm_grid *grid, size_t end, size_t layer) {
    const size_t reach = (PLM_CONVOLUTIONS - layer) * grid->lag;
    return end + reach < grid->blocks ? end + reach : grid->blocks;
}

// The sub-modules process the picture block by block. Convolution k trails convolution k - 1 by as
// many blocks as its tiles' neighbours require, so that the live data stay in the cache. A feature
// is transformed once and read by all later convolutions.
static void KERNEL(dense)(plm_shape shape, size_t growth, const plm_submodule *submodules,
                          size_t count, const float *input, float *target, float clamp,
                          float *scratch, size_t first, size_t end) {
    const plm_grid grid = plm_grid_of(shape);
    // The layout matches plm_scratch_floats.
    const size_t ints = plm_mask_ints(&grid);
    const int *const mask = (const int *)scratch;
    plm_masks masks = {mask, mask + ints, mask + 2 * ints,        mask + 3 * ints,
                       {0},  {0},         mask + PLM_MASKS * ints};
    for (size_t i = 0; i < PLM_TILE; i++) {
        masks.column[i] = mask + (4 + i) * ints;
        masks.row[i] = mask + (4 + PLM_TILE + i) * ints;
    }
    float *free = scratch + PLM_MASKS * ints + plm_up(ints / PLM_LINE, PLM_LINE);
    float *const input_values = free;
    const size_t input_slot = PLM_POINTS * plm_point_floats(PLM_WAVELET_CHANNELS);
    const size_t slot = PLM_POINTS * plm_point_floats(growth);
    free += plm_alive(&grid, 1) * input_slot;
    KERNEL(submodule) modules[2];
    for (size_t m = 0; m < count; m++) {
        modules[m].packed = submodules[m].packed;
        modules[m].coupling = submodules[m].coupling;
        for (size_t layer = 2; layer <= PLM_CONVOLUTIONS; layer++) {
            modules[m].values[layer] = free;
            free += plm_alive(&grid, layer) * slot;
            modules[m].features[layer] = free;
            free += growth * PLM_TILE * PLM_TILE * grid.ring_span;
        }
    }
    float *const products = free;

    const size_t begin = KERNEL(first_block)(&grid, first, 1),
                 last = KERNEL(end_block)(&grid, end, 1);
    for (size_t step = begin; step < end + (PLM_CONVOLUTIONS - 1) * grid.lag; step++) {
        if (step < last) {
            KERNEL(transform_block)(&grid, &masks, input, grid.span, grid.margin, 0, step,
                                    PLM_WAVELET_CHANNELS,
                                    input_values + step % plm_alive(&grid, 1) * input_slot);
        }
        for (size_t m = 0; m < count; m++) {
            const float *weights = modules[m].packed;
            for (size_t layer = 1; layer <= PLM_CONVOLUTIONS; layer++) {
                const size_t behind = (layer - 1) * grid.lag, block = step - behind;
                if (step >= behind + KERNEL(first_block)(&grid, first, layer) &&
                    block < KERNEL(end_block)(&grid, end, layer)) {
                    if (layer > 1) {
                        KERNEL(transform_block)(
                            &grid, &masks, modules[m].features[layer], grid.ring_span, 0, grid.ring,
                            block, growth,
                            modules[m].values[layer] + block % plm_alive(&grid, layer) * slot);
                    }
                    KERNEL(convolve_block)(&grid, &masks, &modules[m], weights, layer, growth,
                                           block, input_values, products, clamp, target);
                }
                weights += plm_packed_floats(plm_inputs(layer, growth), plm_outputs(layer, growth));
            }
        }
    }
}

#undef MICRO
#undef VECTOR
#undef BITS
