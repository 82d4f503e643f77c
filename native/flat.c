/* SPDX-License-Identifier: Apache-2.0 */
/* Flat segments: rows side by side, all compared with each query. */
#include <stdlib.h>

#include "memory.h"
#include "scan.h"

/* Hashes compared between two looks at the result. */
#define ROWS 512

struct noli_segment *noli_flat_new(size_t capacity) {
    struct noli_segment *segment = calloc(1, sizeof *segment);
    if (segment == NULL) {
        return NULL;
    }
    segment->memory = noli_allocate(capacity * (NOLI_HASH_BYTES + sizeof(uint64_t)));
    if (segment->memory == NULL) {
        noli_segment_free(segment);
        return NULL;
    }
    segment->hashes = segment->memory;
    segment->ids = segment->hashes + capacity * NOLI_HASH_WORDS;
    return segment;
}

void noli_flat_search(const struct noli_segment *segment, size_t rows, const uint64_t *query, int limit, noli_hit hit,
                      void *context) {
    const struct noli_scans *scans = noli_scans_chosen();
    uint16_t found[ROWS + 1];
    for (size_t start = 0; start < rows && limit >= 0; start += ROWS) {
        const uint64_t *hashes = segment->hashes + start * NOLI_HASH_WORDS;
        const size_t piece = rows - start < ROWS ? rows - start : ROWS;
        const size_t count = scans->flat(hashes, piece, query, limit, found);
        for (size_t i = 0; i < count && limit >= 0; i++) {
            const int bits = noli_distance(hashes + (size_t)found[i] * NOLI_HASH_WORDS, query);
            if (bits <= limit) {
                limit = hit(context, 0, start + found[i], bits);
            }
        }
    }
}
