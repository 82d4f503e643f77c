/* SPDX-License-Identifier: Apache-2.0 */
/* Log-structured merge index over the segments of hamming.h.
 *
 * Rows go into a flat buffer of fixed room, the delta, behind the part that readers know of; publishing a new
 * snapshot makes them visible. A full delta is frozen, maintenance merges frozen ones into rings and small rings
 * into bigger ones. A snapshot never changes, so searches need no lock but for taking hold of one.
 *
 * A tombstone gives ids an operation number in the table of deaths. A row is dead where its id died after its
 * segment's last row came in; a delta that holds such an id is frozen first, so rows of a delta are never dead. */
#define _DEFAULT_SOURCE
#include "index.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hamming.h"

/* Rows of the delta. A flat scan of it costs 1.5 us, a fifth of a search of 1 M rows. */
#define DELTA_ROWS 4096
/* Flat rows from which a ring is made of them: the ring then costs less than their scan. */
#define RING_ROWS 8192
/* A ring is merged once the smaller ones together reach this part of it. Each ring costs a search 2 us and more, so
 * there are few; a row is copied some 4 times for each fourfold growth, at 0.3 us. */
#define MERGE_PART 4
/* A ring is written anew once this part of its rows is dead, for their hashes must not stay. */
#define DEAD_PART 8
/* Smallest table of deaths, in slots. */
#define DEATHS 64
/* Queries joined at once: 32 MB of them. Below 2^18 sorting gains little, above 2^20 nothing. */
#define JOIN_BLOCK ((size_t)1 << 20)
/* Queries from which sorting is faster than one search each. */
#define JOIN_LEAST 16384

/* ---- What snapshots share ---- */

struct shared_segment {
    atomic_size_t holders;
    size_t dead; /* rows; this and the next only writers look at, holding `writing` */
    int merging;
    struct noli_segment *data;
};

struct death {
    uint64_t id;
    _Atomic uint64_t when; /* operation number, 0: empty slot */
};

/* Open addressing, filled in place by the one writer; an id that dies again takes another slot. */
struct deaths {
    atomic_size_t holders;
    size_t mask;
    size_t used;
    struct death slots[];
};

struct snapshot {
    atomic_size_t holders;
    uint64_t operation;
    uint64_t last_death; /* operation number of the last tombstone */
    struct shared_segment *delta;
    size_t delta_rows;
    struct deaths *deaths;
    size_t count;
    struct shared_segment *segments[];
};

struct noli_index {
    pthread_mutex_t writing;    /* append, tombstone, and the short ends of maintenance */
    pthread_mutex_t maintaining; /* one merge at a time */
    pthread_mutex_t taking;     /* held for the copy of one pointer */
    struct snapshot *now;
    atomic_size_t live;
};

static struct shared_segment *share(struct noli_segment *data) {
    struct shared_segment *segment = data == NULL ? NULL : calloc(1, sizeof *segment);
    if (segment == NULL) {
        noli_segment_free(data);
        return NULL;
    }
    atomic_init(&segment->holders, 1);
    segment->data = data;
    return segment;
}

static struct shared_segment *delta_new(void) {
    struct shared_segment *delta = share(noli_flat_new(DELTA_ROWS));
    if (delta != NULL) {
        delta->data->as_of = UINT64_MAX; /* its rows outlive every death until it is frozen */
    }
    return delta;
}

static void release_segment(struct shared_segment *segment) {
    if (segment != NULL && atomic_fetch_sub(&segment->holders, 1) == 1) {
        noli_segment_free(segment->data);
        free(segment);
    }
}

static void release_deaths(struct deaths *deaths) {
    if (deaths != NULL && atomic_fetch_sub(&deaths->holders, 1) == 1) {
        free(deaths);
    }
}

