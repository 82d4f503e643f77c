/* SPDX-License-Identifier: Apache-2.0 */
/* Making ring segments: equal hashes put together, postings of the rest sorted by key in each of the 16 chunks. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "memory.h"
#include "ring.h"

void noli_segment_free(struct noli_segment *segment) {
    if (segment != NULL) {
        if (segment->mapped > 0) {
            (void)munmap(segment->memory, segment->mapped);
        } else {
            free(segment->memory);
        }
        free(segment);
    }
}

size_t noli_segment_bytes(const struct noli_segment *segment) {
    size_t bytes = sizeof *segment + segment->unique * NOLI_HASH_BYTES + segment->rows * sizeof(uint64_t);
    if (segment->first != NULL) {
        bytes += (segment->unique + 1) * sizeof(uint32_t);
    }
    if (segment->offsets != NULL) {
        bytes +=
            NOLI_CHUNKS * (NOLI_OFFSETS * sizeof(uint32_t) + segment->unique * (sizeof(uint16_t) + sizeof(uint32_t)));
    }
    return bytes;
}

/* Open addressing from hash to the row where it first appeared. */
struct firsts {
    uint64_t *slots; /* 32 bits of the mixed hash, then row + 1; 0: empty */
    uint64_t seed;
    size_t mask;
};

static inline uint64_t mix(const uint64_t *hash, uint64_t seed) {
    uint64_t x = seed;
    for (int i = 0; i < NOLI_HASH_WORDS; i++) {
        x = (x ^ hash[i]) * 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */
        x ^= x >> 29;
    }
    return x;
}

static uint32_t first_row(struct firsts *firsts, const uint64_t *hashes, size_t row, uint64_t mixed) {
    const uint64_t *hash = hashes + row * NOLI_HASH_WORDS;
    for (size_t slot = mixed & firsts->mask;; slot = (slot + 1) & firsts->mask) {
        const uint64_t held = firsts->slots[slot];
        if (held == 0) {
            firsts->slots[slot] = (mixed & 0xffffffff00000000u) | (row + 1);
            return (uint32_t)row;
        }
        const uint32_t other = (uint32_t)held - 1;
        if (held >> 32 == mixed >> 32 && memcmp(hashes + (size_t)other * NOLI_HASH_WORDS, hash, NOLI_HASH_BYTES) == 0) {
            return other;
        }
    }
}

/* Mixed hashes computed ahead, so that their slots are fetched in time. */
#define MIXED_AHEAD 16

/* first_of[row]: where the row's hash first appeared. Returns the number of different hashes, 0: out of memory. */
static size_t find_firsts(const uint64_t *hashes, size_t rows, uint32_t *first_of) {
    struct firsts firsts = {NULL, 0, 15};
    while (firsts.mask + 1 < 2 * rows) {
        firsts.mask = 2 * firsts.mask + 1;
    }
    firsts.slots = noli_allocate((firsts.mask + 1) * sizeof *firsts.slots);
    if (firsts.slots == NULL) {
        return 0;
    }
    memset(firsts.slots, 0, (firsts.mask + 1) * sizeof *firsts.slots);
    /* Random by the address: nobody can choose hashes that all fall on one slot. */
    firsts.seed = (uint64_t)(uintptr_t)firsts.slots * 0xd6e8feb86659fd93u;
    uint64_t mixed[MIXED_AHEAD];
    size_t unique = 0;
    for (size_t row = 0; row < rows + MIXED_AHEAD; row++) {
        if (row >= MIXED_AHEAD) {
            const size_t now = row - MIXED_AHEAD;
            first_of[now] = first_row(&firsts, hashes, now, mixed[now % MIXED_AHEAD]);
            unique += first_of[now] == now;
        }
        if (row < rows) {
            mixed[row % MIXED_AHEAD] = mix(hashes + row * NOLI_HASH_WORDS, firsts.seed);
            __builtin_prefetch(firsts.slots + (mixed[row % MIXED_AHEAD] & firsts.mask), 1);
        }
    }
    free(firsts.slots);
    return unique;
}

/* Number the different hashes by first appearance and put the ids of each together. */
static void group(struct noli_segment *segment, const uint64_t *hashes, const uint64_t *ids, uint32_t *first_of) {
    size_t unique = 0;
    memset(segment->first, 0, (segment->unique + 1) * sizeof *segment->first);
    for (size_t row = 0; row < segment->rows; row++) {
        if (first_of[row] == row) {
            memcpy(segment->hashes + unique * NOLI_HASH_WORDS, hashes + row * NOLI_HASH_WORDS, NOLI_HASH_BYTES);
            first_of[row] = (uint32_t)unique++;
        } else {
            first_of[row] = first_of[first_of[row]]; /* an earlier row: renumbered already */
        }
        segment->first[first_of[row] + 1]++;
    }
    /* Starts move one group up while filling, as in any counting sort: first[u] ends as the end of u - 1. */
    uint32_t start = 0;
    for (size_t u = 1; u <= segment->unique; u++) {
        const uint32_t size = segment->first[u];
        segment->first[u] = start;
        start += size;
    }
    for (size_t row = 0; row < segment->rows; row++) {
        segment->ids[segment->first[first_of[row] + 1]++] = ids[row];
    }
}

