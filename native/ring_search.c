/* SPDX-License-Identifier: Apache-2.0 */
/* One query in a ring segment. Its cost is waiting for memory: 272 offsets, then 272 short lists at random places.
 * So each stage asks for all its lines before the next stage needs the first of them. */
#include "ring.h"

/* Blocks compared together: the 272 lists of radius 1 fit where each is one block. */
#define BLOCKS 512

struct lookup {
    struct noli_ring ring;
    int scanned; /* whether any block was: from then on hits may have been reported */
    int crowded;
    size_t count;
    struct noli_block blocks[BLOCKS];
};

static void add_survivors(struct lookup *lookup, const struct noli_block *block, uint32_t mask) {
    if (lookup->ring.count + NOLI_BLOCK > NOLI_CANDIDATES) {
        noli_ring_verify(&lookup->ring);
    }
    for (; mask != 0; mask &= mask - 1) {
        noli_ring_add(&lookup->ring, block->start + (unsigned)__builtin_ctz(mask), 0);
    }
}

/* Whether the lists to read are together longer than the segment, as where most hashes share a chunk with the query.
 * Comparing with every hash is then faster: 1.2 ms for 1 M hashes, where lists took up to 70. */
static int is_crowded(const struct noli_ring *ring) {
    size_t entries = 0;
    for (unsigned chunk = 0; chunk < NOLI_CHUNKS; chunk++) {
        const uint32_t *offsets = ring->segment->offsets + (size_t)chunk * NOLI_OFFSETS;
        const uint16_t key = noli_chunk(ring->queries, chunk);
        const size_t keys = noli_keys_of(&ring->bounds, chunk);
        for (size_t k = 0; k < keys; k++) {
            const size_t probe = (size_t)(key ^ noli_masks.mask[k]);
            entries += offsets[probe + 1] - offsets[probe];
        }
    }
    return entries > ring->segment->unique;
}

static void scan_blocks(struct lookup *lookup) {
    uint32_t masks[BLOCKS];
    lookup->ring.scans->blocks(lookup->ring.segment->next, lookup->blocks, lookup->count, masks);
    for (size_t n = 0; n < lookup->count; n++) {
        if (masks[n] != 0) {
            add_survivors(lookup, lookup->blocks + n, masks[n]);
        }
    }
    lookup->count = 0;
}

/* Looking whether the segment is crowded takes 0.3 us: only where there are more blocks than most searches have. */
static void scan_full(struct lookup *lookup) {
    if (!lookup->scanned) {
        lookup->scanned = 1;
        lookup->crowded = is_crowded(&lookup->ring);
    }
    if (lookup->crowded) {
        lookup->count = 0;
    } else {
        scan_blocks(lookup);
    }
}

/* The last, shorter block of a list is written always and counted only where it is not empty. */
NOLI_INLINE void add_list(struct lookup *lookup, size_t start, size_t length, uint16_t next, uint16_t bound) {
    const uint16_t *entries = lookup->ring.segment->next;
    for (; length > NOLI_BLOCK; start += NOLI_BLOCK, length -= NOLI_BLOCK) {
        NOLI_FETCH(entries + start);
        lookup->blocks[lookup->count++] = (struct noli_block){start, UINT32_MAX, next, bound};
        if (lookup->count == BLOCKS) {
            scan_full(lookup);
        }
    }
    NOLI_FETCH(entries + start);
    NOLI_FETCH(entries + start + length);
    const uint32_t inside = (uint32_t)(((uint64_t)1 << length) - 1);
    lookup->blocks[lookup->count] = (struct noli_block){start, inside, next, bound};
    lookup->count += length > 0;
    if (lookup->count == BLOCKS) {
        scan_full(lookup);
    }
}

static void look_up_chunk(struct lookup *lookup, unsigned chunk) {
    const struct noli_ring *ring = &lookup->ring;
    const uint32_t *offsets = ring->segment->offsets + (size_t)chunk * NOLI_OFFSETS;
    const size_t base = chunk * ring->segment->unique;
    const uint16_t key = noli_chunk(ring->queries, chunk);
    const uint16_t next = noli_chunk(ring->queries, (chunk + 1) % NOLI_CHUNKS);
    const size_t keys = noli_keys_of(&ring->bounds, chunk);
    for (size_t k = 0; k < keys; k++) {
        const size_t probe = (size_t)(key ^ noli_masks.mask[k]);
        add_list(lookup, base + offsets[probe], offsets[probe + 1] - offsets[probe], next,
                 (uint16_t)(ring->bounds.prefix - noli_masks.flips[k]));
    }
}

NOLI_INLINE void fetch_offsets(const struct noli_ring *ring) {
    /* Beyond radius 1 the keys of a chunk cover the table so densely that the hardware fetches it. */
    for (unsigned chunk = 0; chunk < NOLI_CHUNKS; chunk++) {
        const uint32_t *offsets = ring->segment->offsets + (size_t)chunk * NOLI_OFFSETS;
        const uint16_t key = noli_chunk(ring->queries, chunk);
        const size_t keys = noli_keys_of(&ring->bounds, chunk);
        const size_t count = keys < NOLI_MASKS_WITHIN[1] ? keys : NOLI_MASKS_WITHIN[1];
        for (size_t k = 0; k < count; k++) {
            NOLI_FETCH(offsets + (key ^ noli_masks.mask[k]));
        }
    }
}

void noli_ring_search(const struct noli_segment *segment, const uint64_t *query, struct noli_reach reach, noli_hit hit,
                      void *context) {
    struct lookup lookup;
    noli_ring_begin(&lookup.ring, segment, query, reach, hit, context);
    lookup.scanned = 0;
    lookup.crowded = 0;
    lookup.count = 0;
    fetch_offsets(&lookup.ring);
    for (unsigned chunk = 0; chunk < NOLI_CHUNKS && lookup.ring.limit >= 0 && !lookup.crowded; chunk++) {
        look_up_chunk(&lookup, chunk);
    }
    if (lookup.crowded) {
        noli_flat_search(segment, segment->unique, query, reach.limit, hit, context);
        return;
    }
    if (lookup.ring.limit >= 0) {
        scan_blocks(&lookup);
    }
    if (lookup.ring.limit >= 0) {
        noli_ring_verify(&lookup.ring);
    }
}
