// The machine's own limit, to hold the kernel against.
#ifndef PALIMPSEST_CBENCHMARK_H
#define PALIMPSEST_CBENCHMARK_H

#include <stdint.h>

/// Runs `rounds` rounds of sixteen independent multiply-adds of whole vectors in registers, of 16 (AVX-512), 8 (AVX2) or
/// 4 floats.
///
/// `lanes` must be what the machine has. Returns the operations done, two for each multiply-add of one lane.
uint64_t plm_multiply_add(int lanes, uint64_t rounds);

#endif
