/* SPDX-License-Identifier: Apache-2.0 */
/* The transforms of jpeg_transform.c with the vectors that every x86-64 processor has; the same to the last bit. */
#include "jpeg_constants.h"
#include "jpeg_parts.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#include <string.h>

enum { PIXEL_ZERO = -128 };

static inline __m128i row_of(const int16_t *coefs, const int16_t *quant, size_t y) {
    return _mm_mullo_epi16(_mm_loadu_si128((const __m128i *)(coefs + y * JPEG_BLOCK)),
                           _mm_loadu_si128((const __m128i *)(quant + y * JPEG_BLOCK)));
}

/* Two constants, for the even and the odd numbers of a vector of interleaved ones. */
static inline __m128i pair(int even, int odd) {
    return _mm_set1_epi32((int)((uint32_t)odd << 16 | (uint16_t)even));
}

static inline __m128i rounded(__m128i sums, int bits) {
    return _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(1 << (bits - 1))), bits);
}

/* Four sums of four columns (or, transposed, rows) from pairs of their numbers: 0 alone, 1 and 3, 5 and 7, 2 and 6. */
static inline void four(__m128i n0, __m128i n13, __m128i n57, __m128i n26, __m128i out[4]) {
    const __m128i base = _mm_srai_epi32(_mm_unpacklo_epi16(_mm_setzero_si128(), n0), 16 - FRACTION - 1);
    const __m128i even = _mm_madd_epi16(n26, pair(F_1_847, -F_0_765));
    const __m128i inner =
        _mm_add_epi32(_mm_madd_epi16(n13, pair(F_1_061, -F_2_172)), _mm_madd_epi16(n57, pair(F_1_451, -F_0_211)));
    const __m128i outer =
        _mm_add_epi32(_mm_madd_epi16(n13, pair(F_2_562, F_0_899)), _mm_madd_epi16(n57, pair(-F_0_601, -F_0_509)));
    const __m128i more = _mm_add_epi32(base, even), less = _mm_sub_epi32(base, even);
    out[0] = _mm_add_epi32(more, outer);
    out[1] = _mm_add_epi32(less, inner);
    out[2] = _mm_sub_epi32(less, inner);
    out[3] = _mm_sub_epi32(more, outer);
}

void noli_jpeg_4x4_fast(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride) {
    __m128i v[JPEG_BLOCK], left[4], right[4], work[4], columns[4];
    for (size_t y = 0; y < JPEG_BLOCK; y++) {
        v[y] = row_of(coefs, quant, y);
    }
    four(v[0], _mm_unpacklo_epi16(v[1], v[3]), _mm_unpacklo_epi16(v[5], v[7]), _mm_unpacklo_epi16(v[2], v[6]), left);
    four(_mm_srli_si128(v[0], 8), _mm_unpackhi_epi16(v[1], v[3]), _mm_unpackhi_epi16(v[5], v[7]),
         _mm_unpackhi_epi16(v[2], v[6]), right);
    for (size_t y = 0; y < 4; y++) {
        work[y] = _mm_packs_epi32(rounded(left[y], FRACTION - EXTRA + 1), rounded(right[y], FRACTION - EXTRA + 1));
    }
    const __m128i upper_low = _mm_unpacklo_epi16(work[0], work[1]), upper_high = _mm_unpackhi_epi16(work[0], work[1]);
    const __m128i lower_low = _mm_unpacklo_epi16(work[2], work[3]), lower_high = _mm_unpackhi_epi16(work[2], work[3]);
    const __m128i c01 = _mm_unpacklo_epi32(upper_low, lower_low), c23 = _mm_unpackhi_epi32(upper_low, lower_low);
    const __m128i c45 = _mm_unpacklo_epi32(upper_high, lower_high), c67 = _mm_unpackhi_epi32(upper_high, lower_high);
    four(c01, _mm_unpackhi_epi16(c01, c23), _mm_unpackhi_epi16(c45, c67), _mm_unpacklo_epi16(c23, c67), columns);
    for (size_t x = 0; x < 4; x++) {
        columns[x] = rounded(columns[x], FRACTION + EXTRA + 4);
    }
    __m128i bytes = _mm_packs_epi16(_mm_packs_epi32(columns[0], columns[1]), _mm_packs_epi32(columns[2], columns[3]));
    bytes = _mm_unpacklo_epi8(bytes, _mm_srli_si128(bytes, 8));
    bytes = _mm_unpacklo_epi8(bytes, _mm_srli_si128(bytes, 8));
    bytes = _mm_xor_si128(bytes, _mm_set1_epi8(PIXEL_ZERO));
    for (size_t y = 0; y < 4; y++) {
        const int row = _mm_cvtsi128_si32(bytes);
        memcpy(out + y * stride, &row, 4);
        bytes = _mm_srli_si128(bytes, 4);
    }
}

