// Kernels for rows of pixels, compiled once per instruction set (EachSet.h). Samples are 8-bit and
// interleaved.

typedef float KERNEL(vector) __attribute__((vector_size(LANES * 4), aligned(4)));
typedef uint8_t KERNEL(samples) __attribute__((vector_size(LANES), aligned(1)));

#define VECTOR KERNEL(vector)
#define SAMPLES KERNEL(samples)

INLINE VECTOR KERNEL(load)(const float *from) { return *(const VECTOR *)from; }

INLINE void KERNEL(store)(float *to, VECTOR value) { *(VECTOR *)to = value; }

INLINE VECTOR KERNEL(load_samples)(const uint8_t *from) {
    return __builtin_convertvector(*(const SAMPLES *)from, VECTOR);
}

static void KERNEL(add_rows)(const uint8_t *const *rows, const float *weights, size_t row_count,
                             size_t count, float *sums) {
    size_t i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
        VECTOR sum[4] = {{}, {}, {}, {}};
        for (size_t row = 0; row < row_count; row++) {
#pragma clang loop unroll(full)
            for (size_t v = 0; v < 4; v++)
                sum[v] += weights[row] * KERNEL(load_samples)(rows[row] + i + v * LANES);
        }
#pragma clang loop unroll(full)
        for (size_t v = 0; v < 4; v++) KERNEL(store)(sums + i + v * LANES, sum[v]);
    }
    for (; i < count; i++) {
        float sum = 0;
        for (size_t row = 0; row < row_count; row++) sum += weights[row] * (float)rows[row][i];
        sums[i] = sum;
    }
}

INLINE uint8_t KERNEL(released)(uint8_t sample, float delta, float bound, float threshold) {
    delta = delta > -bound ? (delta < bound ? delta : bound) : -bound;
    const float value = (float)sample + delta;
    return (uint8_t)((value > 0 ? (value < 255 ? value : 255) : 0) + threshold);
}

static void KERNEL(release_row)(uint8_t *row, size_t count, const float *above, const float *below,
                                float weight_above, float weight_below, float bound,
                                const float *thresholds) {
    size_t i = 0;
    const VECTOR zero = {}, low = zero - bound, high = zero + bound, most = zero + 255.0f;
    for (; i + LANES <= count; i += LANES) {
        VECTOR delta =
            weight_above * KERNEL(load)(above + i) + weight_below * KERNEL(load)(below + i);
        delta = __builtin_elementwise_min(__builtin_elementwise_max(delta, low), high);
        VECTOR value = KERNEL(load_samples)(row + i) + delta;
        value = __builtin_elementwise_min(__builtin_elementwise_max(value, zero), most);
        value += KERNEL(load)(thresholds + i);
        *(SAMPLES *)(row + i) = __builtin_convertvector(value, SAMPLES);
    }
    for (; i < count; i++)
        row[i] = KERNEL(released)(row[i], weight_above * above[i] + weight_below * below[i], bound,
                                  thresholds[i]);
}

// Writes the thresholds of LANES pixels at a time. Their samples lie at fixed places of the sequence
// relative to the first pixel's, `channels` vectors of them.
static void KERNEL(dither_row)(float *thresholds, size_t pixels, size_t channels, uint32_t row) {
    typedef uint32_t places __attribute__((vector_size(LANES * 4), aligned(4)));
    // The sequence's two steps as fractions of 2^32, and a third of a turn between channels.
    const uint32_t column_step = 0xC13FA9A9, row_step = 0x91E10DA6, channel_step = 0x55555555;
    uint32_t apart[4 * LANES];
    for (size_t i = 0; i < channels * LANES; i++)
        apart[i] = (uint32_t)(i / channels) * column_step + (uint32_t)(i % channels) * channel_step;
    uint32_t place = row * row_step;
    size_t pixel = 0;
    for (; pixel + LANES <= pixels; pixel += LANES, place += LANES * column_step) {
        for (size_t v = 0; v < channels; v++) {
            const places at = (*(const places *)(apart + v * LANES) + place) >> 20;
            KERNEL(store)(thresholds + pixel * channels + v * LANES,
                          __builtin_convertvector(at, VECTOR) / 4096.0f);
        }
    }
    for (size_t i = 0; i < (pixels - pixel) * channels; i++)
        thresholds[pixel * channels + i] = (float)((apart[i] + place) >> 20) / 4096;
}

