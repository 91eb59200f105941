// Compresses bands of filtered rows into DEFLATE blocks (RFC 1951).
//
// Filtered photos are nearly noise: most of the gain is that of Huffman's codes, and a match pays
// only if it costs less than the codes of its literals. So the search for matches stops where it
// gains nothing, and a path through literals and matches is chosen by what it costs. All arithmetic
// is that of integers: the result depends on nothing but the bytes.

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "BitWriter.h"
#include "CKernels.h"
#include "HuffmanCode.h"

enum {
    LITERALS = 256,
    END_OF_BLOCK = 256,
    LENGTHS = 29,
    LENGTH_SYMBOLS = LITERALS + 1 + LENGTHS,
    DISTANCE_SYMBOLS = 30,
    MIN_MATCH = 4,
    // So that every length fits into a byte, and no match is 0.
    LENGTH_OFFSET = MIN_MATCH - 1,
    MAX_MATCH = 258,
    WINDOW = 32768,
    // Matches are searched by six bytes, since shorter ones seldom pay; in flat regions by four.
    LONG = 64 - 8 * 6,
    SHORT = 64 - 8 * 4,
    HASH_BITS = 16,
    // The path through literals and matches is chosen within this many bytes.
    CHUNK = 16384,
    // A block has up to this many chunks.
    BLOCK_CHUNKS = 4,
    BLOCK = BLOCK_CHUNKS * CHUNK,
    // Four literals fit between two stores: 7 + 4 * 14 bits.
    MAX_CODE_LENGTH = 14,
    // Fractional bits of a cost.
    COST_BITS = 10,
    // What a literal costs in a flat region at most.
    FLAT_COST = 2 << COST_BITS,
    // More than any literal costs.
    UNUSABLE = 1 << 30,
    STORED_MAX = 65535,
    // Matches that save less than this part, 1 / 2^4, are not worth the search, which takes longer
    // than all else.
    LEAST_GAIN = 4,
    // What a block of its own must save by its entropy, in bits; by trial, half a header.
    LEAST_SAVING = 300,
};

// Literals, then a match, unless its length is 0.
typedef struct {
    uint32_t literals;
    uint16_t length, distance;
} sequence;

// How often each symbol occurs, the sum of the extra bits, and what all that costs.
typedef struct {
    uint32_t symbols[PLM_SYMBOLS], distances[32];
    uint64_t extra_bits, cost;
} statistics;

struct plm_deflater {
    uint16_t heads[1 << HASH_BITS];
    // For each position of a chunk: the distance to the last place of its hash, less 1, and the
    // step of the path from there.
    uint16_t distances[CHUNK];
    uint8_t steps[CHUNK];
    uint32_t costs[CHUNK + MAX_MATCH + 1];
    // Of a block and the chunk behind it.
    sequence sequences[(BLOCK + CHUNK) / MIN_MATCH + BLOCK_CHUNKS + 1];
    size_t sequence_count;
    statistics block, chunk, joined;
    uint32_t literal_costs[LITERALS], length_costs[MAX_MATCH + 1], distance_costs[16];
    plm_code codes[PLM_SYMBOLS], distance_codes[32];
    // Whether the costs are set, whether matches gained when that was last looked at, and whether
    // literals were cheap then.
    bool has_costs, gains, is_flat;
    // For how many chunks no matches are searched, and for how many after the next try.
    size_t skip, interval;
};

