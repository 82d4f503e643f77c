/* SPDX-License-Identifier: Apache-2.0 */
/* Adding rows: few go into the delta, many become a segment of their own before the lock is taken. */
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

static int append_few(struct noli_index *index, const uint64_t *hashes, const uint64_t *ids, size_t rows) {
    struct snapshot *next = noli_successor(index->now, 1);
    if (next == NULL) {
        return -1;
    }
    if (next->delta_rows + rows > NOLI_DELTA_ROWS && noli_freeze(next) != 0) {
        noli_release(next);
        return -1;
    }
    struct noli_segment *delta = next->delta->data;
    memcpy(delta->hashes + next->delta_rows * NOLI_HASH_WORDS, hashes, rows * NOLI_HASH_BYTES);
    memcpy(delta->ids + next->delta_rows, ids, rows * sizeof *ids);
    next->delta_rows += rows;
    noli_publish(index, next);
    return 0;
}

static struct noli_segment *segment_of(const uint64_t *hashes, const uint64_t *ids, size_t rows) {
    if (rows >= NOLI_RING_ROWS) {
        return noli_ring_new(hashes, ids, rows);
    }
    struct noli_segment *flat = noli_flat_new(rows);
    if (flat != NULL) {
        noli_add_rows(flat, hashes, ids, rows);
    }
    return flat;
}

static int append_segment(struct noli_index *index, struct shared_segment *segment) {
    struct snapshot *next = noli_successor(index->now, 1);
    if (next == NULL) {
        return -1;
    }
    atomic_store_explicit(&segment->as_of, next->operation, memory_order_relaxed);
    next->segments[next->count++] = segment;
    noli_publish(index, next);
    return 0;
}

int noli_add_segment(struct noli_index *index, struct shared_segment *segment) {
    pthread_mutex_lock(&index->writing);
    const int status = append_segment(index, segment);
    if (status == 0) {
        atomic_fetch_add(&index->live, segment->data->rows);
    }
    pthread_mutex_unlock(&index->writing);
    return status;
}

int noli_index_append(struct noli_index *index, const uint64_t *hashes, const uint64_t *ids, size_t rows) {
    if (rows == 0) {
        return 0;
    }
    if (rows > NOLI_DELTA_ROWS) { /* made before the lock is taken: other writers go on */
        struct shared_segment *segment = noli_share(segment_of(hashes, ids, rows), 0);
        if (segment == NULL || noli_add_segment(index, segment) != 0) {
            noli_segment_release(segment);
            return -1;
        }
        return 0;
    }
    pthread_mutex_lock(&index->writing);
    const int status = append_few(index, hashes, ids, rows);
    if (status == 0) {
        atomic_fetch_add(&index->live, rows);
    }
    pthread_mutex_unlock(&index->writing);
    return status;
}
