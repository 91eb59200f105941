// The colour difference of a change of one level, compiled once per instruction set (EachSet.h).
// ColorDifference.c forbids fused multiply-adds, so that all sets give the same bits.

typedef float KERNEL(color) __attribute__((vector_size(LANES * 4), aligned(4)));
typedef uint32_t KERNEL(color_bits) __attribute__((vector_size(LANES * 4), aligned(4)));

#define VECTOR KERNEL(color)

typedef struct {
    VECTOR red, green, blue;
} KERNEL(rgb);

// CIELAB's function of X, Y or Z and its derivative.
typedef struct {
    VECTOR root, slope;
} KERNEL(tristimulus);

// A colour of CIELAB and the weights of changes about it.
typedef struct {
    VECTOR a, b, chroma, lightness_weight;
} KERNEL(lab);

INLINE VECTOR KERNEL(weigh)(plm_rgb_weights weights, KERNEL(rgb) color) {
    return weights.red * color.red + weights.green * color.green + weights.blue * color.blue;
}

// The cube root of a positive normal number, by Newton's method.
INLINE VECTOR KERNEL(cube_root)(VECTOR value) {
    VECTOR root = (VECTOR)((KERNEL(color_bits))value / 3 + 0x2A514067);
    for (size_t i = 0; i < 3; i++) root = (2.0f * root + value / (root * root)) / 3.0f;
    return root;
}

INLINE KERNEL(tristimulus) KERNEL(stimulate)(plm_rgb_weights weights, KERNEL(rgb) linear) {
    const float steep = (6.0f / 29) * (6.0f / 29);
    const VECTOR value = KERNEL(weigh)(weights, linear);
    const VECTOR curved = KERNEL(cube_root)(value), straight = value / (3 * steep) + 4.0f / 29;
    const KERNEL(color_bits) is_curved = (KERNEL(color_bits))(value > steep * 6 / 29);
    const VECTOR root = (VECTOR)(((KERNEL(color_bits))curved & is_curved) |
                                 ((KERNEL(color_bits))straight & ~is_curved));
    const VECTOR square = __builtin_elementwise_max(root * root, steep - (VECTOR){});
    return (KERNEL(tristimulus)){root, 1.0f / (3.0f * square)};
}

// The difference that a change of linear red, green and blue makes, by 1/255 of it.
INLINE VECTOR KERNEL(difference)(const KERNEL(lab) * color, const KERNEL(tristimulus) xyz[3],
                                 KERNEL(rgb) change) {
    const VECTOR x = xyz[0].slope * KERNEL(weigh)(plm_to_x, change);
    const VECTOR y = xyz[1].slope * KERNEL(weigh)(plm_to_y, change);
    const VECTOR z = xyz[2].slope * KERNEL(weigh)(plm_to_z, change);
    const VECTOR lightness = 116.0f * y, a = 500.0f * (x - y), b = 200.0f * (y - z);
    const VECTOR of_lightness = lightness / color->lightness_weight;
    const VECTOR of_chroma = (color->a * a + color->b * b) / color->chroma;
    const VECTOR of_hue =
        __builtin_elementwise_max(a * a + b * b - of_chroma * of_chroma, (VECTOR){});
    const VECTOR chroma = of_chroma / (1.0f + 0.045f * color->chroma);
    const VECTOR hue_weight = 1.0f + 0.015f * color->chroma;
    return __builtin_elementwise_sqrt(of_lightness * of_lightness + chroma * chroma +
                                      of_hue / hue_weight / hue_weight) /
           255.0f;
}

static void KERNEL(color_differences)(const plm_curve_point *curve, const float *red,
                                      const float *green, const float *blue, size_t count,
                                      float *luminance, float *red_green, float *of_blue) {
    const float *const from[3] = {red, green, blue};
    for (size_t at = 0; at < count; at += LANES) {
        const size_t live = count - at < LANES ? count - at : LANES;
        VECTOR linear[3] = {{}, {}, {}}, slope[3] = {{}, {}, {}};
        for (size_t channel = 0; channel < 3; channel++) {
            for (size_t lane = 0; lane < live; lane++) {
                const plm_curve_point point = plm_on_curve(curve, from[channel][at + lane]);
                linear[channel][lane] = point.linear;
                slope[channel][lane] = point.slope;
            }
        }
        const KERNEL(rgb) color = {linear[0], linear[1], linear[2]};
        const KERNEL(tristimulus) xyz[3] = {KERNEL(stimulate)(plm_to_x, color),
                                            KERNEL(stimulate)(plm_to_y, color),
                                            KERNEL(stimulate)(plm_to_z, color)};
        const VECTOR apart = 116.0f * xyz[1].root - 16.0f - 50.0f, square = apart * apart;
        const VECTOR a = 500.0f * (xyz[0].root - xyz[1].root),
                     b = 200.0f * (xyz[1].root - xyz[2].root);
        const VECTOR chroma = __builtin_elementwise_sqrt(a * a + b * b);
        const KERNEL(lab) lab = {
            a, b, __builtin_elementwise_max(chroma, 1e-3f - (VECTOR){}),
            1.0f + 0.015f * square / __builtin_elementwise_sqrt(20.0f + square)};
        const KERNEL(rgb) alike = {slope[0], slope[1], slope[2]}, apart_rg = {slope[0], -slope[1], {}},
                          alone = {{}, {}, slope[2]};
        const VECTOR results[3] = {KERNEL(difference)(&lab, xyz, alike),
                                   KERNEL(difference)(&lab, xyz, apart_rg),
                                   KERNEL(difference)(&lab, xyz, alone)};
        float *const to[3] = {luminance, red_green, of_blue};
        for (size_t part = 0; part < 3; part++) {
            if (live == LANES) {
                *(VECTOR *)(to[part] + at) = results[part];
            } else {
                for (size_t lane = 0; lane < live; lane++) to[part][at + lane] = results[part][lane];
            }
        }
    }
}

#undef VECTOR