static const uint16_t length_bases[LENGTHS] = {3,  4,  5,  6,  7,  8,  9,  10,  11,  13,
                                               15, 17, 19, 23, 27, 31, 35, 43,  51,  59,
                                               67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extras[LENGTHS] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                               2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

// The number of a length's symbol after the first (section 3.2.5).
static inline unsigned length_symbol(unsigned length) {
    if (length == MAX_MATCH) return LENGTHS - 1;
    const unsigned rest = length - 3;
    if (rest < 8) return rest;
    const unsigned top = 31 - (unsigned)__builtin_clz(rest);
    return 4 * (top - 1) + (rest >> (top - 2) & 3);
}

// The symbol of a distance less 1, and how many extra bits it has.
static inline unsigned distance_symbol(unsigned rest) {
    const unsigned top = 31 - (unsigned)__builtin_clz(rest | 2);
    return rest < 2 ? rest : 2 * top + (rest >> (top - 1) & 1);
}

static inline unsigned distance_extra(unsigned symbol) { return symbol < 4 ? 0 : symbol / 2 - 1; }

// MARK: - Costs

// log2(x) for x in 1..<2^24, with COST_BITS fractional bits, to within 0.002.
static inline uint32_t logarithm(uint32_t x) {
    // A float's exponent and fraction; the conversion is exact.
    union {
        float number;
        uint32_t bits;
    } value = {.number = (float)(int32_t)x};
    const uint32_t exponent = (value.bits >> 23) - 127, f = value.bits >> 8 & 0x7FFF;
    // log2(1 + f) = f + f (1 - f) (0.4427 - 0.2474 f + 0.0834 f^2) in 15 fractional bits
    const uint32_t inner = 8107 - (f * 2733 >> 15);
    const uint32_t factor = 14506 - (f * inner >> 15);
    const uint32_t bow = (f * (32768 - f) >> 15) * factor >> 15;
    return (exponent << COST_BITS) + ((f + bow) >> (15 - COST_BITS));
}

// What an ideal code of symbols that occur so often costs.
static uint64_t entropy(const uint32_t *counts, unsigned symbols) {
    uint64_t sum = 0;
    uint32_t total = 0;
    for (unsigned i = 0; i < symbols; i++) {
        const uint32_t count = counts[i];
        total += count;
        sum += (uint64_t)count * logarithm(count | (count == 0));
    }
    return total == 0 ? 0 : (uint64_t)total * logarithm(total) - sum;
}

static void evaluate(statistics *of) {
    of->cost = entropy(of->symbols, PLM_SYMBOLS) + entropy(of->distances, 32) +
               (of->extra_bits << COST_BITS);
}

// Takes the costs of symbols from how often they occur.
static void set_costs(plm_deflater *deflater, const statistics *from) {
    uint32_t total = 0, distances = 0;
    for (unsigned i = 0; i < LENGTH_SYMBOLS; i++) total += from->symbols[i];
    for (unsigned i = 0; i < DISTANCE_SYMBOLS; i++) distances += from->distances[i];
    const uint32_t all = logarithm(total + 1) + (6 << COST_BITS);
    // A symbol that did not occur counts as a fraction of one that did.
    for (unsigned i = 0; i < LITERALS; i++)
        deflater->literal_costs[i] = all - logarithm(64 * from->symbols[i] + 2);
    for (unsigned i = 0; i < MIN_MATCH; i++) deflater->length_costs[i] = UNUSABLE;
    uint32_t *cost = deflater->length_costs + MIN_MATCH;
    for (unsigned symbol = length_symbol(MIN_MATCH); symbol < LENGTHS; symbol++) {
        const uint32_t one = all - logarithm(64 * from->symbols[LITERALS + 1 + symbol] + 16) +
                             ((uint32_t)length_extras[symbol] << COST_BITS);
        for (unsigned i = 0; i < 1u << length_extras[symbol]; i++) *cost++ = one;
        // The last length has a symbol of its own.
        if (symbol == LENGTHS - 2) cost--;
    }
    // The symbols of a power of two share a cost.
    const uint32_t all_distances = logarithm(2 * distances + DISTANCE_SYMBOLS);
    for (unsigned power = 0; power < DISTANCE_SYMBOLS / 2; power++) {
        const uint32_t both = from->distances[2 * power] + from->distances[2 * power + 1];
        const uint32_t bits = 1 + distance_extra(2 * power);
        deflater->distance_costs[power] =
            all_distances - logarithm(2 * both + 2) + (bits << COST_BITS);
    }
}

// MARK: - Matches

static inline uint64_t load(const uint8_t *from) {
    uint64_t value;
    memcpy(&value, from, 8);
    return value;
}

// The hash of the lowest bytes, all but those that `shift` pushes out.
static inline uint32_t hash(uint64_t value, unsigned shift) {
    return (uint32_t)((value << shift) * 0x9E3779B97F4A7C15 >> (64 - HASH_BITS));
}

static size_t match_length(const uint8_t *bytes, const uint8_t *earlier, size_t most) {
    size_t length = 8;
    while (length + 8 <= most) {
        const uint64_t difference = load(bytes + length) ^ load(earlier + length);
        if (difference != 0) return length + (size_t)(__builtin_ctzll(difference) >> 3);
        length += 8;
    }
    while (length < most && bytes[length] == earlier[length]) length++;
    return length;
}

// Notes for each position of `start..<end` how far back the same hash was last seen, less 1. What
// is beyond the window comes out as some place within it.
static void find_places(plm_deflater *deflater, const uint8_t *bytes, size_t start, size_t end,
                        unsigned shift) {
    uint16_t *const heads = deflater->heads;
    for (size_t p = start; p < end; p++) {
        const uint32_t place = hash(load(bytes + p), shift);
        deflater->distances[p - start] = (uint16_t)(p - heads[place] - 1) & (WINDOW - 1);
        heads[place] = (uint16_t)p;
    }
}

// Chooses the cheapest path through the literals and matches of `start..<end`.
//
// A position gets its match's length less LENGTH_OFFSET, or 0 for a literal. The matches are those
// of the positions up to `searched`. Noise decides what a position gets, so there are no branches
// that depend on it.
//
// `is_far` is constant for each call, and true if a whole window lies before `start`.
static inline __attribute__((always_inline)) void choose_path(plm_deflater *deflater,
                                                              const uint8_t *bytes, size_t start,
                                                              size_t searched, size_t end,
                                                              bool is_far) {
    uint32_t *const costs = deflater->costs;
    uint8_t *const steps = deflater->steps;
    const uint16_t *const distances = deflater->distances;
    uint32_t after = 0, rest_after = UINT32_MAX;
    size_t length_after = 0;
    costs[end - start] = 0;
    for (size_t p = end; p-- > searched;) {
        after += deflater->literal_costs[bytes[p]];
        costs[p - start] = after;
        steps[p - start] = 0;
    }
    bytes += start;
    for (size_t i = searched - start; i-- > 0;) {
        const uint32_t rest = distances[i];
        const bool is_inside = is_far || rest < start + i;
        const uint8_t *const earlier = bytes + i - (is_inside ? (size_t)rest + 1 : 0);
        // The first bit differs if the place lies before the band.
        const uint64_t first = (load(bytes + i) ^ load(earlier)) | !is_inside,
                       second = load(bytes + i + 8) ^ load(earlier + 8);
        // The lengths from 8 to 15 are told apart later, for the few that are taken.
        size_t length = (first == 0 ? 64 : (size_t)__builtin_ctzll(first)) >> 3;
        if (__builtin_expect((first | second) == 0, 0)) {
            const size_t left = end - start - i, most = left < MAX_MATCH ? left : MAX_MATCH;
            if (rest != rest_after) length_after = match_length(bytes + i, earlier, most) - 1;
            length = length_after + 1 < most ? length_after + 1 : most;
            length_after = length;
            rest_after = rest;
        } else {
            rest_after = UINT32_MAX;
        }
        // Where a match without length leads.
        costs[i] = UNUSABLE;
        const uint32_t literal = after + deflater->literal_costs[bytes[i]],
                       match = costs[i + length] + deflater->length_costs[length] +
                               deflater->distance_costs[31 - __builtin_clz(rest | 1)];
        const bool takes_match = match < literal;
        steps[i] = (uint8_t)(takes_match ? length - LENGTH_OFFSET : 0);
        after = takes_match ? match : literal;
        costs[i] = after;
    }
}

// MARK: - Statistics

static void count_bytes(const uint8_t *bytes, size_t count, uint32_t *counts) {
    uint32_t parts[4][LITERALS] = {{0}};
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const uint64_t value = load(bytes + i);
        for (unsigned k = 0; k < 8; k++) parts[k & 3][value >> (8 * k) & 255]++;
    }
    for (; i < count; i++) parts[0][bytes[i]]++;
    for (unsigned byte = 0; byte < LITERALS; byte++)
        counts[byte] = parts[0][byte] + parts[1][byte] + parts[2][byte] + parts[3][byte];
}

