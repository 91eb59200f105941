#include "Decoders.h"

#include <libde265/de265.h>
#include <stdbool.h>

// MARK: - Memory

static int take_buffer(de265_decoder_context *context, struct de265_image_spec *spec,
                       struct de265_image *image, void *data) {
    (void)data;
    // Both sides are rounded up to whole blocks of at most 64 pixels.
    const uint64_t width = spec->width > 64 ? (uint64_t)spec->width - 63 : 1;
    const uint64_t height = spec->height > 64 ? (uint64_t)spec->height - 63 : 1;
    if (width * height > palimpsest_max_pixels) return 0;
    return de265_get_default_image_allocation_functions()->get_buffer(context, spec, image, NULL);
}

static void give_buffer(de265_decoder_context *context, struct de265_image *image, void *data) {
    (void)data;
    de265_get_default_image_allocation_functions()->release_buffer(context, image, NULL);
}

// MARK: - Plugin functions

static const char *name(void) { return "libde265 on the calling thread"; }

static int supports(enum heif_compression_format format) {
    return format == heif_compression_HEVC ? palimpsest_decoder_priority : 0;
}

static struct heif_error make(void **decoder) {
    de265_decoder_context *context = de265_new_decoder();
    if (context == NULL) return palimpsest_no_memory("no memory for the decoder");
    struct de265_image_allocation allocation = {take_buffer, give_buffer};
    de265_set_image_allocation_functions(context, &allocation, NULL);
    *decoder = context;
    return palimpsest_success();
}

static void free_decoder(void *decoder) { (void)de265_free_decoder(decoder); }

static void set_strict(void *decoder, int flag) {
    // Decoding is always strict.
    (void)decoder;
    (void)flag;
}

// Pushes NAL units, each preceded by its length in four bytes.
static struct heif_error push(void *decoder, const void *data, size_t size) {
    const uint8_t *bytes = data;
    while (size > 0) {
        if (size < 4) return palimpsest_cut("a unit is cut");
        const size_t count = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8
                             | bytes[3];
        bytes += 4;
        size -= 4;
        if (count > size) return palimpsest_cut("a unit is cut");
        if (!de265_isOK(de265_push_NAL(decoder, bytes, (int)count, 0, NULL))) {
            return palimpsest_damaged("a unit cannot be read");
        }
        bytes += count;
        size -= count;
    }
    return palimpsest_success();
}

static struct heif_error convert(const struct de265_image *picture, struct heif_image **image) {
    const enum de265_chroma chroma = de265_get_chroma_format(picture);
    struct palimpsest_plane planes[3] = {0};
    for (int channel = 0; channel < (chroma == de265_chroma_mono ? 1 : 3); channel++) {
        int stride = 0;
        planes[channel].rows = de265_get_image_plane(picture, channel, &stride);
        planes[channel].stride = stride;
        planes[channel].width = de265_get_image_width(picture, channel);
        planes[channel].height = de265_get_image_height(picture, channel);
        planes[channel].bits = de265_get_bits_per_pixel(picture, channel);
    }
    const struct palimpsest_colors colors = {
        .primaries = de265_get_image_colour_primaries(picture),
        .transfer = de265_get_image_transfer_characteristics(picture),
        .matrix = de265_get_image_matrix_coefficients(picture),
        .is_full_range = de265_get_image_full_range_flag(picture),
    };
    // Both libraries number the formats as HEVC does.
    return palimpsest_make_image(planes, (enum heif_chroma)chroma, colors, image);
}

static struct heif_error decode(void *decoder, struct heif_image **image) {
    *image = NULL;
    if (!de265_isOK(de265_flush_data(decoder)))
        return palimpsest_damaged("the stream cannot be read");
    int more = 1;
    const struct de265_image *picture = NULL;
    while (more && picture == NULL) {
        more = 0;
        const de265_error error = de265_decode(decoder, &more);
        if (error == DE265_ERROR_OUT_OF_MEMORY || error == DE265_ERROR_IMAGE_BUFFER_FULL) {
            return palimpsest_no_memory("the picture needs too much memory");
        }
        if (error != DE265_OK) return palimpsest_damaged("the stream is damaged");
        picture = de265_get_next_picture(decoder);
    }
    // The library continues after damage and makes up pixels, which it reports only as warnings.
    if (de265_get_warning(decoder) != DE265_OK) return palimpsest_damaged("the stream is damaged");
    if (picture == NULL) return palimpsest_cut("there is no picture");
    return convert(picture, image);
}

const struct heif_decoder_plugin palimpsest_hevc_decoder = {
    .plugin_api_version = 3,
    .get_plugin_name = name,
    .does_support_format = supports,
    .new_decoder = make,
    .free_decoder = free_decoder,
    .push_data = push,
    .decode_image = decode,
    .set_strict_decoding = set_strict,
    .id_name = "palimpsest-hevc",
};
