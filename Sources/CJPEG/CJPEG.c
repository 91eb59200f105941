#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// jpeglib.h requires size_t and FILE.
#include <jerror.h>
#include <jpeglib.h>

struct palimpsest_jpeg {
    struct jpeg_decompress_struct decompressor;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    // Valid only while one of the entry functions below is running.
    jmp_buf entry;
    palimpsest_jpeg_status status;
    int32_t max_scans;
    jpeg_saved_marker_ptr next_segment;
    char message[JMSG_LENGTH_MAX];
};

// MARK: - Callbacks from libjpeg

static palimpsest_jpeg_status status_of(int message_code) {
    switch (message_code) {
    case JERR_OUT_OF_MEMORY:
        return PALIMPSEST_JPEG_NO_MEMORY;
    case JERR_INPUT_EOF:
    case JERR_INPUT_EMPTY:
    case JWRN_JPEG_EOF:
        return PALIMPSEST_JPEG_TRUNCATED;
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
        return PALIMPSEST_JPEG_UNSUPPORTED;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
        return PALIMPSEST_JPEG_TOO_LARGE;
    default:
        return PALIMPSEST_JPEG_CORRUPT;
    }
}

static _Noreturn void give_up(palimpsest_jpeg *reader, palimpsest_jpeg_status status) {
    reader->status = status;
    longjmp(reader->entry, 1);
}

static void on_error(j_common_ptr common) {
    palimpsest_jpeg *reader = common->client_data;
    common->err->format_message(common, reader->message);
    give_up(reader, status_of(common->err->msg_code));
}

// Negative levels are warnings, after which libjpeg would make up the missing pixels.
static void on_message(j_common_ptr common, int level) {
    if (level >= 0) return;
    switch (common->err->msg_code) {
    // These do not affect the pixels. Cameras do pad between segments.
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
        return;
    default:
        on_error(common);
    }
}

// The default writes to stderr.
static void on_output(j_common_ptr common) { (void)common; }

// Called before every input step, so that an excess scan is not even begun.
static void on_progress(j_common_ptr common) {
    palimpsest_jpeg *reader = common->client_data;
    if (reader->decompressor.input_scan_number > reader->max_scans) {
        snprintf(reader->message, sizeof reader->message, "more than %d scans",
                 (int)reader->max_scans);
        give_up(reader, PALIMPSEST_JPEG_TOO_MANY_SCANS);
    }
}

static palimpsest_jpeg_color color_of(const struct jpeg_decompress_struct *decompressor) {
    switch (decompressor->jpeg_color_space) {
    case JCS_GRAYSCALE:
        return PALIMPSEST_JPEG_GRAY;
    case JCS_YCbCr:
    case JCS_RGB:
        return PALIMPSEST_JPEG_RGB;
    case JCS_CMYK:
    case JCS_YCCK:
        return PALIMPSEST_JPEG_CMYK;
    default:
        return PALIMPSEST_JPEG_OTHER;
    }
}

// MARK: - Entry functions

palimpsest_jpeg *palimpsest_jpeg_open(const uint8_t *bytes, size_t count) {
    palimpsest_jpeg *reader = calloc(1, sizeof *reader);
    if (reader == NULL) return NULL;
    struct jpeg_decompress_struct *decompressor = &reader->decompressor;
    decompressor->err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = on_error;
    reader->errors.emit_message = on_message;
    reader->errors.output_message = on_output;
    // jpeg_create_decompress clears the structure but preserves these two fields.
    decompressor->client_data = reader;
    if (setjmp(reader->entry)) {
        palimpsest_jpeg_close(reader);
        return NULL;
    }
    jpeg_create_decompress(decompressor);
    reader->progress.progress_monitor = on_progress;
    decompressor->progress = &reader->progress;
    reader->max_scans = INT32_MAX;
    jpeg_save_markers(decompressor, JPEG_APP0 + 1, 0xFFFF);
    jpeg_save_markers(decompressor, JPEG_APP0 + 2, 0xFFFF);
    jpeg_mem_src(decompressor, bytes, count);
    return reader;
}

