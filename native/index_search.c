/* SPDX-License-Identifier: Apache-2.0 */
/* One query after the other, nearest rows kept. */
#include "index_search.h"

#include <stdlib.h>

#include "found.h"

/* One query's nearest rows: a heap with the farthest on top, at the end of `found`. */
struct nearest {
    const struct snapshot *snapshot;
    const struct shared_segment *segment;
    struct noli_found *found;
    size_t start;
    size_t most;
    uint32_t query;
    int limit;
    int capped;
    int failed;
};

static void sift_up(struct noli_neighbour *heap, size_t place) {
    const struct noli_neighbour moved = heap[place];
    while (place > 0 && heap[(place - 1) / 2].distance < moved.distance) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = moved;
}

static void replace_top(struct noli_neighbour *heap, size_t count, struct noli_neighbour moved) {
    size_t place = 0;
    for (size_t child = 1; child < count; child = 2 * place + 1) {
        child += child + 1 < count && heap[child + 1].distance > heap[child].distance;
        if (heap[child].distance <= moved.distance) {
            break;
        }
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = moved;
}

/* Take in one living row. Once more exist than wanted, only nearer ones matter. */
static void offer(struct nearest *nearest, uint64_t id, int distance) {
    const struct noli_neighbour row = {id, nearest->query, (uint32_t)distance};
    const size_t count = nearest->found->count - nearest->start;
    if (count < nearest->most) {
        nearest->failed |= noli_found_add(nearest->found, row);
        if (!nearest->failed) {
            sift_up(nearest->found->neighbours + nearest->start, count);
        }
        return;
    }
    nearest->capped = 1;
    if ((uint32_t)distance < nearest->found->neighbours[nearest->start].distance) {
        replace_top(nearest->found->neighbours + nearest->start, count, row);
    }
    const int farthest = (int)nearest->found->neighbours[nearest->start].distance;
    nearest->limit = farthest - 1 < nearest->limit ? farthest - 1 : nearest->limit;
}

static int on_hit(void *context, size_t query, size_t unique, int distance) {
    struct nearest *nearest = context;
    size_t row;
    size_t end;
    (void)query;
    for (noli_rows_of(nearest->segment->data, unique, &row, &end);
         row < end && distance <= nearest->limit && !nearest->failed; row++) {
        if (!noli_row_is_dead(nearest->snapshot, nearest->segment, row)) {
            offer(nearest, nearest->segment->data->ids[row], distance);
        }
    }
    return nearest->failed ? -1 : nearest->limit;
}

int noli_search_one(const struct snapshot *snapshot, const uint64_t *query, uint32_t number, struct noli_reach reach,
                    size_t most, struct noli_found *found) {
    struct nearest nearest = {snapshot, snapshot->delta, found, found->count, most, number, reach.limit, 0, 0};
    noli_flat_search(nearest.segment->data, snapshot->delta_rows, query, reach.limit, on_hit, &nearest);
    for (size_t i = 0; i < snapshot->count && nearest.limit >= 0 && !nearest.failed; i++) {
        const struct noli_segment *data = snapshot->segments[i]->data;
        nearest.segment = snapshot->segments[i];
        if (data->offsets == NULL) {
            noli_flat_search(data, data->rows, query, nearest.limit, on_hit, &nearest);
        } else {
            noli_ring_search(data, query, (struct noli_reach){nearest.limit, reach.exact}, on_hit, &nearest);
        }
    }
    if (nearest.failed || (nearest.capped && noli_found_add_capped(found, number) != 0)) {
        return -1;
    }
    noli_found_sort(found, nearest.start);
    return 0;
}

int noli_search_all(const struct snapshot *snapshot, const uint64_t *queries, size_t count, struct noli_reach reach,
                    size_t most, struct noli_found *found) {
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        status = noli_search_one(snapshot, queries + i * NOLI_HASH_WORDS, (uint32_t)i, reach, most, found);
    }
    return status;
}

int noli_index_search(struct noli_index *index, const uint64_t *queries, size_t count, struct noli_reach reach,
                      size_t most, struct noli_found *found) {
    struct snapshot *snapshot = noli_take(index);
    const int status = noli_search_all(snapshot, queries, count, reach, most, found);
    noli_release(snapshot);
    return status;
}