// Writes the path of a chunk as sequences from `to` on, counts its symbols, and returns how many
// sequences there are. The last has no match.
static size_t follow_path(plm_deflater *deflater, const uint8_t *bytes, size_t count, sequence *to,
                          statistics *into) {
    const uint8_t *const steps = deflater->steps;
    sequence *const first = to;
    size_t start = 0;
    for (size_t i = 0; i < count;) {
        if (steps[i] == 0) {
            into->symbols[bytes[i++]]++;
            continue;
        }
        size_t length = steps[i] + LENGTH_OFFSET;
        const unsigned rest = deflater->distances[i];
        if (length == 8) {
            const uint8_t *const earlier = bytes + i - rest - 1;
            while (length < 16 && i + length < count && bytes[i + length] == earlier[length])
                length++;
        }
        const unsigned symbol = length_symbol((unsigned)length), distance = distance_symbol(rest);
        into->symbols[LITERALS + 1 + symbol]++;
        into->distances[distance]++;
        into->extra_bits += length_extras[symbol] + distance_extra(distance);
        *to++ = (sequence){(uint32_t)(i - start), (uint16_t)length, (uint16_t)rest};
        i += length;
        start = i;
    }
    *to++ = (sequence){(uint32_t)(count - start), 0, 0};
    return (size_t)(to - first);
}

