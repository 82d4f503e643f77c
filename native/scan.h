/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops of the search, one set for each code path; dispatch.c chooses. Portable is the judge. */
#ifndef NOLI_SCAN_H
#define NOLI_SCAN_H
#include <stddef.h>
#include <stdint.h>

#include "hamming.h"

/* Postings compared in one step; also how many entries may be read past the end of a list of them. */
#define NOLI_BLOCK 32

/* Up to NOLI_BLOCK entries of a posting list that lie side by side, and what they are compared with. */
struct noli_block {
    uint64_t start;
    uint32_t inside; /* bit i: entry start + i belongs to the list */
    uint16_t next;
    uint16_t bound;
};

struct noli_scans {
    /* masks[n]: the entries of block n whose chunk differs from the query's in at most `bound` bits.
     * Without a branch on what was read: a wrong guess on a line not yet there would cost the whole wait for it. */
    void (*blocks)(const uint16_t *next, const struct noli_block *blocks, size_t count, uint32_t *masks);
    /* Places in near[0 .. length - 1] (below 2^16) that differ from `next` in at most `bound` bits; how many.
     * Entries up to the next multiple of NOLI_BLOCK may be read, and places written to `out`. */
    size_t (*near)(const uint16_t *near, size_t length, uint16_t next, unsigned bound, uint16_t *out);
    /* Which of the pairs (hash rows[i], query numbers[i]) lie within the limit; `count` below 2^16; how many. */
    size_t (*pairs)(const uint64_t *hashes, const uint32_t *rows, const uint64_t *queries, const uint32_t *numbers,
                    size_t count, int limit, uint16_t *out);
    /* Which of up to 2^16 hashes lie within the limit of the query; how many. One place more may be written. */
    size_t (*flat)(const uint64_t *hashes, size_t rows, const uint64_t *query, int limit, uint16_t *out);
};

extern const struct noli_scans noli_scans_portable;
#if defined(__x86_64__)
extern const struct noli_scans noli_scans_avx2;
extern const struct noli_scans noli_scans_avx512;
#endif

/* Those of the chosen code path; in dispatch.c. */
const struct noli_scans *noli_scans_chosen(void);

#define NOLI_INLINE static inline __attribute__((always_inline))

/* Inlined everywhere, so that a path with the popcnt instruction gets it here too. */
NOLI_INLINE int noli_distance(const uint64_t *a, const uint64_t *b) {
    return __builtin_popcountll(a[0] ^ b[0]) + __builtin_popcountll(a[1] ^ b[1]) + __builtin_popcountll(a[2] ^ b[2]) +
           __builtin_popcountll(a[3] ^ b[3]);
}

NOLI_INLINE size_t noli_pairs_by_words(const uint64_t *hashes, const uint32_t *rows, const uint64_t *queries,
                                       const uint32_t *numbers, size_t count, int limit, uint16_t *out) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *hash = hashes + (size_t)rows[i] * NOLI_HASH_WORDS;
        out[found] = (uint16_t)i;
        found += noli_distance(hash, queries + (size_t)numbers[i] * NOLI_HASH_WORDS) <= limit;
    }
    return found;
}

/* Two words decide nearly always: 128 of 256 bits are within 31 of a random query once in 10^9. */
NOLI_INLINE size_t noli_flat_by_words(const uint64_t *hashes, size_t rows, const uint64_t *query, int limit,
                                      uint16_t *out) {
    size_t found = 0;
    for (size_t row = 0; row < rows; row++) {
        const uint64_t *hash = hashes + row * NOLI_HASH_WORDS;
        const int half = __builtin_popcountll(hash[0] ^ query[0]) + __builtin_popcountll(hash[1] ^ query[1]);
        if (half <= limit && noli_distance(hash, query) <= limit) {
            out[found++] = (uint16_t)row;
        }
    }
    return found;
}

#endif
