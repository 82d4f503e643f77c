/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance: flat segments become a ring, small rings join a bigger one, rings with many dead rows are written anew.
 */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <time.h>

#include "snapshot.h"

/* A ring is merged once the smaller ones together reach this part of it. Each ring costs a search 2 us and more, so
 * there are few; a row is copied some 4 times for each fourfold growth, at 0.3 us. */
#define MERGE_PART 4
/* A ring is written anew once this part of its rows is dead, for their hashes must not stay. */
#define DEAD_PART 8
/* How often the dead are counted before writers have to wait for it. */
#define COUNTS 3

/* A ring of the rows of `flat`, or `flat` itself where it is small; takes it over either way. */
static struct noli_segment *settle(struct noli_segment *flat) {
    if (flat == NULL || flat->rows <= NOLI_DELTA_ROWS) {
        return flat;
    }
    struct noli_segment *ring = noli_ring_new(flat->hashes, flat->ids, flat->rows);
    noli_segment_free(flat);
    return ring;
}

static int by_rows(const void *a, const void *b) {
    const size_t x = (*(struct shared_segment *const *)a)->data->rows;
    const size_t y = (*(struct shared_segment *const *)b)->data->rows;
    return (x > y) - (x < y);
}

/* Segments to merge now, smallest ring first; `chosen` has room for all of them. */
static size_t choose(const struct snapshot *snapshot, struct shared_segment **chosen) {
    size_t flat_rows = 0;
    size_t flats = 0;
    for (size_t i = 0; i < snapshot->count; i++) {
        if (snapshot->segments[i]->data->offsets == NULL) {
            chosen[flats++] = snapshot->segments[i];
            flat_rows += snapshot->segments[i]->data->rows;
        }
    }
    if (flat_rows < NOLI_RING_ROWS) {
        flats = 0;
        flat_rows = 0;
    }
    size_t end = flats;
    for (size_t i = 0; i < snapshot->count; i++) {
        if (snapshot->segments[i]->data->offsets != NULL) {
            chosen[end++] = snapshot->segments[i];
        }
    }
    qsort(chosen + flats, end - flats, sizeof *chosen, by_rows);
    size_t count = flats;
    size_t smaller = flat_rows;
    for (size_t i = flats; i < end; i++) {
        if (smaller * MERGE_PART > chosen[i]->data->rows) {
            count = i + 1;
        }
        smaller += chosen[i]->data->rows;
    }
    for (size_t i = 0; i < snapshot->count && count == 0; i++) {
        if (snapshot->segments[i]->dead * DEAD_PART > snapshot->segments[i]->data->rows) {
            chosen[count++] = snapshot->segments[i];
        }
    }
    return count;
}

static int by_age(const void *a, const void *b) {
    const uint64_t x = atomic_load_explicit(&(*(struct shared_segment *const *)a)->as_of, memory_order_relaxed);
    const uint64_t y = atomic_load_explicit(&(*(struct shared_segment *const *)b)->as_of, memory_order_relaxed);
    return (x > y) - (x < y);
}

/* Oldest rows first: ids that were given in ascending order stay so, and are quick to find for a tombstone. */
static struct noli_segment *merge(const struct snapshot *snapshot, struct shared_segment **sources, size_t count) {
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        rows += sources[i]->data->rows;
    }
    qsort(sources, count, sizeof *sources, by_age);
    struct noli_segment *flat = noli_flat_new(rows);
    for (size_t i = 0; flat != NULL && i < count; i++) {
        noli_add_living(flat, snapshot, sources[i]);
    }
    return settle(flat);
}

/* Put `merged` where the sources were; holding `writing`. */
static int install(struct noli_index *index, struct shared_segment *merged) {
    struct snapshot *next = noli_successor(index->now, 1);
    if (next == NULL) {
        return -1;
    }
    size_t kept = 0;
    for (size_t i = 0; i < next->count; i++) {
        if (next->segments[i]->merging) {
            noli_segment_release(next->segments[i]);
        } else {
            next->segments[kept++] = next->segments[i];
        }
    }
    next->count = kept;
    if (merged->data->rows > 0) {
        atomic_fetch_add(&merged->holders, 1);
        next->segments[next->count++] = merged;
    }
    noli_publish(index, next);
    return 0;
}