// MARK: - Blocks

// The code of a block's code lengths (section 3.2.7).
typedef struct {
    uint8_t symbols[PLM_SYMBOLS + 32], extras[PLM_SYMBOLS + 32];
    unsigned count, lengths, distances, code_lengths;
    plm_code codes[19];
    uint64_t bits;
} block_header;

static const uint8_t code_length_order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                              11, 4,  12, 3, 13, 2, 14, 1, 15};
static const uint8_t run_extras[3] = {2, 3, 7};

static void make_header(const plm_code *codes, const plm_code *distance_codes,
                        block_header *header) {
    uint8_t lengths[PLM_SYMBOLS + 32];
    header->lengths = LENGTH_SYMBOLS;
    while (header->lengths > 257 && codes[header->lengths - 1].length == 0) header->lengths--;
    header->distances = DISTANCE_SYMBOLS;
    while (header->distances > 1 && distance_codes[header->distances - 1].length == 0)
        header->distances--;
    const unsigned all = header->lengths + header->distances;
    for (unsigned i = 0; i < all; i++) {
        lengths[i] = (uint8_t)(i < header->lengths ? codes[i].length
                                                   : distance_codes[i - header->lengths].length);
    }
    uint32_t counts[19] = {0};
    header->count = 0;
    header->bits = 14;
    for (unsigned i = 0; i < all;) {
        unsigned run = 1;
        while (i + run < all && lengths[i + run] == lengths[i]) run++;
        unsigned symbol = lengths[i], extra = 0;
        if (symbol == 0 && run >= 11) {
            run = run < 138 ? run : 138;
            symbol = 18;
            extra = run - 11;
        } else if (symbol == 0 && run >= 3) {
            symbol = 17;
            extra = run - 3;
        } else if (i > 0 && lengths[i - 1] == symbol && run >= 3) {
            run = run < 6 ? run : 6;
            symbol = 16;
            extra = run - 3;
        } else {
            run = 1;
        }
        header->symbols[header->count] = (uint8_t)symbol;
        header->extras[header->count++] = (uint8_t)extra;
        counts[symbol]++;
        i += run;
    }
    plm_make_code(counts, 19, 7, header->codes);
    for (unsigned i = 0; i < 19; i++) {
        header->bits += (uint64_t)counts[i] * header->codes[i].length;
        if (i >= 16) header->bits += (uint64_t)counts[i] * run_extras[i - 16];
    }
    header->code_lengths = 19;
    while (header->codes[code_length_order[header->code_lengths - 1]].length == 0)
        header->code_lengths--;
    header->bits += 3 * header->code_lengths;
}