static void post_chunk(struct noli_segment *segment, unsigned chunk) {
    uint32_t *offsets = segment->offsets + (size_t)chunk * NOLI_OFFSETS;
    uint16_t *next = segment->next + chunk * segment->unique;
    uint32_t *postings = segment->postings + chunk * segment->unique;
    const unsigned after = (chunk + 1) % NOLI_CHUNKS;
    memset(offsets, 0, NOLI_OFFSETS * sizeof *offsets);
    for (size_t row = 0; row < segment->unique; row++) {
        offsets[noli_chunk(segment->hashes + row * NOLI_HASH_WORDS, chunk)]++;
    }
    uint32_t start = 0;
    for (size_t key = 0; key < NOLI_KEYS; key++) {
        segment->longest = offsets[key] > segment->longest ? offsets[key] : segment->longest;
        start += offsets[key];
        offsets[key] = start;
    }
    offsets[NOLI_KEYS] = start;
    /* Backwards from the ends: each offset arrives at its start, and rows stand in order. */
    for (size_t row = segment->unique; row-- > 0;) {
        const uint64_t *hash = segment->hashes + row * NOLI_HASH_WORDS;
        const uint32_t position = --offsets[noli_chunk(hash, chunk)];
        next[position] = noli_chunk(hash, after);
        postings[position] = (uint32_t)row;
    }
}

/* One piece of memory for all arrays, those with the widest elements first: one rounding to whole pages. */
size_t noli_segment_lay_out(struct noli_segment *segment, int ring) {
    const size_t unique = segment->unique;
    const size_t firsts = ring && unique < segment->rows ? unique + 1 : 0;
    const size_t ids = unique * NOLI_HASH_BYTES;
    const size_t offsets = ids + segment->rows * sizeof *segment->ids;
    const size_t postings = offsets + (ring ? (size_t)NOLI_CHUNKS * NOLI_OFFSETS * sizeof *segment->offsets : 0);
    const size_t first = postings + (ring ? NOLI_CHUNKS * unique * sizeof *segment->postings : 0);
    const size_t next = first + firsts * sizeof *segment->first;
    char *memory = segment->memory;
    if (memory != NULL) {
        segment->hashes = (uint64_t *)memory;
        segment->ids = (uint64_t *)(memory + ids);
        segment->offsets = ring ? (uint32_t *)(memory + offsets) : NULL;
        segment->postings = ring ? (uint32_t *)(memory + postings) : NULL;
        segment->first = firsts > 0 ? (uint32_t *)(memory + first) : NULL;
        segment->next = ring ? (uint16_t *)(memory + next) : NULL;
    }
    return next + (ring ? (NOLI_CHUNKS * unique + NOLI_BLOCK) * sizeof *segment->next : 0);
}

static int allocate_ring(struct noli_segment *segment) {
    segment->memory = noli_allocate(noli_segment_lay_out(segment, 1));
    (void)noli_segment_lay_out(segment, 1);
    return segment->memory != NULL;
}

static void fill_ring(struct noli_segment *segment, const uint64_t *hashes, const uint64_t *ids, uint32_t *first_of) {
    if (segment->first != NULL) {
        group(segment, hashes, ids, first_of);
    } else {
        memcpy(segment->hashes, hashes, segment->rows * NOLI_HASH_BYTES);
        memcpy(segment->ids, ids, segment->rows * sizeof *ids);
    }
    memset(segment->next + NOLI_CHUNKS * segment->unique, 0, NOLI_BLOCK * sizeof *segment->next);
    for (unsigned chunk = 0; chunk < NOLI_CHUNKS; chunk++) {
        post_chunk(segment, chunk);
    }
    segment->sorted = 1;
    for (size_t row = 1; row < segment->rows && segment->sorted; row++) {
        segment->sorted = segment->ids[row - 1] <= segment->ids[row];
    }
}

struct noli_segment *noli_ring_new(const uint64_t *hashes, const uint64_t *ids, size_t rows) {
    struct noli_segment *segment = calloc(1, sizeof *segment);
    uint32_t *first_of = noli_allocate(rows * sizeof *first_of);
    if (segment == NULL || first_of == NULL || rows >= UINT32_MAX) {
        free(segment);
        free(first_of);
        return NULL;
    }
    segment->rows = rows;
    segment->unique = find_firsts(hashes, rows, first_of);
    if ((segment->unique == 0 && rows > 0) || !allocate_ring(segment)) {
        noli_segment_free(segment);
        free(first_of);
        return NULL;
    }
    fill_ring(segment, hashes, ids, first_of);
    free(first_of);
    return segment;
}
