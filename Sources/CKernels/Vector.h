// Vectors of LANES floats, and the exponential of the coupling. See Kernel.h.

typedef float KERNEL(vector) __attribute__((vector_size(LANES * 4), aligned(4)));
typedef int KERNEL(bits) __attribute__((vector_size(LANES * 4), aligned(4)));

#define VECTOR KERNEL(vector)
#define BITS KERNEL(bits)

INLINE VECTOR KERNEL(load)(const float *from) { return *(const VECTOR *)from; }

INLINE void KERNEL(store)(float *to, VECTOR value) { *(VECTOR *)to = value; }

INLINE BITS KERNEL(load_mask)(const int *from) { return *(const BITS *)from; }

INLINE VECTOR KERNEL(masked)(VECTOR value, BITS mask) { return (VECTOR)((BITS)value & mask); }

INLINE VECTOR KERNEL(all)(float value) { return value - (VECTOR){}; }

// Computes e^x to within 2 ulp for |x| <= 87, clamped beyond; after Cephes' expf. Adding 1.5 * 2^23
// forms the exponent, so no float is converted to an integer, whatever its value.
INLINE VECTOR KERNEL(exponential)(VECTOR x) {
    x = __builtin_elementwise_min(__builtin_elementwise_max(x, KERNEL(all)(-87.0f)),
                                  KERNEL(all)(87.0f));
    const VECTOR shifted = x * 1.44269504f + 12582912.0f;
    const VECTOR n = shifted - 12582912.0f;
    const VECTOR r = x - n * 0.693359375f + n * 2.12194440e-4f;
    VECTOR p = 1.9875691500e-4f * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const BITS power = ((BITS)shifted << 23) + (127 << 23);
    return p * (VECTOR)power;
}

// exp(clamp * tanh(s / 2)), with tanh(s / 2) = 1 - 2 / (e^s + 1).
INLINE VECTOR KERNEL(squashed)(VECTOR s, float clamp) {
    return KERNEL(exponential)(clamp * (1.0f - 2.0f / (KERNEL(exponential)(s) + 1.0f)));
}

INLINE VECTOR KERNEL(coupled)(VECTOR target, VECTOR s, plm_coupling coupling, float clamp) {
    switch (coupling) {
        case PLM_ADD: return target + s;
        case PLM_SUBTRACT: return target - s;
        case PLM_SCALE: return target * KERNEL(squashed)(s, clamp);
        case PLM_UNSCALE: return target * KERNEL(squashed)(s, -clamp);
    }
    return target;
}