static void write_header(plm_bit_writer *writer, const block_header *header) {
    plm_put(writer, header->lengths - 257, 5);
    plm_put(writer, header->distances - 1, 5);
    plm_put(writer, header->code_lengths - 4, 4);
    plm_flush(writer);
    for (unsigned i = 0; i < header->code_lengths; i++) {
        plm_put(writer, header->codes[code_length_order[i]].length, 3);
        plm_flush(writer);
    }
    for (unsigned i = 0; i < header->count; i++) {
        const unsigned symbol = header->symbols[i];
        plm_put(writer, header->codes[symbol].bits, header->codes[symbol].length);
        if (symbol >= 16) plm_put(writer, header->extras[i], run_extras[symbol - 16]);
        plm_flush(writer);
    }
}

static uint64_t coded_bits(const uint32_t *counts, const plm_code *codes, unsigned symbols) {
    uint64_t bits = 0;
    for (unsigned i = 0; i < symbols; i++) bits += (uint64_t)counts[i] * codes[i].length;
    return bits;
}

// The codes that need no header (section 3.2.6).
static void make_fixed_codes(plm_code *codes, plm_code *distance_codes) {
    // Counts that make codes of the prescribed lengths.
    uint32_t counts[PLM_SYMBOLS], distances[32];
    for (unsigned i = 0; i < PLM_SYMBOLS; i++)
        counts[i] = i < 144 ? 2 : i < 256 ? 1 : i < 280 ? 4 : 2;
    for (unsigned i = 0; i < 32; i++) distances[i] = 1;
    plm_make_code(counts, PLM_SYMBOLS, 9, codes);
    plm_make_code(distances, 32, 5, distance_codes);
}

static void write_stored(plm_bit_writer *writer, const uint8_t *bytes, size_t count, bool is_last) {
    do {
        const size_t part = count < STORED_MAX ? count : STORED_MAX;
        plm_put(writer, is_last && part == count, 3);
        plm_align(writer);
        plm_put(writer, part | (uint64_t)(part ^ 0xFFFF) << 16, 32);
        plm_flush(writer);
        memcpy(writer->to, bytes, part);
        writer->to += part;
        bytes += part;
        count -= part;
    } while (count > 0);
}

static void write_sequences(plm_bit_writer *to, const uint8_t *bytes, const sequence *sequences,
                            size_t count, const plm_code *codes, const plm_code *distance_codes) {
    plm_bit_writer writer = *to;
    for (const sequence *s = sequences; s < sequences + count; s++) {
        size_t left = s->literals;
        for (; left >= 4; left -= 4, bytes += 4) {
            const plm_code a = codes[bytes[0]], b = codes[bytes[1]], c = codes[bytes[2]],
                           d = codes[bytes[3]];
            plm_put(&writer, (uint64_t)a.bits | (uint64_t)b.bits << a.length, a.length + b.length);
            plm_put(&writer, (uint64_t)c.bits | (uint64_t)d.bits << c.length, c.length + d.length);
            plm_flush(&writer);
        }
        for (; left > 0; left--, bytes++)
            plm_put(&writer, codes[*bytes].bits, codes[*bytes].length);
        plm_flush(&writer);
        if (s->length == 0) continue;
        const unsigned symbol = length_symbol(s->length), distance = distance_symbol(s->distance);
        const plm_code code = codes[LITERALS + 1 + symbol], far = distance_codes[distance];
        plm_put(&writer, code.bits, code.length);
        plm_put(&writer, s->length - length_bases[symbol], length_extras[symbol]);
        plm_put(&writer, far.bits, far.length);
        const unsigned extra = distance_extra(distance);
        plm_put(&writer, s->distance & ((1u << extra) - 1), extra);
        plm_flush(&writer);
        bytes += s->length;
    }
    *to = writer;
}