static inline __m128i two(__m128i n13, __m128i n57) {
    return _mm_add_epi32(_mm_madd_epi16(n13, pair(F_3_624, -F_1_272)), _mm_madd_epi16(n57, pair(F_0_850, -F_0_720)));
}

void noli_jpeg_2x2_fast(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride) {
    const __m128i zero = _mm_setzero_si128();
    const __m128i v0 = row_of(coefs, quant, 0), v1 = row_of(coefs, quant, 1), v3 = row_of(coefs, quant, 3);
    const __m128i v5 = row_of(coefs, quant, 5), v7 = row_of(coefs, quant, 7);
    const __m128i base_left = _mm_srai_epi32(_mm_unpacklo_epi16(zero, v0), 1);
    const __m128i base_right = _mm_srai_epi32(_mm_unpackhi_epi16(zero, v0), 1);
    const __m128i odd_left = two(_mm_unpacklo_epi16(v1, v3), _mm_unpacklo_epi16(v5, v7));
    const __m128i odd_right = two(_mm_unpackhi_epi16(v1, v3), _mm_unpackhi_epi16(v5, v7));
    const __m128i upper = _mm_packs_epi32(rounded(_mm_add_epi32(base_left, odd_left), FRACTION - EXTRA + 2),
                                          rounded(_mm_add_epi32(base_right, odd_right), FRACTION - EXTRA + 2));
    const __m128i lower = _mm_packs_epi32(rounded(_mm_sub_epi32(base_left, odd_left), FRACTION - EXTRA + 2),
                                          rounded(_mm_sub_epi32(base_right, odd_right), FRACTION - EXTRA + 2));
    /* Along the rows: four products each, summed into the first two lanes. */
    const __m128i weights = _mm_setr_epi16(0, F_3_624, 0, -F_1_272, 0, F_0_850, 0, -F_0_720);
    const __m128i up = _mm_madd_epi16(upper, weights), down = _mm_madd_epi16(lower, weights);
    const __m128i half = _mm_add_epi32(_mm_unpacklo_epi32(up, down), _mm_unpackhi_epi32(up, down));
    const __m128i odd = _mm_add_epi32(half, _mm_srli_si128(half, 8));
    const __m128i base = _mm_srai_epi32(_mm_unpacklo_epi16(zero, _mm_unpacklo_epi16(upper, lower)), 1);
    const __m128i sums = _mm_unpacklo_epi32(_mm_add_epi32(base, odd), _mm_sub_epi32(base, odd));
    const __m128i words = _mm_packs_epi32(rounded(sums, FRACTION + EXTRA + 5), zero);
    const __m128i bytes = _mm_xor_si128(_mm_packs_epi16(words, zero), _mm_set1_epi8(PIXEL_ZERO));
    const int both = _mm_cvtsi128_si32(bytes), second = both >> 16;
    memcpy(out, &both, 2);
    memcpy(out + stride, &second, 2);
}
#endif
