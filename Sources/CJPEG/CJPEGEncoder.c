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

palimpsest_jpeg_status palimpsest_jpeg_encode(
    const uint8_t *rows,
    uint32_t width,
    uint32_t height,
    int32_t quality,
    const uint8_t *icc,
    size_t icc_count,
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
    compressor->image_width = width;
    compressor->image_height = height;
    compressor->input_components = 3;
    compressor->in_color_space = JCS_RGB;
    jpeg_set_defaults(compressor);
    jpeg_set_quality(compressor, quality, TRUE);
    jpeg_start_compress(compressor, TRUE);
    if (icc != NULL) jpeg_write_icc_profile(compressor, icc, (unsigned int)icc_count);
    while (compressor->next_scanline < height) {
        JSAMPROW row = (JSAMPROW)(rows + (size_t)compressor->next_scanline * width * 3);
        jpeg_write_scanlines(compressor, &row, 1);
    }
    jpeg_finish_compress(compressor);
    jpeg_destroy_compress(compressor);
    file->bytes = writer->bytes;
    file->count = writer->count;
    free(writer);
    return PALIMPSEST_JPEG_OK;
}
