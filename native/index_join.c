/* SPDX-License-Identifier: Apache-2.0 */
/* Many queries at once: rings are joined with blocks of them, flat rows are made a ring first. */
#include <stdlib.h>
#include <string.h>

#include "found.h"
#include "index_search.h"

/* Queries joined at once: 32 MB of them. With 1 M hashes 2^17 is as fast; bigger banks gain from more queries a key. */
#define JOIN_BLOCK ((size_t)1 << 20)
/* Queries from which sorting is faster than one search each. */
#define JOIN_LEAST 8192

struct join {
    const struct snapshot *snapshot;
    const struct shared_segment *segment;
    struct noli_found *found;
    uint32_t *counts; /* rows found of each query; above `most`: too many, search it again */
    size_t most;
    size_t base; /* number of the block's first query */
    struct noli_reach reach;
    int failed;
};

static int on_join(void *context, size_t query, size_t unique, int distance) {
    struct join *join = context;
    const uint64_t *ids = join->segment->data->ids;
    size_t row;
    size_t end;
    for (noli_rows_of(join->segment->data, unique, &row, &end);
         row < end && join->counts[query] <= join->most && !join->failed; row++) {
        if (!noli_row_is_dead(join->snapshot, join->segment, row)) {
            const uint32_t number = (uint32_t)(join->base + query);
            join->counts[query]++;
            if (join->counts[query] <= join->most) {
                join->failed |=
                    noli_found_add(join->found, (struct noli_neighbour){ids[row], number, (uint32_t)distance});
            }
        }
    }
    return join->failed ? -1 : join->reach.limit;
}

/* Search the queries with too many rows again, keeping their nearest; then put the block in order. */
static int finish_block(struct join *join, const uint64_t *queries, size_t count, size_t start) {
    struct noli_found *found = join->found;
    size_t kept = start;
    for (size_t i = start; i < found->count; i++) {
        if (join->counts[found->neighbours[i].query - join->base] <= join->most) {
            found->neighbours[kept++] = found->neighbours[i];
        }
    }
    found->count = kept;
    for (size_t i = 0; i < count; i++) {
        if (join->counts[i] > join->most &&
            noli_search_one(join->snapshot, queries + i * NOLI_HASH_WORDS, (uint32_t)(join->base + i), join->reach,
                            join->most, found) != 0) {
            return -1;
        }
    }
    noli_found_sort(found, start);
    return 0;
}

static int join_block(struct join *join, const uint64_t *queries, size_t count, const struct shared_segment *rest) {
    const size_t start = join->found->count;
    const struct snapshot *snapshot = join->snapshot;
    memset(join->counts, 0, count * sizeof *join->counts);
    for (size_t i = 0; i <= snapshot->count && !join->failed; i++) {
        join->segment = i < snapshot->count ? snapshot->segments[i] : rest;
        if (join->segment->data->offsets != NULL && join->segment->data->rows > 0) {
            join->failed |= noli_ring_join(join->segment->data, queries, count, join->reach, on_join, join);
        }
    }
    return join->failed ? -1 : finish_block(join, queries, count, start);
}

/* All flat rows of a snapshot as a ring of their own: a join has the time to make one. */
static struct shared_segment *ring_of_flats(const struct snapshot *snapshot) {
    size_t rows = snapshot->delta_rows;
    for (size_t i = 0; i < snapshot->count; i++) {
        rows += snapshot->segments[i]->data->offsets == NULL ? snapshot->segments[i]->data->rows : 0;
    }
    struct noli_segment *flat = noli_flat_new(rows);
    if (flat == NULL) {
        return NULL;
    }
    noli_add_rows(flat, snapshot->delta->data->hashes, snapshot->delta->data->ids, snapshot->delta_rows);
    for (size_t i = 0; i < snapshot->count; i++) {
        if (snapshot->segments[i]->data->offsets == NULL) {
            noli_add_living(flat, snapshot, snapshot->segments[i]);
        }
    }
    struct noli_segment *ring = noli_ring_new(flat->hashes, flat->ids, flat->rows);
    noli_segment_free(flat);
    return noli_share(ring, snapshot->operation);
}

static int join_all(const struct snapshot *snapshot, const uint64_t *queries, size_t count, struct noli_reach reach,
                    size_t most, struct noli_found *found) {
    const size_t block = count < JOIN_BLOCK ? count : JOIN_BLOCK;
    struct shared_segment *rest = ring_of_flats(snapshot);
    uint32_t *counts = malloc(block * sizeof *counts);
    struct join join = {snapshot, NULL, found, counts, most, 0, reach, 0};
    int status = rest == NULL || counts == NULL ? -1 : 0;
    for (; join.base < count && status == 0; join.base += block) {
        const size_t piece = count - join.base < block ? count - join.base : block;
        status = join_block(&join, queries + join.base * NOLI_HASH_WORDS, piece, rest);
    }
    noli_segment_release(rest);
    free(counts);
    return status;
}

int noli_index_join(struct noli_index *index, const uint64_t *queries, size_t count, struct noli_reach reach,
                    size_t most, struct noli_found *found) {
    struct snapshot *snapshot = noli_take(index);
    const int status = count < JOIN_LEAST ? noli_search_all(snapshot, queries, count, reach, most, found)
                                          : join_all(snapshot, queries, count, reach, most, found);
    noli_release(snapshot);
    return status;
}
