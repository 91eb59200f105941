#include "CJPEGEncoder.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

// jpeglib.h requires size_t and FILE.
#include <jerror.h>
#include <jpeglib.h>

// On the heap, since a longjmp leaves the values on the stack indeterminate.
struct writer {
    struct jpeg_compress_struct compressor;
    struct jpeg_error_mgr errors;
    jmp_buf entry;
    unsigned char *bytes;
    unsigned long count;
};

static void on_error(j_common_ptr common) {
    struct writer *writer = common->client_data;
    longjmp(writer->entry, 1);
}

static void on_message(j_common_ptr common) { (void)common; }

static void write_app1(struct jpeg_compress_struct *compressor, palimpsest_jpeg_app1 segment) {
    if (segment.count == 0) return;
    jpeg_write_marker(compressor, JPEG_APP0 + 1, segment.bytes, (unsigned int)segment.count);
}

palimpsest_jpeg_status palimpsest_jpeg_encode(
    const palimpsest_jpeg_picture *picture,
    palimpsest_jpeg_app1 exif,
    palimpsest_jpeg_app1 xmp,
    palimpsest_jpeg_file *file
) {
    file->bytes = NULL;
    file->count = 0;
    struct writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) return PALIMPSEST_JPEG_NO_MEMORY;
    struct jpeg_compress_struct *compressor = &writer->compressor;
    compressor->err = jpeg_std_error(&writer->errors);
    writer->errors.error_exit = on_error;
    writer->errors.output_message = on_message;
    compressor->client_data = writer;
    if (setjmp(writer->entry)) {
        const palimpsest_jpeg_status status = writer->errors.msg_code == JERR_OUT_OF_MEMORY
            ? PALIMPSEST_JPEG_NO_MEMORY
            : PALIMPSEST_JPEG_TOO_LARGE;
        jpeg_destroy_compress(compressor);
        free(writer->bytes);
        free(writer);
        return status;
    }
    jpeg_create_compress(compressor);
    jpeg_mem_dest(compressor, &writer->bytes, &writer->count);
    compressor->image_width = picture->width;
    compressor->image_height = picture->height;
    compressor->input_components = picture->components;
    compressor->in_color_space = picture->components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(compressor);
    jpeg_set_quality(compressor, picture->quality, TRUE);
    if (picture->components == 3) {
        // The factors of luma; those of chroma are 1.
        const int factor = picture->halves_chroma ? 2 : 1;
        compressor->comp_info[0].h_samp_factor = factor;
        compressor->comp_info[0].v_samp_factor = factor;
    }
    jpeg_start_compress(compressor, TRUE);
    write_app1(compressor, exif);
    write_app1(compressor, xmp);
    if (picture->icc != NULL) {
        jpeg_write_icc_profile(compressor, picture->icc, (unsigned int)picture->icc_count);
    }
    const size_t row_count = (size_t)picture->width * (size_t)picture->components;
    while (compressor->next_scanline < picture->height) {
        JSAMPROW row = (JSAMPROW)(picture->rows + compressor->next_scanline * row_count);
        jpeg_write_scanlines(compressor, &row, 1);
    }
    jpeg_finish_compress(compressor);
    jpeg_destroy_compress(compressor);
    file->bytes = writer->bytes;
    file->count = writer->count;
    free(writer);
    return PALIMPSEST_JPEG_OK;
}
