// The machine's peak throughput, as a yardstick for the kernel.
#ifndef PALIMPSEST_CBENCHMARK_H
#define PALIMPSEST_CBENCHMARK_H

#include <stdint.h>

/// Runs `rounds` rounds of sixteen independent register multiply-adds on whole vectors of 16
/// (AVX-512), 8 (AVX2) or 4 floats.
///
/// The machine must support `lanes`. Returns the number of operations, two per multiply-add per
/// lane.
uint64_t plm_multiply_add(int lanes, uint64_t rounds);

#endif
