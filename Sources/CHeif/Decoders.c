#include "Decoders.h"

#include <string.h>

_Thread_local uint64_t palimpsest_max_pixels = UINT64_MAX;
_Thread_local struct palimpsest_colors palimpsest_first_colors = {0};
_Thread_local struct palimpsest_expected palimpsest_expected = {0};

// libheif reads planes by the sizes stated in the file, and alpha by the colours' sample depth.
static struct heif_error check(const struct palimpsest_plane *planes, int count) {
    if (palimpsest_expected.count == 0)
        return palimpsest_damaged("there are more streams than it says");
    const palimpsest_heif_stream *stream = palimpsest_expected.streams++;
    palimpsest_expected.count--;
    const uint32_t width = planes[0].width > 0 ? (uint32_t)planes[0].width : 0;
    const uint32_t height = planes[0].height > 0 ? (uint32_t)planes[0].height : 0;
    if (width < stream->width || height < stream->height
        || (stream->is_exact && (width != stream->width || height != stream->height))) {
        return palimpsest_damaged("a stream is not as large as it says");
    }
    if (palimpsest_expected.bits == 0) palimpsest_expected.bits = planes[0].bits;
    for (int plane = 0; plane < count; plane++) {
        if (planes[plane].bits != palimpsest_expected.bits) {
            return palimpsest_unsupported("its samples are of different lengths");
        }
    }
    return palimpsest_success();
}

static struct heif_error copy_plane(
    const struct palimpsest_plane *plane, enum heif_channel channel, struct heif_image *image
) {
    if (plane->rows == NULL || plane->width < 1 || plane->height < 1 || plane->bits < 8
        || plane->bits > 16) {
        return palimpsest_damaged("a plane has an impossible size");
    }
    const struct heif_error error =
        heif_image_add_plane(image, channel, plane->width, plane->height, plane->bits);
    if (error.code != heif_error_Ok) return error;
    int stride = 0;
    uint8_t *rows = heif_image_get_plane(image, channel, &stride);
    if (rows == NULL) return palimpsest_no_memory("no memory for a plane");
    const size_t count = (size_t)plane->width * (plane->bits > 8 ? 2 : 1);
    for (int row = 0; row < plane->height; row++) {
        memcpy(rows + (size_t)row * (size_t)stride, plane->rows + row * plane->stride, count);
    }
    return error;
}

static void set_colors(struct palimpsest_colors colors, struct heif_image *image) {
    struct heif_color_profile_nclx *profile = heif_nclx_color_profile_alloc();
    if (profile == NULL) return;
    profile->full_range_flag = colors.is_full_range != 0;
    // Invalid values leave the profile's defaults.
    (void)heif_nclx_color_profile_set_matrix_coefficients(profile, (uint16_t)colors.matrix);
    (void)heif_nclx_color_profile_set_color_primaries(profile, (uint16_t)colors.primaries);
    (void)heif_nclx_color_profile_set_transfer_characteristics(profile, (uint16_t)colors.transfer);
    (void)heif_image_set_nclx_color_profile(image, profile);
    heif_nclx_color_profile_free(profile);
}

struct heif_error palimpsest_make_image(const struct palimpsest_plane planes[3],
                                        enum heif_chroma chroma, struct palimpsest_colors colors,
                                        struct heif_image **image) {
    static const enum heif_channel channels[] = {heif_channel_Y, heif_channel_Cb, heif_channel_Cr};
    const int count = chroma == heif_chroma_monochrome ? 1 : 3;
    struct heif_error error = check(planes, count);
    if (error.code != heif_error_Ok) return error;
    error = heif_image_create(planes[0].width, planes[0].height,
                              count == 1 ? heif_colorspace_monochrome : heif_colorspace_YCbCr,
                              chroma, image);
    if (error.code != heif_error_Ok) return error;
    for (int plane = 0; error.code == heif_error_Ok && plane < count; plane++) {
        error = copy_plane(&planes[plane], channels[plane], *image);
    }
    if (error.code != heif_error_Ok) {
        heif_image_release(*image);
        *image = NULL;
        return error;
    }
    set_colors(colors, *image);
    if (palimpsest_first_colors.primaries == 0) palimpsest_first_colors = colors;
    return error;
}