/* Count the rows that died while `merged` was made; returns the last death that was looked at. */
static uint64_t count_dead(struct noli_index *index, struct shared_segment *merged) {
    struct snapshot *now = noli_take(index);
    const uint64_t last_death = now->last_death;
    merged->dead = 0;
    for (size_t row = 0; row < merged->data->rows && last_death > merged->as_of; row++) {
        merged->dead += (size_t)noli_row_is_dead(now, merged, row);
    }
    noli_release(now);
    return last_death;
}

/* Take `writing` with the dead counted. Counting 10 M rows takes a tenth of a second, in which others shall write;
 * where they end rows again and again, they have to wait in the end. */
static void lock_counted(struct noli_index *index, struct shared_segment *merged) {
    for (int tries = 0; tries < COUNTS; tries++) {
        const uint64_t last_death = count_dead(index, merged);
        pthread_mutex_lock(&index->writing);
        if (index->now->last_death == last_death) {
            return;
        }
        pthread_mutex_unlock(&index->writing);
    }
    pthread_mutex_lock(&index->writing);
    (void)count_dead(index, merged);
}

struct noli_segment *noli_living(const struct snapshot *snapshot) {
    size_t rows = snapshot->delta_rows;
    for (size_t i = 0; i < snapshot->count; i++) {
        rows += snapshot->segments[i]->data->rows;
    }
    struct noli_segment *flat = noli_flat_new(rows);
    for (size_t i = 0; flat != NULL && i < snapshot->count; i++) {
        noli_add_living(flat, snapshot, snapshot->segments[i]);
    }
    if (flat != NULL) {
        noli_add_rows(flat, snapshot->delta->data->hashes, snapshot->delta->data->ids, snapshot->delta_rows);
    }
    return settle(flat);
}

static void set_merging(struct shared_segment *const *sources, size_t count, int merging) {
    for (size_t i = 0; i < count; i++) {
        sources[i]->merging = merging;
    }
}

static int maintain(struct noli_index *index, struct shared_segment **sources, struct snapshot *snapshot,
                    size_t count) {
    struct shared_segment *merged = noli_share(merge(snapshot, sources, count), snapshot->operation);
    int status = -1;
    if (merged == NULL) {
        pthread_mutex_lock(&index->writing);
    } else {
        lock_counted(index, merged);
        status = install(index, merged);
    }
    set_merging(sources, count, 0);
    pthread_mutex_unlock(&index->writing);
    noli_segment_release(merged);
    return status == 0 ? 1 : -1;
}

/* Giving back hundreds of megabytes takes milliseconds: wait, up to 1 s, so that no search has to do it. */
static void outlive_readers(struct shared_segment *const *sources, size_t count) {
    const struct timespec pause = {0, 1000000};
    int tries = 0;
    for (size_t i = 0; i < count; i++) {
        for (; tries < 1000 && atomic_load(&sources[i]->holders) > 1; tries++) {
            nanosleep(&pause, NULL);
        }
    }
}

int noli_index_compact(struct noli_index *index) {
    pthread_mutex_lock(&index->maintaining);
    pthread_mutex_lock(&index->writing);
    struct snapshot *snapshot = noli_take(index);
    struct shared_segment **sources = malloc((snapshot->count + 1) * sizeof *sources);
    const size_t count = sources == NULL ? 0 : choose(snapshot, sources);
    set_merging(sources, count, 1);
    pthread_mutex_unlock(&index->writing);
    int status = sources == NULL ? -1 : 0;
    if (count > 0) {
        status = maintain(index, sources, snapshot, count);
    }
    if (status == 1) {
        outlive_readers(sources, count);
    }
    noli_release(snapshot);
    free(sources);
    pthread_mutex_unlock(&index->maintaining);
    return status;
}
