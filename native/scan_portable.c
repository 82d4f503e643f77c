/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops in plain C: four 16-bit lanes in a 64-bit word. On aarch64 the compiler makes NEON of them. */
#include <string.h>

#include "scan.h"

#define LANES 4
#define EACH_LANE 0x0001000100010001u
#define TOP_BITS 0x8000800080008000u

/* Set bits of each 16-bit lane. */
static inline uint64_t lane_counts(uint64_t x) {
    x -= (x >> 1) & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (x + (x >> 8)) & 0x00ff00ff00ff00ffu;
}

/* Bit i: entry i of the NOLI_BLOCK at `entries` differs from `next` in at most `bound` bits. Only those `inside` are
 * read, and up to three behind them. */
static inline uint32_t block_mask(const uint16_t *entries, uint32_t inside, uint16_t next, unsigned bound) {
    const uint64_t query = next * EACH_LANE;
    const uint64_t slack = (0x7fffu - bound) * EACH_LANE;
    uint32_t mask = 0;
    for (unsigned i = 0; i < NOLI_BLOCK && inside >> i != 0; i += LANES) {
        uint64_t lanes;
        memcpy(&lanes, entries + i, sizeof lanes);
        /* The top bit of a lane is set where its count is above the bound. */
        if (((lane_counts(lanes ^ query) + slack) & TOP_BITS) == TOP_BITS) {
            continue;
        }
        for (unsigned k = i; k < i + LANES; k++) {
            mask |= (uint32_t)(__builtin_popcount((unsigned)(entries[k] ^ next)) <= (int)bound) << k;
        }
    }
    return mask & inside;
}

static void blocks_portable(const uint16_t *next, const struct noli_block *blocks, size_t count, uint32_t *masks) {
    for (size_t n = 0; n < count; n++) {
        masks[n] = block_mask(next + blocks[n].start, blocks[n].inside, blocks[n].next, blocks[n].bound);
    }
}

static size_t near_portable(const uint16_t *near, size_t length, uint16_t next, unsigned bound, uint16_t *out) {
    size_t found = 0;
    for (size_t i = 0; i < length; i += NOLI_BLOCK) {
        const uint32_t inside = length - i < NOLI_BLOCK ? (1u << (length - i)) - 1 : UINT32_MAX;
        for (uint32_t mask = block_mask(near + i, inside, next, bound); mask != 0; mask &= mask - 1) {
            out[found++] = (uint16_t)(i + (size_t)__builtin_ctz(mask));
        }
    }
    return found;
}

static size_t pairs_portable(const uint64_t *hashes, const uint32_t *rows, const uint64_t *queries,
                             const uint32_t *numbers, size_t count, int limit, uint16_t *out) {
    return noli_pairs_by_words(hashes, rows, queries, numbers, count, limit, out);
}

static size_t flat_portable(const uint64_t *hashes, size_t rows, const uint64_t *query, int limit, uint16_t *out) {
    return noli_flat_by_words(hashes, rows, query, limit, out);
}

const struct noli_scans noli_scans_portable = {blocks_portable, near_portable, pairs_portable, flat_portable};
