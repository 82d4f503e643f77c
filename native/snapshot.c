/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

struct shared_segment *noli_share(struct noli_segment *data, uint64_t as_of) {
    struct shared_segment *segment = data == NULL ? NULL : calloc(1, sizeof *segment);
    if (segment == NULL) {
        noli_segment_free(data);
        return NULL;
    }
    atomic_init(&segment->holders, 1);
    atomic_init(&segment->as_of, as_of);
    segment->data = data;
    return segment;
}

struct shared_segment *noli_delta_new(void) {
    return noli_share(noli_flat_new(NOLI_DELTA_ROWS), UINT64_MAX); /* outlives every death until it is frozen */
}

void noli_segment_release(struct shared_segment *segment) {
    if (segment != NULL && atomic_fetch_sub(&segment->holders, 1) == 1) {
        noli_segment_free(segment->data);
        free(segment);
    }
}

void noli_release(struct snapshot *snapshot) {
    if (snapshot != NULL && atomic_fetch_sub(&snapshot->holders, 1) == 1) {
        for (size_t i = 0; i < snapshot->count; i++) {
            noli_segment_release(snapshot->segments[i]);
        }
        noli_segment_release(snapshot->delta);
        noli_deaths_release(snapshot->deaths);
        free(snapshot);
    }
}

struct snapshot *noli_take(struct noli_index *index) {
    pthread_mutex_lock(&index->taking);
    struct snapshot *snapshot = index->now;
    atomic_fetch_add(&snapshot->holders, 1);
    pthread_mutex_unlock(&index->taking);
    return snapshot;
}

void noli_publish(struct noli_index *index, struct snapshot *next) {
    pthread_mutex_lock(&index->taking);
    struct snapshot *last = index->now;
    index->now = next;
    pthread_mutex_unlock(&index->taking);
    noli_release(last);
}

struct snapshot *noli_successor(const struct snapshot *last, size_t more) {
    struct snapshot *next = malloc(sizeof *next + (last->count + more) * sizeof(struct shared_segment *));
    if (next == NULL) {
        return NULL;
    }
    atomic_init(&next->holders, 1);
    next->operation = last->operation + 1;
    next->last_death = last->last_death;
    next->delta = last->delta;
    next->delta_rows = last->delta_rows;
    next->deaths = last->deaths;
    next->count = last->count;
    for (size_t i = 0; i < last->count; i++) {
        next->segments[i] = last->segments[i];
        atomic_fetch_add(&next->segments[i]->holders, 1);
    }
    atomic_fetch_add(&next->delta->holders, 1);
    atomic_fetch_add(&next->deaths->holders, 1);
    return next;
}

int noli_row_is_dead(const struct snapshot *snapshot, const struct shared_segment *segment, size_t row) {
    const uint64_t as_of = atomic_load_explicit(&segment->as_of, memory_order_relaxed);
    return snapshot->last_death > as_of &&
           noli_died(snapshot->deaths, segment->data->ids[row], as_of, snapshot->operation);
}

void noli_add_rows(struct noli_segment *flat, const uint64_t *hashes, const uint64_t *ids, size_t rows) {
    memcpy(flat->hashes + flat->rows * NOLI_HASH_WORDS, hashes, rows * NOLI_HASH_BYTES);
    memcpy(flat->ids + flat->rows, ids, rows * sizeof *ids);
    flat->rows += rows;
    flat->unique = flat->rows;
}

void noli_add_living(struct noli_segment *flat, const struct snapshot *snapshot, const struct shared_segment *from) {
    const struct noli_segment *data = from->data;
    for (size_t unique = 0; unique < data->unique; unique++) {
        size_t row;
        size_t end;
        for (noli_rows_of(data, unique, &row, &end); row < end; row++) {
            if (!noli_row_is_dead(snapshot, from, row)) {
                noli_add_rows(flat, data->hashes + unique * NOLI_HASH_WORDS, data->ids + row, 1);
            }
        }
    }
}

int noli_freeze(struct snapshot *next) {
    struct shared_segment *delta = noli_delta_new();
    if (delta == NULL) {
        return -1;
    }
    struct shared_segment *last = next->count == 0 ? NULL : next->segments[next->count - 1];
    struct shared_segment *frozen = next->delta;
    if (last != NULL && last->data->offsets == NULL && !last->merging &&
        last->data->rows + next->delta_rows <= NOLI_DELTA_ROWS) {
        /* Many tombstones freeze many small deltas: keep them one. */
        frozen = noli_share(noli_flat_new(last->data->rows + next->delta_rows), 0);
        if (frozen == NULL) {
            noli_segment_release(delta);
            return -1;
        }
        noli_add_living(frozen->data, next, last);
        noli_add_rows(frozen->data, next->delta->data->hashes, next->delta->data->ids, next->delta_rows);
        noli_segment_release(last);
        noli_segment_release(next->delta);
        next->count--;
    } else {
        frozen->data->rows = next->delta_rows; /* readers of the delta go by their snapshot's count */
        frozen->data->unique = next->delta_rows;
    }
    /* Whatever dies in this very operation may be among these rows. */
    atomic_store_explicit(&frozen->as_of, next->operation - 1, memory_order_relaxed);
    next->segments[next->count++] = frozen;
    next->delta = delta;
    next->delta_rows = 0;
    return 0;
}
