/* SPDX-License-Identifier: Apache-2.0 */
/* A block's coefficients to its means over 2x2, 4x4 or 8x8 pixels: libjpeg's jidctred.c in its order and rounding, with
 * the 16-bit products and work space of its vector code. Sums are unsigned, so that they wrap and never overflow. */
#include "jpeg_constants.h"
#include "jpeg_parts.h"

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS uint32_t times(int16_t value, int32_t constant) {
    return (uint32_t)(value * constant);
}

ALWAYS int32_t rounded(uint32_t sum, int bits) {
    return (int32_t)(sum + ((uint32_t)1 << (bits - 1))) >> bits;
}

ALWAYS int16_t narrow(int32_t value) {
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

ALWAYS uint8_t pixel(int32_t value) {
    const int32_t level = value + 128;
    return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

/* Four values of one column or row from its numbers 0-3 and 5-7. */
ALWAYS void four(const int16_t *v, uint32_t out[4]) {
    const uint32_t base = (uint32_t)v[0] << (FRACTION + 1);
    const uint32_t even = times(v[2], F_1_847) + times(v[6], -F_0_765);
    const uint32_t inner = times(v[7], -F_0_211) + times(v[5], F_1_451) + times(v[3], -F_2_172) + times(v[1], F_1_061);
    const uint32_t outer = times(v[7], -F_0_509) + times(v[5], -F_0_601) + times(v[3], F_0_899) + times(v[1], F_2_562);
    out[0] = base + even + outer;
    out[1] = base - even + inner;
    out[2] = base - even - inner;
    out[3] = base + even - outer;
}

ALWAYS void two(const int16_t *v, uint32_t out[2]) {
    const uint32_t base = (uint32_t)v[0] << (FRACTION + 2);
    const uint32_t odd = times(v[7], -F_0_720) + times(v[5], F_0_850) + times(v[3], -F_1_272) + times(v[1], F_3_624);
    out[0] = base + odd;
    out[1] = base - odd;
}

/* A column of the block, times its quantisers. */
ALWAYS void dequantised(const int16_t *coefs, const int16_t *quant, int16_t column[JPEG_BLOCK]) {
    for (size_t y = 0; y < JPEG_BLOCK; y++) {
        column[y] = (int16_t)(coefs[y * JPEG_BLOCK] * quant[y * JPEG_BLOCK]);
    }
}

ALWAYS void transform_4x4(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride) {
    int16_t work[4 * JPEG_BLOCK];
    for (size_t x = 0; x < JPEG_BLOCK; x++) {
        int16_t v[JPEG_BLOCK];
        uint32_t column[4];
        dequantised(coefs + x, quant + x, v);
        four(v, column);
        for (size_t y = 0; y < 4; y++) {
            work[y * JPEG_BLOCK + x] = narrow(rounded(column[y], FRACTION - EXTRA + 1));
        }
    }
    for (size_t y = 0; y < 4; y++) {
        uint32_t row[4];
        four(work + y * JPEG_BLOCK, row);
        for (size_t x = 0; x < 4; x++) {
            out[y * stride + x] = pixel(rounded(row[x], FRACTION + EXTRA + 4));
        }
    }
}

ALWAYS void transform_2x2(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride) {
    int16_t work[2 * JPEG_BLOCK];
    for (size_t x = 0; x < JPEG_BLOCK; x++) {
        int16_t v[JPEG_BLOCK];
        uint32_t column[2];
        dequantised(coefs + x, quant + x, v);
        two(v, column);
        work[x] = narrow(rounded(column[0], FRACTION - EXTRA + 2));
        work[JPEG_BLOCK + x] = narrow(rounded(column[1], FRACTION - EXTRA + 2));
    }
    for (size_t y = 0; y < 2; y++) {
        uint32_t row[2];
        two(work + y * JPEG_BLOCK, row);
        out[y * stride] = pixel(rounded(row[0], FRACTION + EXTRA + 5));
        out[y * stride + 1] = pixel(rounded(row[1], FRACTION + EXTRA + 5));
    }
}

void noli_jpeg_4x4(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride) {
    transform_4x4(coefs, quant, out, stride);
}

void noli_jpeg_2x2(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride) {
    transform_2x2(coefs, quant, out, stride);
}

void noli_jpeg_1x1(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride) {
    (void)stride;
    out[0] = pixel((coefs[0] * quant[0] + 4) >> 3);
}
