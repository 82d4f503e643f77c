/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops with AVX-512 and its instructions that count bits (Ice Lake, Zen 4 and later). */
#include "scan.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vpopcntdq,avx512bitalg,popcnt")))

AVX512 static void blocks_avx512(const uint16_t *next, const struct noli_block *blocks, size_t count, uint32_t *masks) {
    for (size_t n = 0; n < count; n++) {
        const __m512i query = _mm512_set1_epi16((short)blocks[n].next);
        const __m512i bound = _mm512_set1_epi16((short)blocks[n].bound);
        const __m512i x = _mm512_xor_si512(_mm512_loadu_si512(next + blocks[n].start), query);
        masks[n] = _mm512_mask_cmple_epu16_mask(blocks[n].inside, _mm512_popcnt_epi16(x), bound);
    }
}

AVX512 static size_t near_avx512(const uint16_t *near, size_t length, uint16_t next, unsigned bound, uint16_t *out) {
    const __m512i query = _mm512_set1_epi16((short)next);
    const __m512i most = _mm512_set1_epi16((short)bound);
    size_t found = 0;
    for (size_t i = 0; i < length; i += NOLI_BLOCK) {
        const __mmask32 inside = length - i < NOLI_BLOCK ? (1u << (length - i)) - 1 : UINT32_MAX;
        const __m512i x = _mm512_xor_si512(_mm512_loadu_si512(near + i), query);
        for (uint32_t mask = _mm512_mask_cmple_epu16_mask(inside, _mm512_popcnt_epi16(x), most); mask != 0;
             mask &= mask - 1) {
            out[found++] = (uint16_t)(i + (size_t)__builtin_ctz(mask));
        }
    }
    return found;
}

AVX512 static size_t pairs_avx512(const uint64_t *hashes, const uint32_t *rows, const uint64_t *queries,
                                  const uint32_t *numbers, size_t count, int limit, uint16_t *out) {
    return noli_pairs_by_words(hashes, rows, queries, numbers, count, limit, out);
}

/* Set bits of the differences, word by word: two hashes a register. */
AVX512 static inline __m512i word_counts(const uint64_t *hashes, __m512i query) {
    return _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(hashes), query));
}

/* Sums of pairs of words: lanes of 128 bits hold half of a hash of `a` and half of one of `b`. */
AVX512 static inline __m512i half_sums(__m512i a, __m512i b) {
    return _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

AVX512 static size_t flat_avx512(const uint64_t *hashes, size_t rows, const uint64_t *query, int limit, uint16_t *out) {
    const __m512i wanted = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)query));
    const __m512i bound = _mm512_set1_epi64(limit);
    /* Where the sums below stand: hashes 0 2 | 1 3 | 4 6 | 5 7. */
    static const uint8_t order[8] = {0, 2, 1, 3, 4, 6, 5, 7};
    size_t found = 0;
    size_t row = 0;
    for (; row + 8 <= rows; row += 8) {
        const uint64_t *hash = hashes + row * NOLI_HASH_WORDS;
        const __m512i a = half_sums(word_counts(hash, wanted), word_counts(hash + 8, wanted));
        const __m512i b = half_sums(word_counts(hash + 16, wanted), word_counts(hash + 24, wanted));
        const __m512i sums = _mm512_add_epi64(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xdd));
        for (unsigned mask = _mm512_cmple_epi64_mask(sums, bound); mask != 0; mask &= mask - 1) {
            out[found++] = (uint16_t)(row + order[__builtin_ctz(mask)]);
        }
    }
    for (; row < rows; row++) {
        out[found] = (uint16_t)row;
        found += noli_distance(hashes + row * NOLI_HASH_WORDS, query) <= limit;
    }
    return found;
}

const struct noli_scans noli_scans_avx512 = {blocks_avx512, near_avx512, pairs_avx512, flat_avx512};
#endif