static void KERNEL(compare_rows)(const uint8_t *one, const uint8_t *other, size_t count,
                                 plm_difference *difference) {
    typedef uint8_t bytes __attribute__((vector_size(LANES * 2), aligned(1)));
    typedef uint16_t words __attribute__((vector_size(LANES * 4)));
    typedef uint32_t longs __attribute__((vector_size(LANES * 8)));
    size_t i = 0;
    bytes largest = {};
    while (i + LANES * 2 <= count) {
        // As many vectors as cannot overflow the sums.
        longs sums = {};
        for (size_t left = 60000; left > 0 && i + LANES * 2 <= count; left--, i += LANES * 2) {
            const bytes a = *(const bytes *)(one + i), b = *(const bytes *)(other + i);
            const bytes apart = __builtin_elementwise_max(a, b) - __builtin_elementwise_min(a, b);
            largest = __builtin_elementwise_max(largest, apart);
            const words wide = __builtin_convertvector(apart, words);
            sums += __builtin_convertvector(wide * wide, longs);
        }
        for (size_t lane = 0; lane < LANES * 2; lane++) difference->squares += sums[lane];
    }
    for (size_t lane = 0; lane < LANES * 2; lane++) {
        if (largest[lane] > difference->largest) difference->largest = largest[lane];
    }
    for (; i < count; i++) {
        const uint8_t apart = one[i] > other[i] ? one[i] - other[i] : other[i] - one[i];
        if (apart > difference->largest) difference->largest = apart;
        difference->squares += (uint64_t)apart * apart;
    }
}

#define RED 0.299f
#define GREEN 0.587f
#define BLUE 0.114f

static void KERNEL(luminance_row)(const uint8_t *row, size_t channels, size_t width, float *to) {
    size_t x = 0;
    if (channels <= 2) {
        for (; x < width; x++) to[x] = (float)row[x * channels] - 128.0f;
        return;
    }
#if LANES >= 8
    // Sixteen pixels of three samples fill three vectors of sixteen bytes. A colour's samples
    // occupy different places in each of them, so they are merged into one vector and permuted
    // there.
    typedef uint8_t bytes __attribute__((vector_size(16), aligned(1)));
    typedef float floats __attribute__((vector_size(64), aligned(4)));
    const bytes first = {255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255};
    const bytes second = {0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0};
    const bytes third = {0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0};
    for (; channels == 3 && x + 16 <= width; x += 16) {
        const bytes a = *(const bytes *)(row + 3 * x), b = *(const bytes *)(row + 3 * x + 16);
        const bytes c = *(const bytes *)(row + 3 * x + 32);
        const bytes reds = (a & first) | (b & third) | (c & second);
        const bytes greens = (a & second) | (b & first) | (c & third);
        const bytes blues = (a & third) | (b & second) | (c & first);
        const bytes red = __builtin_shufflevector(reds, reds, 0, 3, 6, 9, 12, 15, 2, 5, 8, 11, 14,
                                                  1, 4, 7, 10, 13);
        const bytes green = __builtin_shufflevector(greens, greens, 1, 4, 7, 10, 13, 0, 3, 6, 9, 12,
                                                    15, 2, 5, 8, 11, 14);
        const bytes blue = __builtin_shufflevector(blues, blues, 2, 5, 8, 11, 14, 1, 4, 7, 10, 13,
                                                   0, 3, 6, 9, 12, 15);
        *(floats *)(to + x) = RED * __builtin_convertvector(red, floats) +
                              GREEN * __builtin_convertvector(green, floats) +
                              BLUE * __builtin_convertvector(blue, floats) - 128.0f;
    }
#endif
    for (; x < width; x++) {
        const uint8_t *pixel = row + x * channels;
        to[x] = RED * (float)pixel[0] + GREEN * (float)pixel[1] + BLUE * (float)pixel[2] - 128.0f;
    }
}

