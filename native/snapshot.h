/* SPDX-License-Identifier: Apache-2.0 */
/* One state of the index, and what states share. For the files of the index alone.
 *
 * Rows go into a flat buffer of fixed room, the delta, behind the part that readers know of; publishing a new
 * snapshot makes them visible. A full delta is frozen, maintenance merges frozen ones into rings and small rings
 * into bigger ones. A snapshot never changes, so searches need no lock but for taking hold of one.
 *
 * A tombstone gives ids an operation number in the table of deaths. A row is dead where its id died after its
 * segment's last row came in; a delta that holds such an id is frozen first, so rows of a delta are never dead. */
#ifndef NOLI_SNAPSHOT_H
#define NOLI_SNAPSHOT_H
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "deaths.h"
#include "hamming.h"
#include "index.h"

/* Rows of the delta. A flat scan of it costs 1.5 us, a quarter of a search of 1 M rows. */
#define NOLI_DELTA_ROWS 4096
/* Flat rows from which a ring is made of them: the ring then costs less than their scan. */
#define NOLI_RING_ROWS 8192

struct shared_segment {
    atomic_size_t holders;
    /* Operation number when the last row came in. Freezing a delta sets it while older snapshots are searched: they
     * read the old or the new value, and both lie after every death that they know of. */
    _Atomic uint64_t as_of;
    size_t dead; /* rows; this and the next only writers look at, holding `writing` */
    int merging;
    struct noli_segment *data;
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
    pthread_mutex_t writing;     /* append, tombstone, and the short ends of maintenance */
    pthread_mutex_t maintaining; /* one merge at a time */
    pthread_mutex_t taking;      /* held for the copy of one pointer */
    struct snapshot *now;
    atomic_size_t live;
};

/* Takes `data` over, also where it fails. NULL: out of memory, or `data` is NULL. */
struct shared_segment *noli_share(struct noli_segment *data, uint64_t as_of);
struct shared_segment *noli_delta_new(void);
void noli_segment_release(struct shared_segment *segment);

/* Hold the present state. */
struct snapshot *noli_take(struct noli_index *index);
void noli_release(struct snapshot *snapshot);
/* Make `next` the present state; holding `writing`. */
void noli_publish(struct noli_index *index, struct snapshot *next);
/* A copy with room for `more` segments, to be changed by a writer before it is published. NULL: out of memory. */
struct snapshot *noli_successor(const struct snapshot *last, size_t more);
/* Make a segment visible as an append of all its rows; takes it over where 0 is returned, -1: out of memory. */
int noli_add_segment(struct noli_index *index, struct shared_segment *segment);
/* All rows that live in the snapshot as one ring, or flat where they are few. NULL: out of memory. */
struct noli_segment *noli_living(const struct snapshot *snapshot);
/* Turn the delta of an unpublished snapshot with room for one more segment into a segment. -1: out of memory. */
int noli_freeze(struct snapshot *next);

int noli_row_is_dead(const struct snapshot *snapshot, const struct shared_segment *segment, size_t row);

/* Rows of the segment with the same hash number `unique`: first up to, not with, end. */
static inline void noli_rows_of(const struct noli_segment *segment, size_t unique, size_t *first, size_t *end) {
    *first = segment->first == NULL ? unique : segment->first[unique];
    *end = segment->first == NULL ? unique + 1 : segment->first[unique + 1];
}

/* Copy rows behind those of a flat segment, which must have room. */
void noli_add_rows(struct noli_segment *flat, const uint64_t *hashes, const uint64_t *ids, size_t rows);
void noli_add_living(struct noli_segment *flat, const struct snapshot *snapshot, const struct shared_segment *from);

#endif