palimpsest_jpeg_status palimpsest_jpeg_read_header(palimpsest_jpeg *reader,
                                                   palimpsest_jpeg_header *header) {
    memset(header, 0, sizeof *header);
    struct jpeg_decompress_struct *decompressor = &reader->decompressor;
    if (setjmp(reader->entry)) return reader->status;
    jpeg_read_header(decompressor, TRUE);
    header->width = decompressor->image_width;
    header->height = decompressor->image_height;
    header->color = color_of(decompressor);
    header->is_arithmetic = decompressor->arith_code ? 1 : 0;
    reader->next_segment = decompressor->marker_list;
    return PALIMPSEST_JPEG_OK;
}

int32_t palimpsest_jpeg_next_segment(palimpsest_jpeg *reader, palimpsest_jpeg_segment *segment) {
    const jpeg_saved_marker_ptr marker = reader->next_segment;
    if (marker == NULL) return 0;
    reader->next_segment = marker->next;
    segment->number = marker->marker - JPEG_APP0;
    segment->bytes = marker->data;
    segment->count = marker->data_length;
    return 1;
}

// Converts CMYK naively, ignoring print colour. All four channels are stored inverted, as Adobe's
// programs write them and every reader expects, whether or not the file has an Adobe marker.
static void mix_inks(const JSAMPLE *inks, JDIMENSION width, uint8_t *rgb) {
    for (JDIMENSION x = 0; x < width; x++, inks += 4, rgb += 3) {
        for (int color = 0; color < 3; color++) {
            rgb[color] = (uint8_t)(((unsigned)inks[color] * inks[3] + 127) / 255);
        }
    }
}

palimpsest_jpeg_status palimpsest_jpeg_decode(palimpsest_jpeg *reader, uint8_t *rows, size_t count,
                                              int32_t max_scans) {
    struct jpeg_decompress_struct *decompressor = &reader->decompressor;
    if (setjmp(reader->entry)) return reader->status;
    reader->max_scans = max_scans;
    const palimpsest_jpeg_color color = color_of(decompressor);
    decompressor->out_color_space = color == PALIMPSEST_JPEG_GRAY   ? JCS_GRAYSCALE
                                    : color == PALIMPSEST_JPEG_CMYK ? JCS_CMYK
                                                                    : JCS_RGB;
    jpeg_start_decompress(decompressor);
    const size_t row_count = (size_t)decompressor->output_width *
                             (color == PALIMPSEST_JPEG_GRAY ? 1 : 3);
    if (row_count * decompressor->output_height != count) {
        snprintf(reader->message, sizeof reader->message, "the rows do not fit the room for them");
        return PALIMPSEST_JPEG_CORRUPT;
    }
    JSAMPARRAY inks = NULL;
    if (color == PALIMPSEST_JPEG_CMYK) {
        // Freed with the decompressor.
        inks = decompressor->mem->alloc_sarray(
            (j_common_ptr)decompressor, JPOOL_IMAGE, decompressor->output_width * 4, 1
        );
    }
    while (decompressor->output_scanline < decompressor->output_height) {
        JSAMPROW row = rows + row_count * decompressor->output_scanline;
        jpeg_read_scanlines(decompressor, inks == NULL ? &row : inks, 1);
        if (inks != NULL) mix_inks(inks[0], decompressor->output_width, row);
    }
    // Read on to the end marker, so that a file without it is recognised as truncated.
    jpeg_finish_decompress(decompressor);
    return PALIMPSEST_JPEG_OK;
}

const char *palimpsest_jpeg_message(const palimpsest_jpeg *reader) { return reader->message; }

void palimpsest_jpeg_close(palimpsest_jpeg *reader) {
    jpeg_destroy_decompress(&reader->decompressor);
    free(reader);
}
