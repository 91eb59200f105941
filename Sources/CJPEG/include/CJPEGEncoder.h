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

/// A picture to encode, of tightly packed gray or RGB rows.
typedef struct palimpsest_jpeg_picture {
    const uint8_t *rows;
    uint32_t width;
    uint32_t height;
    /// Samples per pixel: 1 (gray) or 3 (RGB).
    int32_t components;
    /// libjpeg's quality, 1 to 100.
    int32_t quality;
    /// Whether RGB has chroma at half resolution in both directions.
    int32_t halves_chroma;
    /// NULL for none.
    const uint8_t *_Nullable icc;
    size_t icc_count;
} palimpsest_jpeg_picture;

/// An APP1 segment, signature included, of at most 65,533 bytes.
typedef struct palimpsest_jpeg_app1 {
    const uint8_t *_Nullable bytes;
    size_t count;
} palimpsest_jpeg_app1;

/// Encodes a picture as a baseline JPEG with its ICC profile and, before that, the APP1 segments
/// that are not empty.
palimpsest_jpeg_status palimpsest_jpeg_encode(
    const palimpsest_jpeg_picture *picture,
    palimpsest_jpeg_app1 exif,
    palimpsest_jpeg_app1 xmp,
    palimpsest_jpeg_file *file
);

#pragma clang assume_nonnull end

#endif
