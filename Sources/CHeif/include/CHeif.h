#ifndef PALIMPSEST_CHEIF_H
#define PALIMPSEST_CHEIF_H

// A HEIC and AVIF reader over libheif that starts no thread and, once prepared, opens no file.
//
// libheif's own decoders start threads, so this module has its own over the same libraries
// (Decoders.h).

#include <stddef.h>
#include <stdint.h>

#define PALIMPSEST_SWIFT_NAME(name) __attribute__((swift_name(#name)))

#pragma clang assume_nonnull begin

/// The maximum side length, since libheif multiplies sides in 32 bits.
enum { PALIMPSEST_HEIF_MAX_SIDE PALIMPSEST_SWIFT_NAME(palimpsestHEIFMaxSide) = 32768 };

typedef enum __attribute__((enum_extensibility(closed))) palimpsest_heif_status : int32_t {
    PALIMPSEST_HEIF_OK PALIMPSEST_SWIFT_NAME(ok) = 0,
    /// There is not enough memory, or more is needed than allowed.
    PALIMPSEST_HEIF_TOO_LARGE PALIMPSEST_SWIFT_NAME(tooLarge),
    /// The data end before the picture does.
    PALIMPSEST_HEIF_TRUNCATED PALIMPSEST_SWIFT_NAME(truncated),
    /// The data violate the format.
    PALIMPSEST_HEIF_CORRUPT PALIMPSEST_SWIFT_NAME(corrupt),
    /// An unsupported kind of picture.
    PALIMPSEST_HEIF_UNSUPPORTED PALIMPSEST_SWIFT_NAME(unsupported),
} palimpsest_heif_status;

/// The constraints on a decoded stream.
typedef struct palimpsest_heif_stream {
    uint32_t width;
    uint32_t height;
    /// 0 if it may be larger.
    int32_t is_exact;
} palimpsest_heif_stream;

typedef struct palimpsest_heif_header {
    /// The stored size of the item, before rotation and cropping.
    uint32_t stored_width;
    uint32_t stored_height;
    /// The upright size; all that follows is upright too.
    uint32_t width;
    uint32_t height;
    /// Bits per sample, at least 8.
    int32_t bit_depth;
    int32_t has_alpha;
    /// ITU-T H.273 code points; 2 means unspecified.
    int32_t color_primaries;
    int32_t transfer_characteristics;
    size_t icc_count;
} palimpsest_heif_header;

typedef struct palimpsest_heif palimpsest_heif;

/// Initialises libheif and registers the decoders. Call it once, before anything else.
void palimpsest_heif_prepare(void);

/// Creates a reader on `bytes`, which must stay in place until it is closed, as must `streams`.
/// Returns NULL if there is not enough memory.
///
/// No side stated in the file may exceed `max_side`, and no stream may have more than `max_pixels`
/// pixels. The canvas of a derived picture is bounded only by the picture's sides, so the caller
/// must check it first.
///
/// `streams` constrains the streams in decoding order. libheif takes the sizes stated in the file
/// for those of the planes; a smaller stream would leave memory uninitialised or cause reads beyond
/// its end.
palimpsest_heif *_Nullable palimpsest_heif_open(const uint8_t *bytes, size_t count,
                                                uint32_t max_side, uint64_t max_pixels,
                                                const palimpsest_heif_stream *streams,
                                                size_t stream_count);

/// Reads everything before the pixels. Allocates nothing that grows with the picture. Call it once,
/// first.
palimpsest_heif_status palimpsest_heif_read_header(palimpsest_heif *reader,
                                                   palimpsest_heif_header *header);

/// Copies the ICC profile, whose length is in the header, to `to`.
palimpsest_heif_status palimpsest_heif_copy_icc(palimpsest_heif *reader, uint8_t *to);

/// Decodes the whole picture, RGB or RGBA, into `rows`: tightly packed, top to bottom, upright. A
/// sample is one byte, or two for more than 8 bits, big-endian and scaled to 16 bits. `count` must
/// be exactly the number of bytes that this takes.
///
/// Afterwards, colours that neither the container nor a profile states are in `header` as the
/// stream states them.
palimpsest_heif_status palimpsest_heif_decode(palimpsest_heif *reader, uint8_t *rows, size_t count,
                                              palimpsest_heif_header *header);

/// A sentence about the last status that was not OK; never holds bytes of the file.
const char *palimpsest_heif_message(const palimpsest_heif *reader);

/// Frees the reader and everything it owns.
void palimpsest_heif_close(palimpsest_heif *reader);

#pragma clang assume_nonnull end

#endif
