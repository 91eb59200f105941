// Sums and products are rounded one by one, on every machine.
#pragma clang fp contract(off)

#include "CKernels.h"

// The weights of linear red, green and blue in X, Y and Z, relative to the white point D65.
typedef struct {
    float red, green, blue;
} plm_rgb_weights;

static const plm_rgb_weights plm_to_x = {0.4124f / 0.9505f, 0.3576f / 0.9505f, 0.1805f / 0.9505f};
static const plm_rgb_weights plm_to_y = {0.2126f, 0.7152f, 0.0722f};
static const plm_rgb_weights plm_to_z = {0.0193f / 1.089f, 0.1192f / 1.089f, 0.9505f / 1.089f};

// The linear value and the slope at a display value, interpolated.
static inline plm_curve_point plm_on_curve(const plm_curve_point *curve, float value) {
    const float clamped = value > 0 ? (value < 1 ? value : 1) : 0;
    const float place = clamped * PLM_CURVE_STEPS;
    size_t step = (size_t)place;
    if (step > PLM_CURVE_STEPS - 1) step = PLM_CURVE_STEPS - 1;
    const float share = place - (float)step;
    const plm_curve_point low = curve[step], high = curve[step + 1];
    return (plm_curve_point){low.linear + share * (high.linear - low.linear),
                             low.slope + share * (high.slope - low.slope)};
}

#define TEMPLATE "ColorDifference.h"
#include "EachSet.h"

void plm_color_differences(plm_instruction_set set, const plm_curve_point *curve, const float *red,
                           const float *green, const float *blue, size_t count, float *luminance,
                           float *red_green, float *of_blue) {
    DISPATCH(set, color_differences, curve, red, green, blue, count, luminance, red_green, of_blue);
}
