// Length-limited Huffman codes as DEFLATE has them (RFC 1951 section 3.2.2).

#pragma once

#include <stdint.h>
#include <string.h>

// Symbols of the largest alphabet.
#define PLM_SYMBOLS 288

// A symbol's code, its first bit lowest, and the code's length in bits; 0 if it has none.
typedef struct {
    uint16_t bits, length;
} plm_code;

// Sorts the used symbols of `counts` by count and returns how many there are.
//
// `order` gets `count << 9 | symbol`. Counts are below 2^18.
static inline unsigned plm_used_symbols(const uint32_t *counts, unsigned symbols, uint32_t *order) {
    uint32_t first[PLM_SYMBOLS], places[2][512] = {{0}};
    unsigned used = 0;
    for (unsigned symbol = 0; symbol < symbols; symbol++) {
        if (counts[symbol] == 0) continue;
        first[used++] = counts[symbol] << 9 | symbol;
        places[0][counts[symbol] & 511]++;
        places[1][counts[symbol] >> 9]++;
    }
    for (unsigned digit = 0; digit < 2; digit++) {
        for (uint32_t i = 0, sum = 0; i < 512; i++) {
            const uint32_t next = sum + places[digit][i];
            places[digit][i] = sum;
            sum = next;
        }
    }
    uint32_t second[PLM_SYMBOLS];
    for (unsigned i = 0; i < used; i++) second[places[0][first[i] >> 9 & 511]++] = first[i];
    for (unsigned i = 0; i < used; i++) order[places[1][second[i] >> 18]++] = second[i];
    return used;
}

// Replaces `used` (at least 2) ascending weights by the depths of their leaves in Huffman's tree,
// in place (Moffat and Katajainen, "In-place calculation of minimum-redundancy codes", 1995).
static inline void plm_depths(uint32_t *weights, int used) {
    weights[0] += weights[1];
    int root = 0, leaf = 2;
    for (int next = 1; next < used - 1; next++) {
        if (leaf >= used || weights[root] < weights[leaf]) {
            weights[next] = weights[root];
            weights[root++] = (uint32_t)next;
        } else {
            weights[next] = weights[leaf++];
        }
        if (leaf >= used || (root < next && weights[root] < weights[leaf])) {
            weights[next] += weights[root];
            weights[root++] = (uint32_t)next;
        } else {
            weights[next] += weights[leaf++];
        }
    }
    weights[used - 2] = 0;
    for (int next = used - 3; next >= 0; next--) weights[next] = weights[weights[next]] + 1;
    int available = 1, inner = 0;
    uint32_t depth = 0;
    root = used - 2;
    for (int next = used - 1; available > 0; depth++) {
        while (root >= 0 && weights[root] == depth) {
            inner++;
            root--;
        }
        while (available > inner) {
            weights[next--] = depth;
            available--;
        }
        available = 2 * inner;
        inner = 0;
    }
}

// Makes the code of `symbols` symbols that occur `counts` times, with lengths up to `limit`.
//
// At least two symbols get a code, so that the code is complete, which some decoders demand.
static inline void plm_make_code(const uint32_t *counts, unsigned symbols, unsigned limit,
                                 plm_code *codes) {
    uint32_t order[PLM_SYMBOLS], weights[PLM_SYMBOLS];
    unsigned used = plm_used_symbols(counts, symbols, order);
    for (unsigned symbol = 0; used < 2; symbol++) {
        if (counts[symbol] == 0) order[used++] = symbol;
    }
    for (unsigned i = 0; i < used; i++) weights[i] = order[i] >> 9;
    plm_depths(weights, (int)used);
    unsigned lengths[33] = {0};
    for (unsigned i = 0; i < used; i++) lengths[weights[i] < limit ? weights[i] : limit]++;
    // Lengthen shorter codes until those at the limit fit.
    uint32_t taken = 0;
    for (unsigned length = 1; length <= limit; length++)
        taken += (uint32_t)lengths[length] << (limit - length);
    for (; taken > 1u << limit; taken--) {
        unsigned length = limit - 1;
        while (lengths[length] == 0) length--;
        lengths[length]--;
        lengths[length + 1] += 2;
        lengths[limit]--;
    }
    memset(codes, 0, symbols * sizeof(plm_code));
    uint16_t starts[34] = {0};
    for (unsigned length = 1, code = 0; length <= limit; length++) {
        starts[length] = (uint16_t)code;
        code = (code + lengths[length]) << 1;
    }
    // The rarest symbols get the longest codes.
    for (unsigned i = 0, length = limit; i < used; i++) {
        while (lengths[length] == 0) length--;
        lengths[length]--;
        codes[order[i] & 511].length = (uint16_t)length;
    }
    for (unsigned symbol = 0; symbol < symbols; symbol++) {
        const unsigned length = codes[symbol].length;
        if (length == 0) continue;
        uint32_t code = starts[length]++, reversed = 0;
        for (unsigned bit = 0; bit < length; bit++)
            reversed |= (code >> bit & 1) << (length - 1 - bit);
        codes[symbol].bits = (uint16_t)reversed;
    }
}