// The window's weights are symmetric, so pairs of values share a product, and additions and
// products then run in parallel. All rows have room for whole vectors of sixteen, and the
// luminances for the window after them.
static void KERNEL(ssim_filter_row)(const float *x, const float *y, size_t positions,
                                    const float *taps, size_t tap_count, size_t stride, float *to) {
    for (size_t at = 0; at < positions; at += LANES) {
        VECTOR sums[4] = {{}, {}, {}, {}};
        for (size_t tap = 0; tap < tap_count / 2; tap++) {
            const VECTOR a = KERNEL(load)(x + at + tap), b = KERNEL(load)(y + at + tap);
            const VECTOR c = KERNEL(load)(x + at + tap_count - 1 - tap),
                         d = KERNEL(load)(y + at + tap_count - 1 - tap);
            sums[0] += taps[tap] * (a + c);
            sums[1] += taps[tap] * (b + d);
            sums[2] += taps[tap] * ((a * a + b * b) + (c * c + d * d));
            sums[3] += taps[tap] * (a * b + c * d);
        }
        if (tap_count % 2 == 1) {
            const float middle = taps[tap_count / 2];
            const VECTOR a = KERNEL(load)(x + at + tap_count / 2),
                         b = KERNEL(load)(y + at + tap_count / 2);
            sums[0] += middle * a;
            sums[1] += middle * b;
            sums[2] += middle * (a * a + b * b);
            sums[3] += middle * (a * b);
        }
#pragma clang loop unroll(full)
        for (size_t kind = 0; kind < 4; kind++) KERNEL(store)(to + kind * stride + at, sums[kind]);
    }
}

INLINE VECTOR KERNEL(similarity)(const VECTOR m[4]) {
    const float c1 = (0.01f * 255) * (0.01f * 255), c2 = (0.03f * 255) * (0.03f * 255);
    const VECTOR covariance = m[3] - m[0] * m[1], variances = m[2] - m[0] * m[0] - m[1] * m[1];
    const VECTOR x = m[0] + 128.0f, y = m[1] + 128.0f;
    return (2.0f * x * y + c1) * (2.0f * covariance + c2) /
           ((x * x + y * y + c1) * (variances + c2));
}

// Computes the similarities of the windows that begin at the first row and, if there are two, at
// the second. They share most rows, which come from distant cache levels.
INLINE void KERNEL(similarities)(const float *const *rows, size_t stride, const float *taps,
                                 size_t tap_count, const size_t windows, size_t at, VECTOR to[2]) {
    VECTOR first[4] = {{}, {}, {}, {}}, second[4] = {{}, {}, {}, {}};
    for (size_t row = 0; row < tap_count + windows - 1; row++) {
        const float one = row < tap_count ? taps[row] : 0, other = row > 0 ? taps[row - 1] : 0;
#pragma clang loop unroll(full)
        for (size_t kind = 0; kind < 4; kind++) {
            const VECTOR value = KERNEL(load)(rows[row] + kind * stride + at);
            first[kind] += one * value;
            if (windows == 2) second[kind] += other * value;
        }
    }
    to[0] = KERNEL(similarity)(first);
    to[1] = windows == 2 ? KERNEL(similarity)(second) : (VECTOR){};
}

INLINE void KERNEL(ssim_add)(const float *const *rows, size_t stride, const float *taps,
                             size_t tap_count, const size_t windows, size_t positions,
                             double *total) {
    // Sixteen sums whatever the vector length, so that all instruction sets add in the same order.
    VECTOR sums[16 / LANES] = {}, both[2];
    size_t at = 0;
    for (; at + 16 <= positions; at += 16) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < 16 / LANES; v++) {
            KERNEL(similarities)(rows, stride, taps, tap_count, windows, at + v * LANES, both);
            sums[v] += both[0] + both[1];
        }
    }
    for (size_t v = 0; v < 16 / LANES && at + v * LANES < positions; v++) {
        KERNEL(similarities)(rows, stride, taps, tap_count, windows, at + v * LANES, both);
        for (size_t lane = 0; lane < LANES && at + v * LANES + lane < positions; lane++) {
            sums[v][lane] += both[0][lane] + both[1][lane];
        }
    }
    for (size_t v = 0; v < 16 / LANES; v++) {
        for (size_t lane = 0; lane < LANES; lane++) *total += sums[v][lane];
    }
}

static void KERNEL(ssim_sum)(const float *const *rows, size_t stride, const float *taps,
                             size_t tap_count, size_t windows, size_t positions, double *total) {
    if (windows == 2) {
        KERNEL(ssim_add)(rows, stride, taps, tap_count, 2, positions, total);
    } else {
        KERNEL(ssim_add)(rows, stride, taps, tap_count, 1, positions, total);
    }
}

#undef VECTOR
#undef SAMPLES
#undef RED
#undef GREEN
#undef BLUE
