#ifndef PALIMPSEST_DECODERS_H
#define PALIMPSEST_DECODERS_H

// Decoders for libheif that work on the thread that calls them, bound the memory that a stream may ask for, and take damage for
// an error.

#include "CHeif.h"

#include <libheif/heif.h>
#include <libheif/heif_plugin.h>

/// More than libheif's own decoders have.
enum { palimpsest_decoder_priority = 200 };

/// The most pixels that a picture decoded by this thread may have, whatever the container says.
extern _Thread_local uint64_t palimpsest_max_pixels;

/// What the streams must be that this thread decodes, one after the other.
struct palimpsest_expected {
    const palimpsest_heif_stream *streams;
    size_t count;
    /// Bits of a sample of the streams so far; 0 before the first.
    int bits;
};

extern _Thread_local struct palimpsest_expected palimpsest_expected;

/// What a stream says about its colours, which counts where the container says nothing: code points of ITU-T H.273.
struct palimpsest_colors {
    int primaries, transfer, matrix, is_full_range;
};

/// What the first stream that this thread decoded said since `primaries` was set to 0, which no stream says.
extern _Thread_local struct palimpsest_colors palimpsest_first_colors;

/// HEVC, by libde265. libheif's own starts a thread for every picture.
extern const struct heif_decoder_plugin palimpsest_hevc_decoder;

/// AV1, by dav1d. libheif's own starts as many threads as there are processors.
extern const struct heif_decoder_plugin palimpsest_av1_decoder;

static inline struct heif_error palimpsest_success(void) {
    return (struct heif_error){heif_error_Ok, heif_suberror_Unspecified, "Success"};
}

static inline struct heif_error palimpsest_damaged(const char *message) {
    return (struct heif_error){heif_error_Decoder_plugin_error, heif_suberror_Unspecified, message};
}

static inline struct heif_error palimpsest_unsupported(const char *message) {
    return (struct heif_error){heif_error_Unsupported_feature, heif_suberror_Unspecified, message};
}

static inline struct heif_error palimpsest_cut(const char *message) {
    return (struct heif_error){heif_error_Decoder_plugin_error, heif_suberror_End_of_data, message};
}

static inline struct heif_error palimpsest_no_memory(const char *message) {
    return (struct heif_error){heif_error_Memory_allocation_error, heif_suberror_Unspecified, message};
}

/// A plane as a decoder has it.
struct palimpsest_plane {
    const uint8_t *rows;
    ptrdiff_t stride;
    int width, height, bits;
};

/// Makes an image of one plane or three.
struct heif_error palimpsest_make_image(
    const struct palimpsest_plane planes[3], enum heif_chroma chroma, struct palimpsest_colors colors,
    struct heif_image **image
);

#endif
