// Writes bits into bytes, the lowest first, as DEFLATE packs them (RFC 1951 section 3.1.1).

#pragma once

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The writer stores its bits as little-endian words."
#endif

// `count` (0 to 63) bits that are not stored yet, and where they go. A store writes eight bytes,
// whatever the count.
typedef struct {
    uint64_t bits;
    unsigned count;
    uint8_t *to;
} plm_bit_writer;

// Appends `count` bits; the caller keeps the sum to 63.
static inline void plm_put(plm_bit_writer *writer, uint64_t bits, unsigned count) {
    writer->bits |= bits << writer->count;
    writer->count += count;
}

// Stores the whole bytes; up to 7 bits remain.
static inline void plm_flush(plm_bit_writer *writer) {
    memcpy(writer->to, &writer->bits, 8);
    writer->to += writer->count >> 3;
    writer->bits >>= writer->count & ~7u;
    writer->count &= 7;
}

// Fills the last byte with zeros and stores it.
static inline void plm_align(plm_bit_writer *writer) {
    writer->count = (writer->count + 7) & ~7u;
    plm_flush(writer);
}
