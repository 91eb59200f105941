#ifndef PALIMPSEST_DECODERS_H
#define PALIMPSEST_DECODERS_H

// Decoders for libheif that run on the calling thread, bound the memory that a stream may request
// and treat damage as an error.

#include "CHeif.h"

#include <libheif/heif.h>
#include <libheif/heif_plugin.h>

/// Higher than the priority of libheif's own decoders.
enum { palimpsest_decoder_priority = 200 };

/// The maximum number of pixels of a picture decoded by this thread, whatever the container says.
extern _Thread_local uint64_t palimpsest_max_pixels;

/// The constraints on the streams that this thread decodes, in order.
struct palimpsest_expected {
    const palimpsest_heif_stream *streams;
    size_t count;
    /// Bits per sample of the streams so far; 0 before the first.
    int bits;
};

extern _Thread_local struct palimpsest_expected palimpsest_expected;

/// A stream's own colour description (ITU-T H.273 code points), used if the container has none.
struct palimpsest_colors {
    int primaries, transfer, matrix, is_full_range;
};

/// The colours of the first stream that this thread decoded since `primaries` was set to 0, a value
/// that no stream has.
extern _Thread_local struct palimpsest_colors palimpsest_first_colors;

/// HEVC by libde265. libheif's own decoder starts a thread for every picture.
extern const struct heif_decoder_plugin palimpsest_hevc_decoder;

/// AV1 by dav1d. libheif's own decoder starts as many threads as there are processors.
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
    return (struct heif_error){heif_error_Memory_allocation_error, heif_suberror_Unspecified,
                               message};
}

/// A plane in a decoder's memory.
struct palimpsest_plane {
    const uint8_t *rows;
    ptrdiff_t stride;
    int width, height, bits;
};

/// Creates an image from one plane or three.
struct heif_error palimpsest_make_image(const struct palimpsest_plane planes[3],
                                        enum heif_chroma chroma, struct palimpsest_colors colors,
                                        struct heif_image **image);

#endif
