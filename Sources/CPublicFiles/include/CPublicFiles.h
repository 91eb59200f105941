#ifndef PALIMPSEST_CPUBLICFILES_H
#define PALIMPSEST_CPUBLICFILES_H

// The files of Public/ in the binary's read-only data.
//
// SwiftPM's `.embedInCode` writes a file as an array literal, which takes the compiler minutes for
// some 300 kB.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// openapi.json; it lives as long as the process.
const uint8_t *palimpsest_openapi(void);

/// The bytes of openapi.json.
size_t palimpsest_openapi_count(void);

/// A file of the page; all of it lives as long as the process.
typedef struct {
    /// Its path in Public/.
    const char *path;
    const uint8_t *bytes;
    size_t count;
} palimpsest_file;

/// The files of the page.
const palimpsest_file *palimpsest_page(void);

/// How many files the page has.
size_t palimpsest_page_count(void);

#pragma clang assume_nonnull end

#endif
