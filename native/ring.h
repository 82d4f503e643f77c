/* SPDX-License-Identifier: Apache-2.0 */
/* What search and join in a ring segment share: keys to look up, bounds, and the last test of a candidate.
 *
 * Ring filter. Cut a hash into 16 chunks of 16 bits on a ring, d_c the distance in chunk c. If the distance is at
 * most L, then by the cycle lemma some chunk c has every prefix d_c + d_{c+1} + ... + d_{c+k-1} <= k * L / 16.
 * Two prefixes are used: d_c <= L / 16 chooses the keys to look up, d_c + d_{c+1} <= L / 8 is tested on a copy of
 * the next chunk that lies beside each posting. At L = 31 it passes 0.26 % of the postings, so little is verified.
 * A pair is reported only by the lowest chunk that fulfils both: no set of seen rows is needed.
 * A search that is exact only within E < L looks less far in some chunks: with radius r = E / 16 in the first
 * E - 16 r + 1, and r - 1 in the others, the radii and one for each chunk add up to E + 1, so by the same lemma a pair
 * within E has a chunk within its radius whose prefix is at most 2 r + 1. Fewer lists are read, and pairs beyond E
 * that only the others hold are missed.
 * Source: Qin, Xiao: "Pigeonring: A Principle for Faster Thresholded Similarity Search", PVLDB 12 (2018). */
#ifndef NOLI_RING_H
#define NOLI_RING_H
#include <stddef.h>
#include <stdint.h>

#include "hamming.h"
#include "scan.h"

#define NOLI_CHUNKS 16
#define NOLI_KEYS 65536
#define NOLI_OFFSETS (NOLI_KEYS + 1)
/* Candidates verified together: enough that all their cache misses overlap. */
#define NOLI_CANDIDATES 1024

/* Into the second level cache, which waits for three times as many lines at once as the first: 3.9 ns a random line
 * of 32 MB against 12 (Zen 4). A macro, for gcc 12 drops calls of functions that do nothing but prefetch. */
#define NOLI_FETCH(address) __builtin_prefetch(address, 0, 2)

struct noli_bounds {
    int radius;    /* of the chunk looked up: limit / 16 */
    int prefix;    /* of this chunk and the next: limit / 8 */
    unsigned wide; /* chunks, from the first, that have this radius; one less have the others */
};

/* Masks of at most 3 of 16 bits: 1 + 16 + 120 + 560. */
#define NOLI_MASKS 697

/* The key looked up for mask k is chunk ^ mask[k]. Fewest bits first, so that a smaller radius is a prefix. */
struct noli_masks {
    uint16_t mask[NOLI_MASKS];
    uint8_t flips[NOLI_MASKS];
};
extern struct noli_masks noli_masks;
/* Masks with at most so many bits. */
extern const uint16_t NOLI_MASKS_WITHIN[4];

struct noli_bounds noli_bounds_of(struct noli_reach reach);

static inline int noli_radius_of(const struct noli_bounds *bounds, unsigned chunk) {
    return chunk < bounds->wide ? bounds->radius : bounds->radius - 1;
}

/* Keys looked up in a chunk; none where the radius is below 0. */
static inline size_t noli_keys_of(const struct noli_bounds *bounds, unsigned chunk) {
    const int radius = noli_radius_of(bounds, chunk);
    return radius < 0 ? 0 : NOLI_MASKS_WITHIN[radius];
}

static inline uint16_t noli_chunk(const uint64_t *hash, unsigned chunk) {
    return (uint16_t)(hash[chunk / 4] >> (16 * (chunk % 4)));
}

/* A search or join in one segment, and the survivors of the ring filter that wait for the last test. */
struct noli_ring {
    const struct noli_segment *segment;
    const struct noli_scans *scans;
    struct noli_bounds bounds;
    const uint64_t *queries;
    int limit; /* below 0: end */
    noli_hit hit;
    void *context;
    size_t count;
    uint64_t position[NOLI_CANDIDATES]; /* in `postings` */
    uint32_t number[NOLI_CANDIDATES];   /* of the query */
};

void noli_ring_begin(struct noli_ring *ring, const struct noli_segment *segment, const uint64_t *queries,
                     struct noli_reach reach, noli_hit hit, void *context);
/* Compare all candidates in full and report the hits. */
void noli_ring_verify(struct noli_ring *ring);

/* Add a candidate; there must be room for it. */
NOLI_INLINE void noli_ring_add(struct noli_ring *ring, uint64_t position, uint32_t number) {
    NOLI_FETCH(ring->segment->postings + position);
    ring->position[ring->count] = position;
    ring->number[ring->count++] = number;
}

#endif
