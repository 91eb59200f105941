#ifndef PALIMPSEST_CVERSION_H
#define PALIMPSEST_CVERSION_H

// What the build knows of itself: the file VERSION, and the commit that scripts/build names.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// The content of VERSION; it lives as long as the process.
const uint8_t *palimpsest_version(void);

/// The bytes of VERSION.
size_t palimpsest_version_count(void);

/// The commit in short, with `-dirty` if files differed from it; `unknown` outside of a checkout.
const char *palimpsest_commit(void);

#pragma clang assume_nonnull end

#endif