static void release(struct snapshot *snapshot) {
    if (snapshot != NULL && atomic_fetch_sub(&snapshot->holders, 1) == 1) {
        for (size_t i = 0; i < snapshot->count; i++) {
            release_segment(snapshot->segments[i]);
        }
        release_segment(snapshot->delta);
        release_deaths(snapshot->deaths);
        free(snapshot);
    }
}

static struct snapshot *take(struct noli_index *index) {
    pthread_mutex_lock(&index->taking);
    struct snapshot *snapshot = index->now;
    atomic_fetch_add(&snapshot->holders, 1);
    pthread_mutex_unlock(&index->taking);
    return snapshot;
}

static void publish(struct noli_index *index, struct snapshot *next) {
    pthread_mutex_lock(&index->taking);
    struct snapshot *last = index->now;
    index->now = next;
    pthread_mutex_unlock(&index->taking);
    release(last);
}

/* A copy with room for `more` segments, to be changed by a writer before it is published. */
static struct snapshot *successor(const struct snapshot *last, size_t more) {
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

/* ---- Deaths ---- */

static inline size_t slot_of(uint64_t id, size_t mask) {
    id *= 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */
    return (size_t)(id >> 32 ^ id) & mask;
}

static struct deaths *deaths_new(size_t slots) {
    struct deaths *deaths = calloc(1, sizeof *deaths + slots * sizeof(struct death));
    if (deaths != NULL) {
        atomic_init(&deaths->holders, 1);
        deaths->mask = slots - 1;
    }
    return deaths;
}

/* Whether the id died after operation `since` and not after `until`. */
static int died(struct deaths *deaths, uint64_t id, uint64_t since, uint64_t until) {
    for (size_t slot = slot_of(id, deaths->mask);; slot = (slot + 1) & deaths->mask) {
        const uint64_t when = atomic_load_explicit(&deaths->slots[slot].when, memory_order_acquire);
        if (when == 0) {
            return 0;
        }
        if (deaths->slots[slot].id == id && when > since && when <= until) {
            return 1;
        }
    }
}

static void add_death(struct deaths *deaths, uint64_t id, uint64_t when) {
    size_t slot = slot_of(id, deaths->mask);
    while (atomic_load_explicit(&deaths->slots[slot].when, memory_order_relaxed) != 0) {
        if (deaths->slots[slot].id == id && deaths->slots[slot].when == when) {
            return;
        }
        slot = (slot + 1) & deaths->mask;
    }
    deaths->slots[slot].id = id;
    atomic_store_explicit(&deaths->slots[slot].when, when, memory_order_release);
    deaths->used++;
}

/* A table with the deaths after `since` and room for `more`, at most half full. */
static struct deaths *deaths_copy(struct deaths *last, uint64_t since, size_t more) {
    size_t slots = DEATHS;
    while (slots < 2 * (last->used + more)) {
        slots *= 2;
    }
    struct deaths *next = deaths_new(slots);
    for (size_t i = 0; next != NULL && i <= last->mask; i++) {
        if (last->slots[i].when > since) {
            add_death(next, last->slots[i].id, last->slots[i].when);
        }
    }
    return next;
}

/* Deaths up to here concern no row of the snapshot. */
static uint64_t oldest_rows(const struct snapshot *snapshot) {
    uint64_t oldest = snapshot->operation;
    for (size_t i = 0; i < snapshot->count; i++) {
        if (snapshot->segments[i]->data->as_of < oldest) {
            oldest = snapshot->segments[i]->data->as_of;
        }
    }
    return oldest;
}

/* Make room in the table of a snapshot that is not published yet. */
static int reserve_deaths(struct snapshot *next, size_t more) {
    if (2 * (next->deaths->used + more) <= next->deaths->mask + 1) {
        return 0;
    }
    struct deaths *deaths = deaths_copy(next->deaths, oldest_rows(next), more);
    if (deaths == NULL) {
        return -1;
    }
    release_deaths(next->deaths);
    next->deaths = deaths;
    return 0;
}

static inline int row_is_dead(const struct snapshot *snapshot, const struct noli_segment *segment, size_t row) {
    return snapshot->last_death > segment->as_of &&
           died(snapshot->deaths, segment->ids[row], segment->as_of, snapshot->operation);
}

/* ---- Copying rows that live ---- */

static void add_row(struct noli_segment *flat, const uint64_t *hash, uint64_t id) {
    memcpy(flat->hashes + flat->rows * NOLI_HASH_WORDS, hash, NOLI_HASH_BYTES);
    flat->ids[flat->rows++] = id;
    flat->unique = flat->rows;
}

static void add_living(struct noli_segment *flat, const struct snapshot *snapshot, const struct noli_segment *from) {
    for (size_t u = 0; u < from->unique; u++) {
        const size_t start = from->first == NULL ? u : from->first[u];
        const size_t end = from->first == NULL ? u + 1 : from->first[u + 1];
        for (size_t row = start; row < end; row++) {
            if (!row_is_dead(snapshot, from, row)) {
                add_row(flat, from->hashes + u * NOLI_HASH_WORDS, from->ids[row]);
            }
        }
    }
}

static void add_rows(struct noli_segment *flat, const struct noli_segment *from, size_t rows) {
    memcpy(flat->hashes + flat->rows * NOLI_HASH_WORDS, from->hashes, rows * NOLI_HASH_BYTES);
    memcpy(flat->ids + flat->rows, from->ids, rows * sizeof *from->ids);
    flat->rows += rows;
    flat->unique = flat->rows;
}

/* A ring of the rows of `flat`, or `flat` itself where it is small; takes it over either way. */
static struct noli_segment *settle(struct noli_segment *flat) {
    if (flat == NULL || flat->rows <= DELTA_ROWS) {
        return flat;
    }
    struct noli_segment *ring = noli_ring_new(flat->hashes, flat->ids, flat->rows);
    noli_segment_free(flat);
    return ring;
}

/* ---- Writing ---- */

/* Room for one more segment must be there. Whatever dies in this very operation may be among these rows. */
static int freeze(struct snapshot *next) {
    struct shared_segment *delta = delta_new();
    if (delta == NULL) {
        return -1;
    }
    struct shared_segment *last = next->count == 0 ? NULL : next->segments[next->count - 1];
    struct shared_segment *frozen = next->delta;
    if (last != NULL && last->data->offsets == NULL && !last->merging &&
        last->data->rows + next->delta_rows <= DELTA_ROWS) {
        /* Many tombstones freeze many small deltas: keep them one. */
        frozen = share(noli_flat_new(last->data->rows + next->delta_rows));
        if (frozen == NULL) {
            release_segment(delta);
            return -1;
        }
        add_living(frozen->data, next, last->data);
        add_rows(frozen->data, next->delta->data, next->delta_rows);
        release_segment(last);
        release_segment(next->delta);
        next->count--;
    } else {
        frozen->data->rows = next->delta_rows; /* readers of the delta go by their snapshot's count */
        frozen->data->unique = next->delta_rows;
    }
    frozen->data->as_of = next->operation - 1;
    next->segments[next->count++] = frozen;
    next->delta = delta;
    next->delta_rows = 0;
    return 0;
}

static int append_few(struct noli_index *index, const uint64_t *hashes, const uint64_t *ids, size_t rows) {
    struct snapshot *next = successor(index->now, 1);
    if (next == NULL) {
        return -1;
    }
    if (next->delta_rows + rows > DELTA_ROWS && freeze(next) != 0) {
        release(next);
        return -1;
    }
    struct noli_segment *delta = next->delta->data;
    memcpy(delta->hashes + next->delta_rows * NOLI_HASH_WORDS, hashes, rows * NOLI_HASH_BYTES);
    memcpy(delta->ids + next->delta_rows, ids, rows * sizeof *ids);
    next->delta_rows += rows;
    publish(index, next);
    return 0;
}

static struct noli_segment *segment_of(const uint64_t *hashes, const uint64_t *ids, size_t rows) {
    if (rows >= RING_ROWS) {
        return noli_ring_new(hashes, ids, rows);
    }
    struct noli_segment *flat = noli_flat_new(rows);
    if (flat != NULL) {
        const struct noli_segment given = {.hashes = (uint64_t *)hashes, .ids = (uint64_t *)ids};
        add_rows(flat, &given, rows);
    }
    return flat;
}

static int append_segment(struct noli_index *index, struct shared_segment *segment) {
    struct snapshot *next = successor(index->now, 1);
    if (next == NULL) {
        return -1;
    }
    segment->data->as_of = next->operation;
    next->segments[next->count++] = segment;
    publish(index, next);
    return 0;
}

int noli_index_append(struct noli_index *index, const uint64_t *hashes, const uint64_t *ids, size_t rows) {
    struct shared_segment *segment = NULL;
    if (rows == 0) {
        return 0;
    }
    if (rows > DELTA_ROWS) { /* made before the lock is taken: other writers go on */
        segment = share(segment_of(hashes, ids, rows));
        if (segment == NULL) {
            return -1;
        }
    }
    pthread_mutex_lock(&index->writing);
    const int status = segment != NULL ? append_segment(index, segment) : append_few(index, hashes, ids, rows);
    if (status == 0) {
        atomic_fetch_add(&index->live, rows);
    }
    pthread_mutex_unlock(&index->writing);
    if (status != 0) {
        release_segment(segment);
    }
    return status;
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
static size_t count_living(const struct snapshot *snapshot, const struct noli_segment *segment, const uint64_t *ids,
                           size_t count) {
    size_t living = 0;
    if (!segment->sorted) {
        for (size_t row = 0; row < segment->rows; row++) {
            living += holds(ids, count, segment->ids[row]) && !row_is_dead(snapshot, segment, row);
        }
        return living;
    }
    for (size_t i = 0; i < count; i++) {
        size_t row = lower_bound(segment->ids, segment->rows, ids[i]);
        for (; row < segment->rows && segment->ids[row] == ids[i]; row++) {
            living += !row_is_dead(snapshot, segment, row);
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
        const size_t dead = count_living(next, next->segments[i]->data, ids, count);
        next->segments[i]->dead += dead;
        total += dead;
    }
    for (size_t i = 0; i < count && total > 0; i++) {
        add_death(next->deaths, ids[i], next->operation);
    }
    next->last_death = total > 0 ? next->operation : next->last_death;
    return total;
}

static int tombstone(struct noli_index *index, const uint64_t *ids, size_t count) {
    struct snapshot *next = successor(index->now, 1);
    if (next == NULL || (delta_holds(next, ids, count) && freeze(next) != 0) || reserve_deaths(next, count) != 0) {
        release(next);
        return -1;
    }
    atomic_fetch_sub(&index->live, bury(next, ids, count));
    publish(index, next);
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

/* ---- Maintenance ---- */

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
    if (flat_rows < RING_ROWS) {
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

static struct noli_segment *merge(const struct snapshot *snapshot, struct shared_segment *const *sources,
                                  size_t count) {
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        rows += sources[i]->data->rows;
    }
    struct noli_segment *flat = noli_flat_new(rows);
    for (size_t i = 0; flat != NULL && i < count; i++) {
        add_living(flat, snapshot, sources[i]->data);
    }
    struct noli_segment *merged = settle(flat);
    if (merged != NULL) {
        merged->as_of = snapshot->operation;
    }
    return merged;
}

/* Put `merged` where the sources were. */
static int install(struct noli_index *index, struct shared_segment *merged) {
    struct snapshot *next = successor(index->now, 1);
    if (next == NULL) {
        return -1;
    }
    size_t kept = 0;
    for (size_t i = 0; i < next->count; i++) {
        if (next->segments[i]->merging) {
            release_segment(next->segments[i]);
        } else {
            next->segments[kept++] = next->segments[i];
        }
    }
    next->count = kept;
    if (merged->data->rows > 0) {
        for (size_t row = 0; row < merged->data->rows && next->last_death > merged->data->as_of; row++) {
            merged->dead += (size_t)row_is_dead(next, merged->data, row);
        }
        atomic_fetch_add(&merged->holders, 1);
        next->segments[next->count++] = merged;
    }
    publish(index, next);
    return 0;
}

static void set_merging(struct shared_segment *const *sources, size_t count, int merging) {
    for (size_t i = 0; i < count; i++) {
        sources[i]->merging = merging;
    }
}

static int maintain(struct noli_index *index, struct shared_segment **sources, struct snapshot *snapshot,
                    size_t count) {
    struct shared_segment *merged = share(merge(snapshot, sources, count));
    pthread_mutex_lock(&index->writing);
    const int status = merged == NULL ? -1 : install(index, merged);
    set_merging(sources, count, 0);
    pthread_mutex_unlock(&index->writing);
    release_segment(merged);
    return status == 0 ? 1 : -1;
}

/* Giving back hundreds of megabytes takes milliseconds: wait, up to 1 s, so that no search has to do it. */
static void outlive_readers(const struct shared_segment *source) {
    const struct timespec pause = {0, 1000000};
    for (int tries = 0; tries < 1000 && atomic_load(&source->holders) > 1; tries++) {
        nanosleep(&pause, NULL);
    }
}

int noli_index_compact(struct noli_index *index) {
    pthread_mutex_lock(&index->maintaining);
    pthread_mutex_lock(&index->writing);
    struct snapshot *snapshot = take(index);
    struct shared_segment **sources = malloc((snapshot->count + 1) * sizeof *sources);
    const size_t count = sources == NULL ? 0 : choose(snapshot, sources);
    set_merging(sources, count, 1);
    pthread_mutex_unlock(&index->writing);
    int status = sources == NULL ? -1 : 0;
    if (count > 0) {
        status = maintain(index, sources, snapshot, count);
    }
    if (status == 1) {
        outlive_readers(sources[0]);
    }
    release(snapshot);
    free(sources);
    pthread_mutex_unlock(&index->maintaining);
    return status;
}

/* ---- Searching ---- */

static int reserve(void **items, size_t *room, size_t count, size_t size) {
    if (count < *room) {
        return 0;
    }
    const size_t more = *room == 0 ? 64 : 2 * *room;
    void *grown = realloc(*items, more * size);
    if (grown == NULL) {
        return -1;
    }
    *items = grown;
    *room = more;
    return 0;
}

static int add_neighbour(struct noli_found *found, struct noli_neighbour neighbour) {
    if (reserve((void **)&found->neighbours, &found->room, found->count, sizeof neighbour) != 0) {
        return -1;
    }
    found->neighbours[found->count++] = neighbour;
    return 0;
}

static int add_capped(struct noli_found *found, uint32_t query) {
    if (reserve((void **)&found->capped, &found->capped_room, found->capped_count, sizeof query) != 0) {
        return -1;
    }
    found->capped[found->capped_count++] = query;
    return 0;
}

void noli_found_free(struct noli_found *found) {
    free(found->neighbours);
    free(found->capped);
    memset(found, 0, sizeof *found);
}

/* One query's nearest rows: a heap with the farthest on top, at the end of `found`. */
struct nearest {
    const struct snapshot *snapshot;
    const struct noli_segment *segment;
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
        nearest->failed |= add_neighbour(nearest->found, row);
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
    const struct noli_segment *segment = nearest->segment;
    const size_t start = segment->first == NULL ? unique : segment->first[unique];
    const size_t end = segment->first == NULL ? unique + 1 : segment->first[unique + 1];
    (void)query;
    for (size_t row = start; row < end && distance <= nearest->limit && !nearest->failed; row++) {
        if (!row_is_dead(nearest->snapshot, segment, row)) {
            offer(nearest, segment->ids[row], distance);
        }
    }
    return nearest->failed ? -1 : nearest->limit;
}

static int by_query(const void *a, const void *b) {
    const struct noli_neighbour *x = a;
    const struct noli_neighbour *y = b;
    if (x->query != y->query) {
        return x->query < y->query ? -1 : 1;
    }
    if (x->distance != y->distance) {
        return x->distance < y->distance ? -1 : 1;
    }
    return (x->id > y->id) - (x->id < y->id);
}

/* Search every segment, add what was found to the end of `found`. */
static int search_one(const struct snapshot *snapshot, const uint64_t *query, uint32_t number, int limit, size_t most,
                      struct noli_found *found) {
    struct nearest nearest = {snapshot, snapshot->delta->data, found, found->count, most, number, limit, 0, 0};
    noli_flat_search(nearest.segment, snapshot->delta_rows, query, limit, on_hit, &nearest);
    for (size_t i = 0; i < snapshot->count && nearest.limit >= 0 && !nearest.failed; i++) {
        nearest.segment = snapshot->segments[i]->data;
        if (nearest.segment->offsets == NULL) {
            noli_flat_search(nearest.segment, nearest.segment->rows, query, nearest.limit, on_hit, &nearest);
        } else {
            noli_ring_search(nearest.segment, query, nearest.limit, on_hit, &nearest);
        }
    }
    if (nearest.failed || (nearest.capped && add_capped(found, number) != 0)) {
        return -1;
    }
    if (found->count - nearest.start > 1) {
        qsort(found->neighbours + nearest.start, found->count - nearest.start, sizeof *found->neighbours, by_query);
    }
    return 0;
}

static int search_all(const struct snapshot *snapshot, const uint64_t *queries, size_t count, int limit, size_t most,
                      struct noli_found *found) {
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        status = search_one(snapshot, queries + i * NOLI_HASH_WORDS, (uint32_t)i, limit, most, found);
    }
    return status;
}

int noli_index_search(struct noli_index *index, const uint64_t *queries, size_t count, int limit, size_t most,
                      struct noli_found *found) {
    struct snapshot *snapshot = take(index);
    const int status = search_all(snapshot, queries, count, limit, most, found);
    release(snapshot);
    return status;
}

/* ---- Joining ---- */

struct join {
    const struct snapshot *snapshot;
    const struct noli_segment *segment;
    struct noli_found *found;
    uint32_t *counts; /* rows found of each query; above `most`: too many, search it again */
    size_t most;
    size_t base; /* number of the block's first query */
    int limit;
    int failed;
};

static int on_join(void *context, size_t query, size_t unique, int distance) {
    struct join *join = context;
    const struct noli_segment *segment = join->segment;
    const size_t start = segment->first == NULL ? unique : segment->first[unique];
    const size_t end = segment->first == NULL ? unique + 1 : segment->first[unique + 1];
    for (size_t row = start; row < end && join->counts[query] <= join->most && !join->failed; row++) {
        if (!row_is_dead(join->snapshot, segment, row)) {
            const uint32_t number = (uint32_t)(join->base + query);
            join->counts[query]++;
            if (join->counts[query] <= join->most) {
                join->failed |=
                    add_neighbour(join->found, (struct noli_neighbour){segment->ids[row], number, (uint32_t)distance});
            }
        }
    }
    return join->failed ? -1 : join->limit;
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
            search_one(join->snapshot, queries + i * NOLI_HASH_WORDS, (uint32_t)(join->base + i), join->limit,
                       join->most, found) != 0) {
            return -1;
        }
    }
    if (found->count - start > 1) {
        qsort(found->neighbours + start, found->count - start, sizeof *found->neighbours, by_query);
    }
    return 0;
}

static int join_block(struct join *join, const uint64_t *queries, size_t count, const struct noli_segment *rest) {
    const size_t start = join->found->count;
    const struct snapshot *snapshot = join->snapshot;
    memset(join->counts, 0, count * sizeof *join->counts);
    for (size_t i = 0; i <= snapshot->count && !join->failed; i++) {
        join->segment = i < snapshot->count ? snapshot->segments[i]->data : rest;
        if (join->segment->offsets != NULL && join->segment->rows > 0) {
            join->failed |= noli_ring_join(join->segment, queries, count, join->limit, on_join, join);
        }
    }
    return join->failed ? -1 : finish_block(join, queries, count, start);
}

/* All flat rows of a snapshot as a ring of their own: a join has the time to make one. */
static struct noli_segment *ring_of_flats(const struct snapshot *snapshot) {
    size_t rows = snapshot->delta_rows;
    for (size_t i = 0; i < snapshot->count; i++) {
        rows += snapshot->segments[i]->data->offsets == NULL ? snapshot->segments[i]->data->rows : 0;
    }
    struct noli_segment *flat = noli_flat_new(rows);
    if (flat == NULL) {
        return NULL;
    }
    add_rows(flat, snapshot->delta->data, snapshot->delta_rows);
    for (size_t i = 0; i < snapshot->count; i++) {
        if (snapshot->segments[i]->data->offsets == NULL) {
            add_living(flat, snapshot, snapshot->segments[i]->data);
        }
    }
    struct noli_segment *ring = noli_ring_new(flat->hashes, flat->ids, flat->rows);
    noli_segment_free(flat);
    if (ring != NULL) {
        ring->as_of = snapshot->operation;
    }
    return ring;
}

static int join_all(const struct snapshot *snapshot, const uint64_t *queries, size_t count, int limit, size_t most,
                    struct noli_found *found) {
    const size_t block = count < JOIN_BLOCK ? count : JOIN_BLOCK;
    struct noli_segment *rest = ring_of_flats(snapshot);
    uint32_t *counts = malloc(block * sizeof *counts);
    struct join join = {snapshot, NULL, found, counts, most, 0, limit, 0};
    int status = rest == NULL || counts == NULL ? -1 : 0;
    for (; join.base < count && status == 0; join.base += block) {
        const size_t piece = count - join.base < block ? count - join.base : block;
        status = join_block(&join, queries + join.base * NOLI_HASH_WORDS, piece, rest);
    }
    noli_segment_free(rest);
    free(counts);
    return status;
}

int noli_index_join(struct noli_index *index, const uint64_t *queries, size_t count, int limit, size_t most,
                    struct noli_found *found) {
    struct snapshot *snapshot = take(index);
    const int status = count < JOIN_LEAST ? search_all(snapshot, queries, count, limit, most, found)
                                          : join_all(snapshot, queries, count, limit, most, found);
    release(snapshot);
    return status;
}

/* ---- Life ---- */

struct noli_index *noli_index_new(void) {
    struct noli_index *index = calloc(1, sizeof *index);
    struct snapshot *first = calloc(1, sizeof *first);
    struct shared_segment *delta = delta_new();
    struct deaths *deaths = deaths_new(DEATHS);
    if (index == NULL || first == NULL || delta == NULL || deaths == NULL) {
        free(index);
        free(first);
        release_segment(delta);
        release_deaths(deaths);
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
        release(index->now);
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
    struct snapshot *snapshot = take(index);
    size_t bytes = sizeof *index + DELTA_ROWS * (NOLI_HASH_BYTES + sizeof(uint64_t)) +
                   (snapshot->deaths->mask + 1) * sizeof(struct death);
    for (size_t i = 0; i < snapshot->count; i++) {
        bytes += noli_segment_bytes(snapshot->segments[i]->data);
    }
    release(snapshot);
    return bytes;
}
