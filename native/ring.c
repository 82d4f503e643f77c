/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

const uint16_t NOLI_MASKS_WITHIN[4] = {1, 17, 137, NOLI_MASKS};

struct noli_masks noli_masks;

static size_t add_masks(size_t count, unsigned mask, int lowest, int bits) {
    if (bits == 0) {
        noli_masks.mask[count] = (uint16_t)mask;
        noli_masks.flips[count] = (uint8_t)__builtin_popcount(mask);
        return count + 1;
    }
    for (int bit = lowest; bit < 16; bit++) {
        count = add_masks(count, mask | 1u << bit, bit + 1, bits - 1);
    }
    return count;
}

void noli_hamming_prepare(void) {
    size_t count = 0;
    for (int bits = 0; bits <= 3; bits++) {
        count = add_masks(count, 0, 0, bits);
    }
}

struct noli_bounds noli_bounds_of(struct noli_reach reach) {
    if (reach.exact >= reach.limit) {
        return (struct noli_bounds){reach.limit / 16, reach.limit / 8, NOLI_CHUNKS};
    }
    const int radius = reach.exact / 16, prefix = (reach.exact + reach.limit + 15) / 16, least = 2 * radius + 1;
    return (struct noli_bounds){radius, prefix > least ? prefix : least, (unsigned)(reach.exact % 16 + 1)};
}

void noli_ring_begin(struct noli_ring *ring, const struct noli_segment *segment, const uint64_t *queries,
                     struct noli_reach reach, noli_hit hit, void *context) {
    ring->segment = segment;
    ring->scans = noli_scans_chosen();
    ring->bounds = noli_bounds_of(reach);
    ring->queries = queries;
    ring->limit = reach.limit;
    ring->hit = hit;
    ring->context = context;
    ring->count = 0;
}

/* Whether no lower chunk would have reported the pair as well. */
static int is_lowest(const uint64_t *a, const uint64_t *b, unsigned chunk, const struct noli_bounds *bounds) {
    for (unsigned c = 0; c < chunk; c++) {
        const int own = __builtin_popcount((unsigned)(noli_chunk(a, c) ^ noli_chunk(b, c)));
        const int after = __builtin_popcount((unsigned)(noli_chunk(a, c + 1) ^ noli_chunk(b, c + 1)));
        if (own <= noli_radius_of(bounds, c) && own + after <= bounds->prefix) {
            return 0;
        }
    }
    return 1;
}

void noli_ring_verify(struct noli_ring *ring) {
    const struct noli_segment *segment = ring->segment;
    uint32_t rows[NOLI_CANDIDATES];
    uint16_t within[NOLI_CANDIDATES + 1];
    for (size_t i = 0; i < ring->count; i++) {
        rows[i] = segment->postings[ring->position[i]];
        NOLI_FETCH(segment->hashes + (size_t)rows[i] * NOLI_HASH_WORDS);
    }
    const size_t found =
        ring->scans->pairs(segment->hashes, rows, ring->queries, ring->number, ring->count, ring->limit, within);
    for (size_t n = 0; n < found && ring->limit >= 0; n++) {
        const size_t i = within[n];
        const uint64_t *hash = segment->hashes + (size_t)rows[i] * NOLI_HASH_WORDS;
        const uint64_t *query = ring->queries + (size_t)ring->number[i] * NOLI_HASH_WORDS;
        const int bits = noli_distance(hash, query);
        const unsigned chunk = (unsigned)(ring->position[i] / segment->unique);
        /* The limit may have come down since the pairs were compared. */
        if (bits <= ring->limit && is_lowest(hash, query, chunk, &ring->bounds)) {
            ring->limit = ring->hit(ring->context, ring->number[i], rows[i], bits);
        }
    }
    ring->count = 0;
}
