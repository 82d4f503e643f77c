/* SPDX-License-Identifier: Apache-2.0 */
/* Life of an index: a log-structured merge over segments. snapshot.h says how its parts work together. */
#include "index.h"

#include <stdlib.h>

#include "snapshot.h"

struct noli_index *noli_index_new(void) {
    struct noli_index *index = calloc(1, sizeof *index);
    struct snapshot *first = calloc(1, sizeof *first);
    struct shared_segment *delta = noli_delta_new();
    struct deaths *deaths = noli_deaths_new(NOLI_DEATHS_LEAST);
    if (index == NULL || first == NULL || delta == NULL || deaths == NULL) {
        free(index);
        free(first);
        noli_segment_release(delta);
        noli_deaths_release(deaths);
        return NULL;
    }
    atomic_init(&first->holders, 1);
    first->delta = delta;
    first->deaths = deaths;
    index->now = first;
    pthread_mutex_init(&index->writing, NULL);
    pthread_mutex_init(&index->maintaining, NULL);
    pthread_mutex_init(&index->taking, NULL);
    return index;
}

void noli_index_free(struct noli_index *index) {
    if (index != NULL) {
        noli_release(index->now);
        pthread_mutex_destroy(&index->writing);
        pthread_mutex_destroy(&index->maintaining);
        pthread_mutex_destroy(&index->taking);
        free(index);
    }
}

size_t noli_index_length(struct noli_index *index) {
    return atomic_load(&index->live);
}

size_t noli_index_bytes(struct noli_index *index) {
    struct snapshot *snapshot = noli_take(index);
    size_t bytes = sizeof *index + NOLI_DELTA_ROWS * (NOLI_HASH_BYTES + sizeof(uint64_t)) +
                   (snapshot->deaths->mask + 1) * sizeof(struct death);
    for (size_t i = 0; i < snapshot->count; i++) {
        bytes += noli_segment_bytes(snapshot->segments[i]->data);
    }
    noli_release(snapshot);
    return bytes;
}
