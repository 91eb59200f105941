#ifndef PALIMPSEST_CJPEG_ENCODER_H
#define PALIMPSEST_CJPEG_ENCODER_H

#include "CJPEG.h"

#pragma clang assume_nonnull begin

/// A JPEG file that was written.
typedef struct palimpsest_jpeg_file {
    /// NULL unless it was written; to be freed by `free`.
    uint8_t *_Nullable bytes;
    size_t count;
} palimpsest_jpeg_file;

/// Writes a picture of tightly packed RGB rows as a baseline JPEG of a quality of 1 to 100, with an ICC profile unless `icc` is NULL.
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
