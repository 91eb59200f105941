// Transforms to and from the domain of Winograd's F(4x4, 3x3), one vector of tiles at a time. See
// Kernel.h.

// B^T d (Lavin and Gray 2016, section 4.2).
INLINE void KERNEL(to_points)(const VECTOR d[6], VECTOR to[6]) {
    const VECTOR even = d[4] - 4.0f * d[2], odd = d[3] - 4.0f * d[1];
    const VECTOR low = d[4] - d[2], high = 2.0f * (d[3] - d[1]);
    to[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = low + high;
    to[4] = low - high;
    to[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
}

// A^T m.
INLINE void KERNEL(from_points)(const VECTOR m[6], VECTOR to[PLM_TILE]) {
    const VECTOR sum = m[1] + m[2], difference = m[1] - m[2];
    const VECTOR sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    to[0] = m[0] + sum + sum2;
    to[1] = difference + 2.0f * difference2;
    to[2] = sum + 4.0f * sum2;
    to[3] = difference + 8.0f * difference2 + m[5];
}

// Transforms `channels` channels of one block. Plane (channel, y, x) of the source begins at
// ((channel * 4 + y) * 4 + x) * span; its tile t is at margin + t, or at t modulo `ring` if that is
// not zero.
static void KERNEL(transform_block)(const plm_grid *grid, const plm_masks *masks,
                                    const float *source, size_t span, size_t margin, size_t ring,
                                    size_t block, size_t channels, float *values) {
    const size_t stride = plm_point_floats(channels);
    for (size_t lane = 0; lane < plm_live(grid, block); lane += LANES) {
        const size_t tile = block * PLM_BLOCK + lane;
        const float *around[3][3];
        for (size_t y = 0; y < 3; y++) {
            for (size_t x = 0; x < 3; x++) {
                // Offset by an extra ring, or by the margin, to keep the index nonnegative.
                const size_t at =
                    tile + y * grid->columns + x + (ring ? 2 * ring : margin) - grid->columns - 1;
                around[y][x] = source + (ring ? at % ring : at);
            }
        }
        const BITS left = KERNEL(load_mask)(masks->left + tile),
                   right = KERNEL(load_mask)(masks->right + tile);
        const BITS above = KERNEL(load_mask)(masks->above + tile),
                   below = KERNEL(load_mask)(masks->below + tile);
        float *to = values + lane / MICRO * channels * MICRO + lane % MICRO;
        for (size_t channel = 0; channel < channels; channel++) {
            const size_t plane = channel * PLM_TILE * PLM_TILE * span;
            VECTOR half[6][6];
#pragma clang loop unroll(full)
            for (size_t x = 0; x < 6; x++) {
                VECTOR d[6];
#pragma clang loop unroll(full)
                for (size_t y = 0; y < 6; y++) {
                    const size_t at = plane + ((y + 3) % 4 * PLM_TILE + (x + 3) % 4) * span;
                    d[y] = KERNEL(load)(around[(y + 3) / 4][(x + 3) / 4] + at);
                    if (x == 0) d[y] = KERNEL(masked)(d[y], left);
                    if (x == 5) d[y] = KERNEL(masked)(d[y], right);
                    if (y == 0) d[y] = KERNEL(masked)(d[y], above);
                    if (y == 5) d[y] = KERNEL(masked)(d[y], below);
                }
                VECTOR column[6];
                KERNEL(to_points)(d, column);
#pragma clang loop unroll(full)
                for (size_t y = 0; y < 6; y++) half[y][x] = column[y];
            }
#pragma clang loop unroll(full)
            for (size_t y = 0; y < 6; y++) {
                VECTOR points[6];
                KERNEL(to_points)(half[y], points);
#pragma clang loop unroll(full)
                for (size_t x = 0; x < 6; x++) {
                    KERNEL(store)(to + (y * 6 + x) * stride, points[x]);
                    // The hardware prefetcher does not track this many streams.
                    __builtin_prefetch(to + (y * 6 + x) * stride + 2 * MICRO, 1, 3);
                }
            }
            to += MICRO;
        }
    }
}

// Transforms one vector of tiles of one output channel back, adds the bias and zeroes everything
// outside the image.
INLINE void KERNEL(untransform)(const plm_masks *masks, size_t tile, const float *products,
                                size_t stride, float bias, VECTOR to[PLM_TILE][PLM_TILE]) {
    VECTOR half[PLM_TILE][6];
#pragma clang loop unroll(full)
    for (size_t x = 0; x < 6; x++) {
        VECTOR m[6], column[PLM_TILE];
#pragma clang loop unroll(full)
        for (size_t y = 0; y < 6; y++) {
            m[y] = KERNEL(load)(products + (y * 6 + x) * stride);
            // Two outputs ahead.
            __builtin_prefetch(products + (y * 6 + x) * stride + 2 * PLM_BLOCK, 0, 3);
        }
        KERNEL(from_points)(m, column);
#pragma clang loop unroll(full)
        for (size_t y = 0; y < PLM_TILE; y++) half[y][x] = column[y];
    }
#pragma clang loop unroll(full)
    for (size_t y = 0; y < PLM_TILE; y++) {
        KERNEL(from_points)(half[y], to[y]);
#pragma clang loop unroll(full)
        for (size_t x = 0; x < PLM_TILE; x++) to[y][x] += bias;
    }
    if (!masks->partial[tile / PLM_LINE]) return;
#pragma clang loop unroll(full)
    for (size_t y = 0; y < PLM_TILE; y++) {
        const BITS row = KERNEL(load_mask)(masks->row[y] + tile);
#pragma clang loop unroll(full)
        for (size_t x = 0; x < PLM_TILE; x++) {
            to[y][x] = KERNEL(masked)(to[y][x], row & KERNEL(load_mask)(masks->column[x] + tile));
        }
    }
}

// Turns the products of one block into features (LeakyReLU 0.01) in a ring.
static void KERNEL(activate_block)(const plm_grid *grid, const plm_masks *masks,
                                   const float *products, const float *bias, size_t outputs,
                                   size_t block, float *features) {
    const size_t stride = plm_point_floats(plm_padded(outputs));
    for (size_t lane = 0; lane < plm_live(grid, block); lane += LANES) {
        const size_t tile = block * PLM_BLOCK + lane, at = tile % grid->ring;
        for (size_t output = 0; output < outputs; output++) {
            VECTOR values[PLM_TILE][PLM_TILE];
            KERNEL(untransform)(masks, tile, products + output * PLM_BLOCK + lane, stride,
                                bias[output], values);
            float *const planes = features + output * PLM_TILE * PLM_TILE * grid->ring_span + at;
#pragma clang loop unroll(full)
            for (size_t i = 0; i < PLM_TILE * PLM_TILE; i++) {
                const VECTOR value = values[i / PLM_TILE][i % PLM_TILE];
                const VECTOR active = __builtin_elementwise_max(value, 0.01f * value);
                KERNEL(store)(planes + i * grid->ring_span, active);
                // Repeat the ring's beginning after its end.
                if (at < PLM_LINE) KERNEL(store)(planes + i * grid->ring_span + grid->ring, active);
            }
        }
    }
}

// Applies the products of one block of the last convolution to the other branch.
INLINE void KERNEL(couple_by)(const plm_grid *grid, const plm_masks *masks, const float *products,
                              const float *bias, size_t block, plm_coupling coupling, float clamp,
                              float *target) {
    const size_t stride = plm_point_floats(plm_padded(PLM_WAVELET_CHANNELS));
    for (size_t lane = 0; lane < plm_live(grid, block); lane += LANES) {
        const size_t tile = block * PLM_BLOCK + lane;
        for (size_t output = 0; output < PLM_WAVELET_CHANNELS; output++) {
            VECTOR values[PLM_TILE][PLM_TILE];
            KERNEL(untransform)(masks, tile, products + output * PLM_BLOCK + lane, stride,
                                bias[output], values);
            float *const planes =
                target + output * PLM_TILE * PLM_TILE * grid->span + grid->margin + tile;
#pragma clang loop unroll(full)
            for (size_t i = 0; i < PLM_TILE * PLM_TILE; i++) {
                float *const to = planes + i * grid->span;
                KERNEL(store)(to,
                              KERNEL(coupled)(KERNEL(load)(to), values[i / PLM_TILE][i % PLM_TILE],
                                              coupling, clamp));
            }
        }
    }
}

static void KERNEL(couple_block)(const plm_grid *grid, const plm_masks *masks,
                                 const float *products, const float *bias, size_t block,
                                 plm_coupling coupling, float clamp, float *target) {
    // One loop per coupling, so that the inner loop does not branch on it.
    switch (coupling) {
        case PLM_ADD:
            KERNEL(couple_by)(grid, masks, products, bias, block, PLM_ADD, clamp, target);
            break;
        case PLM_SUBTRACT:
            KERNEL(couple_by)(grid, masks, products, bias, block, PLM_SUBTRACT, clamp, target);
            break;
        case PLM_SCALE:
            KERNEL(couple_by)(grid, masks, products, bias, block, PLM_SCALE, clamp, target);
            break;
        case PLM_UNSCALE:
            KERNEL(couple_by)(grid, masks, products, bias, block, PLM_UNSCALE, clamp, target);
            break;
    }
}
