/* SPDX-License-Identifier: Apache-2.0 */
/* Ending rows by id. */
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

/* Deaths up to here concern no row of the snapshot. */
static uint64_t oldest_rows(const struct snapshot *snapshot) {
    uint64_t oldest = snapshot->operation;
    for (size_t i = 0; i < snapshot->count; i++) {
        const uint64_t as_of = atomic_load_explicit(&snapshot->segments[i]->as_of, memory_order_relaxed);
        oldest = as_of < oldest ? as_of : oldest;
    }
    return oldest;
}

/* Make room in the table of a snapshot that is not published yet. */
static int reserve_deaths(struct snapshot *next, size_t more) {
    if (2 * (next->deaths->used + more) <= next->deaths->mask + 1) {
        return 0;
    }
    struct deaths *deaths = noli_deaths_copy(next->deaths, oldest_rows(next), more);
    if (deaths == NULL) {
        return -1;
    }
    noli_deaths_release(next->deaths);
    next->deaths = deaths;
    return 0;
}

static int by_number(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* First place in ascending `ids` that is not below `id`. */
static size_t lower_bound(const uint64_t *ids, size_t count, uint64_t id) {
    size_t low = 0;
    while (count > 0) {
        const size_t half = count / 2;
        if (ids[low + half] < id) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

static int holds(const uint64_t *ids, size_t count, uint64_t id) {
    if (id < ids[0] || id > ids[count - 1]) {
        return 0;
    }
    const size_t place = lower_bound(ids, count, id);
    return place < count && ids[place] == id;
}

/* Rows of a segment that live and have one of the ids, which are ascending and differ. */
static size_t count_living(const struct snapshot *snapshot, const struct shared_segment *shared, const uint64_t *ids,
                           size_t count) {
    const struct noli_segment *segment = shared->data;
    size_t living = 0;
    if (!segment->sorted) {
        for (size_t row = 0; row < segment->rows; row++) {
            living += holds(ids, count, segment->ids[row]) && !noli_row_is_dead(snapshot, shared, row);
        }
        return living;
    }
    for (size_t i = 0; i < count; i++) {
        size_t row = lower_bound(segment->ids, segment->rows, ids[i]);
        for (; row < segment->rows && segment->ids[row] == ids[i]; row++) {
            living += !noli_row_is_dead(snapshot, shared, row);
        }
    }
    return living;
}

static int delta_holds(const struct snapshot *snapshot, const uint64_t *ids, size_t count) {
    for (size_t row = 0; row < snapshot->delta_rows; row++) {
        if (holds(ids, count, snapshot->delta->data->ids[row])) {
            return 1;
        }
    }
    return 0;
}

static size_t bury(struct snapshot *next, const uint64_t *ids, size_t count) {
    size_t total = 0;
    for (size_t i = 0; i < next->count; i++) {
        const size_t dead = count_living(next, next->segments[i], ids, count);
        next->segments[i]->dead += dead;
        total += dead;
    }
    for (size_t i = 0; i < count && total > 0; i++) {
        noli_deaths_add(next->deaths, ids[i], next->operation);
    }
    next->last_death = total > 0 ? next->operation : next->last_death;
    return total;
}

static int tombstone(struct noli_index *index, const uint64_t *ids, size_t count) {
    struct snapshot *next = noli_successor(index->now, 1);
    if (next == NULL || (delta_holds(next, ids, count) && noli_freeze(next) != 0) || reserve_deaths(next, count) != 0) {
        noli_release(next);
        return -1;
    }
    atomic_fetch_sub(&index->live, bury(next, ids, count));
    noli_publish(index, next);
    return 0;
}

int noli_index_tombstone(struct noli_index *index, const uint64_t *ids, size_t count) {
    if (count == 0) {
        return 0;
    }
    uint64_t *sorted = malloc(count * sizeof *sorted);
    if (sorted == NULL) {
        return -1;
    }
    memcpy(sorted, ids, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_number);
    size_t different = 1;
    for (size_t i = 1; i < count; i++) {
        if (sorted[i] != sorted[different - 1]) {
            sorted[different++] = sorted[i];
        }
    }
    pthread_mutex_lock(&index->writing);
    const int status = tombstone(index, sorted, different);
    pthread_mutex_unlock(&index->writing);
    free(sorted);
    return status;
}
