#include "CHeif.h"

#include "Decoders.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct palimpsest_heif {
    const uint8_t *bytes;
    size_t count;
    uint64_t max_pixels;
    struct heif_context *context;
    struct heif_image_handle *handle;
    const palimpsest_heif_stream *streams;
    size_t stream_count;
    palimpsest_heif_header header;
    char message[160];
};

static palimpsest_heif_status status_of(struct heif_error error) {
    if (error.subcode == heif_suberror_Security_limit_exceeded) return PALIMPSEST_HEIF_TOO_LARGE;
    if (error.subcode == heif_suberror_End_of_data) return PALIMPSEST_HEIF_TRUNCATED;
    switch (error.code) {
    case heif_error_Ok:
        return PALIMPSEST_HEIF_OK;
    case heif_error_Memory_allocation_error:
        return PALIMPSEST_HEIF_TOO_LARGE;
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature:
        return PALIMPSEST_HEIF_UNSUPPORTED;
    default:
        return PALIMPSEST_HEIF_CORRUPT;
    }
}

static palimpsest_heif_status fail(palimpsest_heif *reader, palimpsest_heif_status status,
                                   const char *message) {
    snprintf(reader->message, sizeof reader->message, "%s", message);
    return status;
}

static palimpsest_heif_status note(palimpsest_heif *reader, struct heif_error error) {
    if (error.code == heif_error_Ok) return PALIMPSEST_HEIF_OK;
    return fail(reader, status_of(error), error.message == NULL ? "unknown" : error.message);
}

void palimpsest_heif_prepare(void) {
    (void)heif_init(NULL);
    (void)heif_register_decoder_plugin(&palimpsest_hevc_decoder);
    (void)heif_register_decoder_plugin(&palimpsest_av1_decoder);
}

palimpsest_heif *palimpsest_heif_open(const uint8_t *bytes, size_t count, uint32_t max_side,
                                      uint64_t max_pixels, const palimpsest_heif_stream *streams,
                                      size_t stream_count) {
    palimpsest_heif *reader = calloc(1, sizeof *reader);
    if (reader == NULL) return NULL;
    reader->bytes = bytes;
    reader->count = count;
    reader->max_pixels = max_pixels;
    reader->streams = streams;
    reader->stream_count = stream_count;
    reader->context = heif_context_alloc();
    if (reader->context == NULL) {
        free(reader);
        return NULL;
    }
    heif_context_set_max_decoding_threads(reader->context, 0);
    heif_context_set_maximum_image_size_limit(reader->context, (int)max_side);
    return reader;
}

// MARK: - The header

static void find_colors(palimpsest_heif *reader) {
    palimpsest_heif_header *header = &reader->header;
    header->color_primaries = heif_color_primaries_unspecified;
    header->transfer_characteristics = heif_transfer_characteristic_unspecified;
    header->icc_count = heif_image_handle_get_raw_color_profile_size(reader->handle);
    struct heif_color_profile_nclx *profile = NULL;
    if (heif_image_handle_get_nclx_color_profile(reader->handle, &profile).code != heif_error_Ok)
        return;
    if (profile == NULL) return;
    header->color_primaries = profile->color_primaries;
    header->transfer_characteristics = profile->transfer_characteristics;
    heif_nclx_color_profile_free(profile);
}

palimpsest_heif_status palimpsest_heif_read_header(palimpsest_heif *reader,
                                                   palimpsest_heif_header *header) {
    struct heif_error error = heif_context_read_from_memory_without_copy(
        reader->context, reader->bytes, reader->count, NULL);
    heif_item_id primary = 0;
    if (error.code == heif_error_Ok)
        error = heif_context_get_primary_image_ID(reader->context, &primary);
    if (error.code == heif_error_Ok)
        error = heif_context_get_image_handle(reader->context, primary, &reader->handle);
    if (error.code != heif_error_Ok) return note(reader, error);
    const int width = heif_image_handle_get_width(reader->handle);
    const int height = heif_image_handle_get_height(reader->handle);
    const int bits = heif_image_handle_get_luma_bits_per_pixel(reader->handle);
    if (width < 1 || height < 1)
        return fail(reader, PALIMPSEST_HEIF_CORRUPT, "there are no pixels");
    if (bits < 8 || bits > 16)
        return fail(reader, PALIMPSEST_HEIF_UNSUPPORTED, "samples of no known length");
    reader->header.stored_width = (uint32_t)heif_image_handle_get_ispe_width(reader->handle);
    reader->header.stored_height = (uint32_t)heif_image_handle_get_ispe_height(reader->handle);
    reader->header.width = (uint32_t)width;
    reader->header.height = (uint32_t)height;
    reader->header.bit_depth = bits;
    reader->header.has_alpha = heif_image_handle_has_alpha_channel(reader->handle) != 0;
    find_colors(reader);
    *header = reader->header;
    return PALIMPSEST_HEIF_OK;
}

