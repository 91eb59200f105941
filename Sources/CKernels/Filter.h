// The row filters of PNG (W3C PNG section 9), compiled once per instruction set (EachSet.h). The
// arithmetic is that of bytes, so all give the same result.

#define BYTES (LANES * 4)

typedef uint8_t KERNEL(bytes) __attribute__((vector_size(BYTES), aligned(1)));
typedef uint16_t KERNEL(words) __attribute__((vector_size(BYTES), aligned(1)));

#define BYTE_VECTOR KERNEL(bytes)
#define WORD_VECTOR KERNEL(words)

INLINE BYTE_VECTOR KERNEL(larger_by)(BYTE_VECTOR a, BYTE_VECTOR b) {
    return __builtin_elementwise_max(a, b) - __builtin_elementwise_min(a, b);
}

// The prediction of a filter from the pixels to the left (a), above (b) and to the upper left (c).
INLINE BYTE_VECTOR KERNEL(predicted)(int filter, BYTE_VECTOR a, BYTE_VECTOR b, BYTE_VECTOR c) {
    switch (filter) {
        case 1: return a;
        case 2: return b;
        case 3: return (a & b) + ((a ^ b) >> 1);
        case 4: {
            const BYTE_VECTOR pa = KERNEL(larger_by)(b, c), pb = KERNEL(larger_by)(a, c);
            // |a + b - 2c| in bytes: the distances add if both have the same direction. A sum
            // beyond a byte saturates, which changes no comparison.
            const BYTE_VECTOR same = (BYTE_VECTOR)((a > c) == (b > c));
            const BYTE_VECTOR pc = (same & __builtin_elementwise_add_sat(pa, pb)) |
                                   (~same & KERNEL(larger_by)(pa, pb));
            const BYTE_VECTOR take_a = (BYTE_VECTOR)(pa <= pb) & (BYTE_VECTOR)(pa <= pc),
                              take_b = (BYTE_VECTOR)(pb <= pc);
            return (take_a & a) | (~take_a & ((take_b & b) | (~take_b & c)));
        }
        default: return (BYTE_VECTOR){};
    }
}

// The same for a single byte.
INLINE uint8_t KERNEL(predicted_byte)(int filter, int a, int b, int c) {
    switch (filter) {
        case 1: return (uint8_t)a;
        case 2: return (uint8_t)b;
        case 3: return (uint8_t)((a + b) / 2);
        case 4: {
            const int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
            return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
        }
        default: return 0;
    }
}

// The sum of the absolute values of the signed residuals. A smaller sum usually deflates better
// (section 12.7).
INLINE uint64_t KERNEL(cost)(int filter, const uint8_t *row, const uint8_t *above, size_t count,
                             size_t pixel) {
    uint64_t total = 0;
    size_t i = 0;
    for (; i < pixel && i < count; i++) {
        const int8_t residual = (int8_t)(row[i] - KERNEL(predicted_byte)(filter, 0, above[i], 0));
        total += (uint64_t)abs(residual);
    }
    while (i + BYTES <= count) {
        // As many vectors as cannot overflow the sums.
        WORD_VECTOR sums = {};
        for (size_t left = 128; left > 0 && i + BYTES <= count; left--, i += BYTES) {
            const BYTE_VECTOR a = *(const BYTE_VECTOR *)(row + i - pixel),
                              b = *(const BYTE_VECTOR *)(above + i);
            const BYTE_VECTOR c = *(const BYTE_VECTOR *)(above + i - pixel);
            const BYTE_VECTOR residual =
                *(const BYTE_VECTOR *)(row + i) - KERNEL(predicted)(filter, a, b, c);
            const WORD_VECTOR size = (WORD_VECTOR)__builtin_elementwise_min(residual, -residual);
            sums += (size & 0xFF) + (size >> 8);
        }
        for (size_t lane = 0; lane < BYTES / 2; lane++) total += sums[lane];
    }
    for (; i < count; i++) {
        const int8_t residual =
            (int8_t)(row[i] -
                     KERNEL(predicted_byte)(filter, row[i - pixel], above[i], above[i - pixel]));
        total += (uint64_t)abs(residual);
    }
    return total;
}

INLINE void KERNEL(residuals)(int filter, const uint8_t *row, const uint8_t *above, size_t count,
                              size_t pixel, uint8_t *to) {
    size_t i = 0;
    for (; i < pixel && i < count; i++)
        to[i] = row[i] - KERNEL(predicted_byte)(filter, 0, above[i], 0);
    for (; i + BYTES <= count; i += BYTES) {
        const BYTE_VECTOR a = *(const BYTE_VECTOR *)(row + i - pixel),
                          b = *(const BYTE_VECTOR *)(above + i);
        const BYTE_VECTOR c = *(const BYTE_VECTOR *)(above + i - pixel);
        *(BYTE_VECTOR *)(to + i) =
            *(const BYTE_VECTOR *)(row + i) - KERNEL(predicted)(filter, a, b, c);
    }
    for (; i < count; i++)
        to[i] = row[i] - KERNEL(predicted_byte)(filter, row[i - pixel], above[i], above[i - pixel]);
}

// Filters one row with the cheapest filter, whose number goes first.
static void KERNEL(filter_row)(const uint8_t *row, const uint8_t *above, size_t count, size_t pixel,
                               uint8_t *to) {
    const uint64_t costs[5] = {
        KERNEL(cost)(0, row, above, count, pixel), KERNEL(cost)(1, row, above, count, pixel),
        KERNEL(cost)(2, row, above, count, pixel), KERNEL(cost)(3, row, above, count, pixel),
        KERNEL(cost)(4, row, above, count, pixel)};
    uint8_t best = 0;
    for (uint8_t filter = 1; filter < 5; filter++) {
        if (costs[filter] < costs[best]) best = filter;
    }
    *to = best;
    // One loop per filter, so that the inner loop does not branch on it.
    switch (best) {
        case 1: KERNEL(residuals)(1, row, above, count, pixel, to + 1); break;
        case 2: KERNEL(residuals)(2, row, above, count, pixel, to + 1); break;
        case 3: KERNEL(residuals)(3, row, above, count, pixel, to + 1); break;
        case 4: KERNEL(residuals)(4, row, above, count, pixel, to + 1); break;
        default: memcpy(to + 1, row, count);
    }
}

#undef BYTES
#undef BYTE_VECTOR
#undef WORD_VECTOR
