#ifndef PALIMPSEST_CJPEG_H
#define PALIMPSEST_CJPEG_H

// A JPEG reader over libjpeg that returns errors as values.
//
// libjpeg reports errors through a callback that must not return, so its users need setjmp and
// longjmp. Swift frames must never be jumped over: every jump begins and ends inside one function
// of CJPEG.c, and the error becomes a palimpsest_jpeg_status. Warnings about damaged pixels are
// errors too.

#include <stddef.h>
#include <stdint.h>

#define PALIMPSEST_SWIFT_NAME(name) __attribute__((swift_name(#name)))

#pragma clang assume_nonnull begin

typedef enum __attribute__((enum_extensibility(closed))) palimpsest_jpeg_status : int32_t {
    PALIMPSEST_JPEG_OK PALIMPSEST_SWIFT_NAME(ok) = 0,
    /// libjpeg ran out of memory.
    PALIMPSEST_JPEG_NO_MEMORY PALIMPSEST_SWIFT_NAME(noMemory),
    /// The data end before the picture does.
    PALIMPSEST_JPEG_TRUNCATED PALIMPSEST_SWIFT_NAME(truncated),
    /// The data violate the format.
    PALIMPSEST_JPEG_CORRUPT PALIMPSEST_SWIFT_NAME(corrupt),
    /// An unsupported kind of JPEG: lossless, hierarchical, 12 bits.
    PALIMPSEST_JPEG_UNSUPPORTED PALIMPSEST_SWIFT_NAME(unsupported),
    /// A side is longer than libjpeg supports.
    PALIMPSEST_JPEG_TOO_LARGE PALIMPSEST_SWIFT_NAME(tooLarge),
    /// More scans than allowed.
    PALIMPSEST_JPEG_TOO_MANY_SCANS PALIMPSEST_SWIFT_NAME(tooManyScans),
} palimpsest_jpeg_status;

/// The stored colour space, as far as it matters here.
typedef enum __attribute__((enum_extensibility(closed))) palimpsest_jpeg_color : int32_t {
    PALIMPSEST_JPEG_GRAY PALIMPSEST_SWIFT_NAME(gray) = 0,
    /// YCbCr or RGB; decoded to RGB.
    PALIMPSEST_JPEG_RGB PALIMPSEST_SWIFT_NAME(rgb),
    /// CMYK or YCCK; converted to RGB.
    PALIMPSEST_JPEG_CMYK PALIMPSEST_SWIFT_NAME(cmyk),
    /// Anything else; not decoded.
    PALIMPSEST_JPEG_OTHER PALIMPSEST_SWIFT_NAME(other),
} palimpsest_jpeg_color;

typedef struct palimpsest_jpeg_header {
    uint32_t width;
    uint32_t height;
    palimpsest_jpeg_color color;
    /// 1 if the entropy coding is arithmetic, which is not supported.
    int32_t is_arithmetic;
} palimpsest_jpeg_header;

/// A metadata segment of a file.
typedef struct palimpsest_jpeg_segment {
    /// 1 for APP1, 2 for APP2.
    int32_t number;
    /// The segment's body, which belongs to the reader; NULL if it is empty.
    const uint8_t *_Nullable bytes;
    size_t count;
} palimpsest_jpeg_segment;

typedef struct palimpsest_jpeg palimpsest_jpeg;

/// Creates a reader on `bytes`, which must stay in place until it is closed. Returns NULL if there
/// is not enough memory.
palimpsest_jpeg *_Nullable palimpsest_jpeg_open(const uint8_t *bytes, size_t count);

/// Reads up to the first scan. Allocates nothing that grows with the picture. Call it once, first.
palimpsest_jpeg_status palimpsest_jpeg_read_header(palimpsest_jpeg *reader,
                                                   palimpsest_jpeg_header *header);

/// Returns the APP1 and APP2 segments before the first scan, one per call, in order; returns 0 when
/// there are no more. Call it after palimpsest_jpeg_read_header and before palimpsest_jpeg_decode.
int32_t palimpsest_jpeg_next_segment(palimpsest_jpeg *reader, palimpsest_jpeg_segment *segment);

/// Decodes the whole picture, gray or RGB (CMYK is converted without its profile), into `rows`:
/// tightly packed, top to bottom. `count` must be exactly width * height * (1 or 3) bytes. A
/// picture with more than `max_scans` scans is abandoned at the first excess scan. Call it once,
/// after palimpsest_jpeg_read_header.
palimpsest_jpeg_status palimpsest_jpeg_decode(palimpsest_jpeg *reader, uint8_t *rows, size_t count,
                                              int32_t max_scans);

/// libjpeg's message for the last status that was not OK; may hold numbers from the file but never
/// its bytes.
const char *palimpsest_jpeg_message(const palimpsest_jpeg *reader);

/// Frees the reader and everything it owns.
void palimpsest_jpeg_close(palimpsest_jpeg *reader);

#pragma clang assume_nonnull end

#include "CJPEGEncoder.h"

#endif