// Writes the block of `count` bytes in the shortest of the three ways.
static void write_block(plm_deflater *deflater, plm_bit_writer *writer, const uint8_t *bytes,
                        size_t count, bool is_last) {
    statistics *const block = &deflater->block;
    block->symbols[END_OF_BLOCK] = 1;
    plm_make_code(block->symbols, LENGTH_SYMBOLS, MAX_CODE_LENGTH, deflater->codes);
    plm_make_code(block->distances, DISTANCE_SYMBOLS, MAX_CODE_LENGTH, deflater->distance_codes);
    block_header header;
    make_header(deflater->codes, deflater->distance_codes, &header);
    const uint64_t dynamic =
        header.bits + block->extra_bits +
        coded_bits(block->symbols, deflater->codes, LENGTH_SYMBOLS) +
        coded_bits(block->distances, deflater->distance_codes, DISTANCE_SYMBOLS);
    // At least what is stored, and at most 7 bits to align and two heads.
    const uint64_t stored = 8 * (uint64_t)count + 32;
    plm_code fixed[PLM_SYMBOLS], fixed_distances[32];
    uint64_t fixed_bits = UINT64_MAX;
    // Only little blocks can gain.
    if (count < 1024) {
        make_fixed_codes(fixed, fixed_distances);
        fixed_bits = block->extra_bits + coded_bits(block->symbols, fixed, LENGTH_SYMBOLS) +
                     coded_bits(block->distances, fixed_distances, DISTANCE_SYMBOLS);
    }
    if (stored <= dynamic && stored <= fixed_bits) {
        write_stored(writer, bytes, count, is_last);
        return;
    }
    const bool is_fixed = fixed_bits <= dynamic;
    plm_put(writer, (is_last ? 1u : 0) | (is_fixed ? 1u : 2u) << 1, 3);
    const plm_code *const codes = is_fixed ? fixed : deflater->codes;
    if (!is_fixed) write_header(writer, &header);
    write_sequences(writer, bytes, deflater->sequences, deflater->sequence_count, codes,
                    is_fixed ? fixed_distances : deflater->distance_codes);
    plm_put(writer, codes[END_OF_BLOCK].bits, codes[END_OF_BLOCK].length);
    plm_flush(writer);
}

static void join(const statistics *a, const statistics *b, statistics *to) {
    for (unsigned i = 0; i < PLM_SYMBOLS; i++) to->symbols[i] = a->symbols[i] + b->symbols[i];
    for (unsigned i = 0; i < 32; i++) to->distances[i] = a->distances[i] + b->distances[i];
    to->extra_bits = a->extra_bits + b->extra_bits;
}

// MARK: - Bands

plm_deflater *plm_deflater_create(void) { return malloc(sizeof(plm_deflater)); }

void plm_deflater_free(plm_deflater *deflater) { free(deflater); }

size_t plm_deflate_bound(size_t count) {
    // Every chunk may become a block, stored in up to two parts; then the empty block, and what a
    // store of eight bytes may reach beyond.
    return count + (count / CHUNK + 1) * 12 + 16;
}

