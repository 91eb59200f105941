#include "Decoders.h"

#include <dav1d/dav1d.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct decoder {
    Dav1dContext *context;
    Dav1dData data;
};

static const char *name(void) { return "dav1d on the calling thread"; }

static int supports(enum heif_compression_format format) {
    return format == heif_compression_AV1 ? palimpsest_decoder_priority : 0;
}

static struct heif_error make(void **result) {
    struct decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL) return palimpsest_no_memory("no memory for the decoder");
    Dav1dSettings settings;
    dav1d_default_settings(&settings);
    settings.n_threads = 1;
    settings.max_frame_delay = 1;
    settings.all_layers = 0;
    settings.frame_size_limit = palimpsest_max_pixels < UINT_MAX ? (unsigned)palimpsest_max_pixels
                                                                 : UINT_MAX;
    settings.strict_std_compliance = 1;
    // The default logger writes to stderr.
    settings.logger.callback = NULL;
    if (dav1d_open(&decoder->context, &settings) != 0) {
        free(decoder);
        return palimpsest_no_memory("no memory for the decoder");
    }
    *result = decoder;
    return palimpsest_success();
}

static void free_decoder(void *opaque) {
    struct decoder *decoder = opaque;
    dav1d_data_unref(&decoder->data);
    dav1d_close(&decoder->context);
    free(decoder);
}

static void set_strict(void *decoder, int flag) {
    // Decoding is always strict.
    (void)decoder;
    (void)flag;
}

// libheif pushes the configuration and then the picture, or both at once.
static struct heif_error push(void *opaque, const void *bytes, size_t size) {
    struct decoder *decoder = opaque;
    if (size == 0) return palimpsest_success();
    const size_t held = decoder->data.sz;
    Dav1dData data = {0};
    if (size > SIZE_MAX / 2 - held || dav1d_data_create(&data, held + size) == NULL) {
        return palimpsest_no_memory("no memory for the stream");
    }
    uint8_t *to = (uint8_t *)data.data;
    if (held > 0) memcpy(to, decoder->data.data, held);
    memcpy(to + held, bytes, size);
    dav1d_data_unref(&decoder->data);
    decoder->data = data;
    return palimpsest_success();
}

static struct heif_error convert(const Dav1dPicture *picture, struct heif_image **image) {
    const enum Dav1dPixelLayout layout = picture->p.layout;
    const bool halves_width = layout == DAV1D_PIXEL_LAYOUT_I420
                              || layout == DAV1D_PIXEL_LAYOUT_I422;
    const bool halves_height = layout == DAV1D_PIXEL_LAYOUT_I420;
    struct palimpsest_plane planes[3] = {0};
    for (int plane = 0; plane < (layout == DAV1D_PIXEL_LAYOUT_I400 ? 1 : 3); plane++) {
        planes[plane].rows = picture->data[plane];
        planes[plane].stride = picture->stride[plane > 0];
        planes[plane].width = plane > 0 && halves_width ? (picture->p.w + 1) / 2 : picture->p.w;
        planes[plane].height = plane > 0 && halves_height ? (picture->p.h + 1) / 2 : picture->p.h;
        planes[plane].bits = picture->p.bpc;
    }
    const struct palimpsest_colors colors = {
        .primaries = (int)picture->seq_hdr->pri,
        .transfer = (int)picture->seq_hdr->trc,
        .matrix = (int)picture->seq_hdr->mtrx,
        .is_full_range = picture->seq_hdr->color_range,
    };
    switch (layout) {
    case DAV1D_PIXEL_LAYOUT_I400:
        return palimpsest_make_image(planes, heif_chroma_monochrome, colors, image);
    case DAV1D_PIXEL_LAYOUT_I420:
        return palimpsest_make_image(planes, heif_chroma_420, colors, image);
    case DAV1D_PIXEL_LAYOUT_I422:
        return palimpsest_make_image(planes, heif_chroma_422, colors, image);
    case DAV1D_PIXEL_LAYOUT_I444:
        return palimpsest_make_image(planes, heif_chroma_444, colors, image);
    }
    return palimpsest_damaged("the planes have no known layout");
}

static struct heif_error decode(void *opaque, struct heif_image **image) {
    struct decoder *decoder = opaque;
    *image = NULL;
    Dav1dPicture picture = {0};
    int result;
    do {
        if (decoder->data.sz > 0) {
            result = dav1d_send_data(decoder->context, &decoder->data);
            if (result != 0 && result != DAV1D_ERR(EAGAIN))
                return palimpsest_damaged("the stream is damaged");
        }
        result = dav1d_get_picture(decoder->context, &picture);
    } while (result == DAV1D_ERR(EAGAIN) && decoder->data.sz > 0);
    // Without data, the decoder returns what it still holds.
    if (result == DAV1D_ERR(EAGAIN)) result = dav1d_get_picture(decoder->context, &picture);
    if (result == DAV1D_ERR(EAGAIN)) return palimpsest_cut("there is no picture");
    if (result == DAV1D_ERR(ENOMEM))
        return palimpsest_no_memory("the picture needs too much memory");
    if (result != 0) return palimpsest_damaged("the stream is damaged");
    const struct heif_error error = convert(&picture, image);
    dav1d_picture_unref(&picture);
    return error;
}

const struct heif_decoder_plugin palimpsest_av1_decoder = {
    .plugin_api_version = 3,
    .get_plugin_name = name,
    .does_support_format = supports,
    .new_decoder = make,
    .free_decoder = free_decoder,
    .push_data = push,
    .decode_image = decode,
    .set_strict_decoding = set_strict,
    .id_name = "palimpsest-av1",
};