palimpsest_heif_status palimpsest_heif_copy_icc(palimpsest_heif *reader, uint8_t *to) {
    return note(reader, heif_image_handle_get_raw_color_profile(reader->handle, to));
}

// MARK: - The pixels

static void widen(const uint8_t *from, size_t count, int bits, uint8_t *to) {
    const uint32_t most = (1u << bits) - 1;
    for (size_t i = 0; i < count; i++) {
        const uint32_t value = (uint32_t)from[2 * i] << 8 | from[2 * i + 1];
        const uint32_t wide = ((value < most ? value : most) * 65535u + most / 2) / most;
        to[2 * i] = (uint8_t)(wide >> 8);
        to[2 * i + 1] = (uint8_t)wide;
    }
}

static palimpsest_heif_status copy_rows(palimpsest_heif *reader, const struct heif_image *image,
                                        uint8_t *rows, size_t count) {
    const palimpsest_heif_header *header = &reader->header;
    const bool is_wide = header->bit_depth > 8;
    const size_t samples = (size_t)header->width * (header->has_alpha ? 4 : 3);
    const size_t row_count = samples * (is_wide ? 2 : 1);
    int stride = 0;
    const uint8_t *plane = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    const int bits = heif_image_get_bits_per_pixel_range(image, heif_channel_interleaved);
    if (plane == NULL || heif_image_get_width(image, heif_channel_interleaved) != (int)header->width
        || heif_image_get_height(image, heif_channel_interleaved) != (int)header->height
        || count != row_count * header->height || (size_t)stride < row_count
        || (is_wide && (bits < 9 || bits > 16))) {
        return fail(reader, PALIMPSEST_HEIF_CORRUPT, "the picture is not as large as it says");
    }
    for (uint32_t row = 0; row < header->height; row++) {
        const uint8_t *from = plane + (size_t)row * (size_t)stride;
        uint8_t *to = rows + (size_t)row * row_count;
        if (is_wide) {
            widen(from, samples, bits, to);
        } else {
            memcpy(to, from, row_count);
        }
    }
    return PALIMPSEST_HEIF_OK;
}

// libheif checks the canvas of a grid or an overlay only against this limit, and multiplies sides
// in 32 bits.
static void limit_canvas(palimpsest_heif *reader) {
    const uint32_t width = reader->header.stored_width, height = reader->header.stored_height;
    const uint32_t side = width > height ? width : height;
    const int limit = side < PALIMPSEST_HEIF_MAX_SIDE ? (int)side + 1 : PALIMPSEST_HEIF_MAX_SIDE;
    heif_context_set_maximum_image_size_limit(reader->context, limit);
}

// The picture is decoded before its alpha, so the first colours are the picture's.
static void complete_colors(palimpsest_heif_header *header) {
    if (header->icc_count > 0 || palimpsest_first_colors.primaries == 0) return;
    if (header->color_primaries == heif_color_primaries_unspecified) {
        header->color_primaries = palimpsest_first_colors.primaries;
    }
    if (header->transfer_characteristics == heif_transfer_characteristic_unspecified) {
        header->transfer_characteristics = palimpsest_first_colors.transfer;
    }
}

palimpsest_heif_status palimpsest_heif_decode(palimpsest_heif *reader, uint8_t *rows, size_t count,
                                              palimpsest_heif_header *header) {
    static const enum heif_chroma layouts[2][2] = {
        {heif_chroma_interleaved_RGB, heif_chroma_interleaved_RGBA},
        {heif_chroma_interleaved_RRGGBB_BE, heif_chroma_interleaved_RRGGBBAA_BE},
    };
    struct heif_decoding_options *options = heif_decoding_options_alloc();
    if (options == NULL) return fail(reader, PALIMPSEST_HEIF_TOO_LARGE, "no memory to decode");
    options->strict_decoding = 1;
    limit_canvas(reader);
    palimpsest_max_pixels = reader->max_pixels;
    palimpsest_expected = (struct palimpsest_expected){reader->streams, reader->stream_count, 0};
    palimpsest_first_colors.primaries = 0;
    struct heif_image *image = NULL;
    const struct heif_error error =
        heif_decode_image(reader->handle, &image, heif_colorspace_RGB,
                          layouts[reader->header.bit_depth > 8][reader->header.has_alpha], options);
    palimpsest_max_pixels = UINT64_MAX;
    palimpsest_expected = (struct palimpsest_expected){NULL, 0, 0};
    heif_decoding_options_free(options);
    palimpsest_heif_status status = note(reader, error);
    if (status == PALIMPSEST_HEIF_OK) status = copy_rows(reader, image, rows, count);
    complete_colors(&reader->header);
    *header = reader->header;
    heif_image_release(image);
    return status;
}

const char *palimpsest_heif_message(const palimpsest_heif *reader) { return reader->message; }

void palimpsest_heif_close(palimpsest_heif *reader) {
    heif_image_handle_release(reader->handle);
    heif_context_free(reader->context);
    free(reader);
}