// Searches the matches of a chunk whose literals are counted in `deflater->chunk`, and replaces
// those counts by those of the cheapest path. Returns how many sequences it wrote to `to`.
static size_t search(plm_deflater *deflater, const uint8_t *bytes, size_t start, size_t end,
                     unsigned shift, sequence *to) {
    statistics *const chunk = &deflater->chunk;
    if (!deflater->has_costs) {
        // Matches begin as cheap as they may become.
        for (unsigned i = 0; i < LENGTHS; i++)
            chunk->symbols[LITERALS + 1 + i] = (uint32_t)(end - start) / 16;
        set_costs(deflater, chunk);
        deflater->has_costs = true;
    }
    // A look reads 16 bytes.
    const size_t searched = end - start < 16 ? start : end - 16;
    find_places(deflater, bytes, start, searched, shift);
    if (start < WINDOW)
        choose_path(deflater, bytes, start, searched, end, false);
    else
        choose_path(deflater, bytes, start, searched, end, true);
    memset(chunk, 0, sizeof *chunk);
    const size_t count = follow_path(deflater, bytes + start, end - start, to, chunk);
    evaluate(chunk);
    set_costs(deflater, chunk);
    return count;
}

// Chooses how a chunk is coded, and returns how many sequences it wrote to `to`.
static size_t add_chunk(plm_deflater *deflater, const uint8_t *bytes, size_t start, size_t end,
                        sequence *to) {
    const size_t size = end - start;
    statistics *const chunk = &deflater->chunk;
    memset(chunk, 0, sizeof *chunk);
    // While matches gain, only some chunks tell what they would cost without.
    const bool is_compared = !deflater->gains || start / CHUNK % 4 == 0;
    if (is_compared) {
        count_bytes(bytes + start, size, chunk->symbols);
        evaluate(chunk);
        deflater->is_flat = chunk->cost < (uint64_t)size * FLAT_COST;
    }
    const uint64_t literal_cost = chunk->cost;
    if (deflater->skip > 0 && !deflater->is_flat) {
        deflater->skip--;
        *to = (sequence){(uint32_t)size, 0, 0};
        return 1;
    }
    const size_t count =
        search(deflater, bytes, start, end, deflater->is_flat ? SHORT : LONG, to);
    if (is_compared) {
        deflater->gains = chunk->cost + (literal_cost >> LEAST_GAIN) <= literal_cost;
        // The search may pay again further down.
        deflater->skip = deflater->gains ? 0 : deflater->interval;
        deflater->interval = deflater->gains ? 1 : 2 * deflater->interval + 1;
    }
    return count;
}

size_t plm_deflate_band(plm_deflater *deflater, const uint8_t *bytes, size_t count, bool is_last,
                        uint8_t *to) {
    plm_bit_writer writer = {0, 0, to};
    memset(deflater->heads, 0, sizeof deflater->heads);
    deflater->has_costs = deflater->gains = deflater->is_flat = false;
    deflater->skip = 0;
    deflater->interval = 1;
    deflater->sequence_count = 0;
    statistics *const block = &deflater->block, *const chunk = &deflater->chunk,
                      *const joined = &deflater->joined;
    memset(block, 0, sizeof *block);
    size_t block_start = 0;
    for (size_t start = 0, end; start < count; start = end) {
        end = count - start < CHUNK ? count : start + CHUNK;
        sequence *const sequences = deflater->sequences + deflater->sequence_count;
        const size_t added = add_chunk(deflater, bytes, start, end, sequences);
        join(block, chunk, joined);
        evaluate(joined);
        const bool is_first = block_start == start;
        if (!is_first &&
            (start - block_start == BLOCK ||
             joined->cost > block->cost + chunk->cost + (LEAST_SAVING << COST_BITS))) {
            write_block(deflater, &writer, bytes + block_start, start - block_start, false);
            memmove(deflater->sequences, sequences, added * sizeof *sequences);
            deflater->sequence_count = 0;
            block_start = start;
            *block = *chunk;
        } else {
            *block = is_first ? *chunk : *joined;
        }
        deflater->sequence_count += added;
    }
    write_block(deflater, &writer, bytes + block_start, count - block_start, is_last);
    if (is_last)
        plm_align(&writer);
    else
        write_stored(&writer, bytes, 0, false);
    return (size_t)(writer.to - to);
}
