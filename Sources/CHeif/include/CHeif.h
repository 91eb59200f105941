#ifndef PALIMPSEST_CHEIF_H
#define PALIMPSEST_CHEIF_H

// A reader of HEIC and AVIF over libheif, which starts no thread and opens no file once it is prepared.
//
// libheif's own decoders start threads, so there are others here over the same libraries (Decoders.h).

#include <stddef.h>
#include <stdint.h>

#define PALIMPSEST_SWIFT_NAME(name) __attribute__((swift_name(#name)))

#pragma clang assume_nonnull begin

/// No side may be longer: libheif multiplies sides in 32 bits.
enum { PALIMPSEST_HEIF_MAX_SIDE PALIMPSEST_SWIFT_NAME(palimpsestHEIFMaxSide) = 32768 };

typedef enum __attribute__((enum_extensibility(closed))) palimpsest_heif_status : int32_t {
    PALIMPSEST_HEIF_OK PALIMPSEST_SWIFT_NAME(ok) = 0,
    /// There is no memory for it, or it needs more than is allowed.
    PALIMPSEST_HEIF_TOO_LARGE PALIMPSEST_SWIFT_NAME(tooLarge),
    /// The data end before the picture does.
    PALIMPSEST_HEIF_TRUNCATED PALIMPSEST_SWIFT_NAME(truncated),
    /// The data contradict the format.
    PALIMPSEST_HEIF_CORRUPT PALIMPSEST_SWIFT_NAME(corrupt),
    /// A kind of picture that is not read.
    PALIMPSEST_HEIF_UNSUPPORTED PALIMPSEST_SWIFT_NAME(unsupported),
} palimpsest_heif_status;

/// What a stream must be when it is decoded.
typedef struct palimpsest_heif_stream {
    uint32_t width;
    uint32_t height;
    /// 0 where it may be larger.
    int32_t is_exact;
} palimpsest_heif_stream;

typedef struct palimpsest_heif_header {
    /// As the item is stored, before it is turned and cut.
    uint32_t stored_width;
    uint32_t stored_height;
    /// Upright, as all that follows.
    uint32_t width;
    uint32_t height;
    /// Bits of a sample, at least 8.
    int32_t bit_depth;
    int32_t has_alpha;
    /// Code points of ITU-T H.273; 2 where they are not told.
    int32_t color_primaries;
    int32_t transfer_characteristics;
    size_t icc_count;
} palimpsest_heif_header;

typedef struct palimpsest_heif palimpsest_heif;

/// Looks for what libheif needs and registers the decoders. To be called once, before anything else.
void palimpsest_heif_prepare(void);

/// Makes a reader over `bytes`, which must stay in place until it is closed, as must `streams`. NULL if there is no memory for it.
///
/// No side that the file states may be longer than `max_side`, nor may a stream have more pixels than `max_pixels`. What a picture is put
/// together on is bounded by the sides of the picture alone: the caller has to look at it first.
///
/// `streams` tells what the streams must be, in the order in which they are decoded: libheif takes the sizes that the file states for
/// those of the planes, so that a smaller stream would leave memory as it was, or have bytes read behind it.
palimpsest_heif *_Nullable palimpsest_heif_open(const uint8_t *bytes, size_t count, uint32_t max_side, uint64_t max_pixels,
                                                const palimpsest_heif_stream *streams, size_t stream_count);

/// Reads all that stands before the pixels. Allocates nothing that grows with the picture. To be called once, first.
palimpsest_heif_status palimpsest_heif_read_header(palimpsest_heif *reader, palimpsest_heif_header *header);

/// Copies the ICC profile, of which the header told the length, to `to`.
palimpsest_heif_status palimpsest_heif_copy_icc(palimpsest_heif *reader, uint8_t *to);

/// Decodes the whole picture, RGB or RGBA, into `rows`: tightly packed, top to bottom, upright, a byte a sample, or two for
/// more than 8 bits, the more significant first and scaled to 16. `count` bytes of room must be exactly what that takes.
///
/// Colours that neither the container nor a profile tells are then in `header` as the stream tells them.
palimpsest_heif_status palimpsest_heif_decode(palimpsest_heif *reader, uint8_t *rows, size_t count, palimpsest_heif_header *header);

/// A sentence about the last status that was not OK; holds never bytes of the file.
const char *palimpsest_heif_message(const palimpsest_heif *reader);

/// Frees the reader and what belongs to it.
void palimpsest_heif_close(palimpsest_heif *reader);

#pragma clang assume_nonnull end

#endif
