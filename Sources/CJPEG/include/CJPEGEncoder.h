#ifndef PALIMPSEST_CJPEG_ENCODER_H
#define PALIMPSEST_CJPEG_ENCODER_H

#include "CJPEG.h"

#pragma clang assume_nonnull begin

/// An encoded JPEG file.
typedef struct palimpsest_jpeg_file {
    /// NULL on failure; to be freed with `free`.
    uint8_t *_Nullable bytes;
    size_t count;
} palimpsest_jpeg_file;

/// Encodes a picture of tightly packed RGB rows as a baseline JPEG of quality 1 to 100, with an ICC
/// profile unless `icc` is NULL.
palimpsest_jpeg_status palimpsest_jpeg_encode(
    const uint8_t *rows,
    uint32_t width,
    uint32_t height,
    int32_t quality,
    const uint8_t *_Nullable icc,
    size_t icc_count,
    palimpsest_jpeg_file *file
);

#pragma clang assume_nonnull end

#endif
