/* SPDX-License-Identifier: Apache-2.0 */
/* Many queries in a ring segment. For each chunk the queries are sorted by its key; those of one key need the same
 * lists, which are copied side by side once and then compared with query after query out of the nearest cache. Keys
 * go up, so that the lists are read as a few streams instead of at random. */
#include <stdlib.h>
#include <string.h>

#include "ring.h"

/* Entries gathered at a time, 8 KB: with bank sizes up to 15 M all lists of a key at radius 1. */
#define ENTRIES 4096

/* A posting list is long from this part of all hashes on, at 1 M 250 times the mean. */
#define LONG_PART 256
/* And not below so many entries. */
#define LONG_LEAST 64

/* Lists side by side; those with the same number of flipped bits, and so the same bound, follow one another. */
struct gathered {
    size_t length;
    size_t lists;
    uint32_t end[NOLI_MASKS + 1];    /* of each list, in `near` */
    uint64_t origin[NOLI_MASKS + 1]; /* add to a place in `near` for the posting's position */
    size_t levels;
    uint32_t level_end[4];
    uint16_t bound[4];
    uint16_t near[ENTRIES + 2 * NOLI_BLOCK];
};

struct join {
    struct noli_ring ring;
    unsigned chunk;
    uint32_t *starts; /* NOLI_OFFSETS: where the queries of each key start in `order` */
    uint32_t *order;  /* numbers of queries */
    uint16_t *nexts;  /* their next chunk, in the same order */
    struct gathered lists;
    uint16_t places[ENTRIES + NOLI_BLOCK];
};

static void sort_by_chunk(struct join *join, size_t count) {
    const uint64_t *queries = join->ring.queries;
    uint32_t *starts = join->starts;
    memset(starts, 0, NOLI_OFFSETS * sizeof *starts);
    for (size_t i = 0; i < count; i++) {
        starts[noli_chunk(queries + i * NOLI_HASH_WORDS, join->chunk)]++;
    }
    uint32_t start = 0;
    for (size_t key = 0; key < NOLI_KEYS; key++) {
        start += starts[key];
        starts[key] = start;
    }
    starts[NOLI_KEYS] = start;
    /* Backwards from the ends: each start arrives where it belongs. */
    for (size_t i = count; i-- > 0;) {
        const uint64_t *query = queries + i * NOLI_HASH_WORDS;
        const uint32_t place = --starts[noli_chunk(query, join->chunk)];
        join->order[place] = (uint32_t)i;
        join->nexts[place] = noli_chunk(query, (join->chunk + 1) % NOLI_CHUNKS);
    }
}

static void add_candidates(struct join *join, uint32_t number, size_t count) {
    const struct gathered *lists = &join->lists;
    size_t list = 0;
    for (size_t i = 0; i < count && join->ring.limit >= 0; i++) {
        while (join->places[i] >= lists->end[list]) {
            list++;
        }
        if (join->ring.count == NOLI_CANDIDATES) {
            noli_ring_verify(&join->ring);
        }
        NOLI_FETCH(join->ring.queries + (size_t)number * NOLI_HASH_WORDS);
        noli_ring_add(&join->ring, lists->origin[list] + join->places[i], number);
    }
}

static void scan_gathered(struct join *join, uint32_t first, uint32_t end) {
    struct gathered *lists = &join->lists;
    for (uint32_t n = first; n < end && join->ring.limit >= 0; n++) {
        size_t found = 0;
        uint32_t start = 0;
        for (size_t level = 0; level < lists->levels; level++) {
            const size_t before = found;
            found += join->ring.scans->near(lists->near + start, lists->level_end[level] - start, join->nexts[n],
                                            lists->bound[level], join->places + found);
            for (size_t i = before; i < found; i++) {
                join->places[i] = (uint16_t)(join->places[i] + start);
            }
            start = lists->level_end[level];
        }
        if (found > 0) {
            add_candidates(join, join->order[n], found);
        }
    }
    lists->length = 0;
    lists->lists = 0;
    lists->levels = 0;
}

/* Copy whole blocks: what comes behind a list is overwritten by the next one. */
NOLI_INLINE void copy_entries(uint16_t *to, const uint16_t *from, size_t length) {
    for (size_t i = 0; i < length; i += NOLI_BLOCK) {
        memcpy(to + i, from + i, NOLI_BLOCK * sizeof *to);
    }
}

static void add_list(struct gathered *lists, const uint16_t *entries, uint64_t position, size_t length,
                     uint16_t bound) {
    copy_entries(lists->near + lists->length, entries + position, length);
    lists->origin[lists->lists] = position - lists->length;
    lists->length += length;
    lists->end[lists->lists++] = (uint32_t)lists->length;
    if (lists->levels == 0 || lists->bound[lists->levels - 1] != bound) {
        lists->bound[lists->levels++] = bound;
    }
    lists->level_end[lists->levels - 1] = (uint32_t)lists->length;
}

/* Compare the queries first .. end - 1 in order, which all have this key, with the lists that it needs. */
static void join_key(struct join *join, uint16_t key, uint32_t first, uint32_t end) {
    const struct noli_segment *segment = join->ring.segment;
    const uint32_t *offsets = segment->offsets + (size_t)join->chunk * NOLI_OFFSETS;
    const size_t base = join->chunk * segment->unique;
    const size_t keys = noli_keys_of(&join->ring.bounds, join->chunk);
    for (size_t k = 0; k < keys; k++) {
        const size_t probe = (size_t)(key ^ noli_masks.mask[k]);
        const uint16_t bound = (uint16_t)(join->ring.bounds.prefix - noli_masks.flips[k]);
        size_t start = offsets[probe];
        size_t length = offsets[probe + 1] - start;
        while (join->lists.length + length > ENTRIES) {
            const size_t piece = ENTRIES - join->lists.length;
            add_list(&join->lists, segment->next, base + start, piece, bound);
            scan_gathered(join, first, end);
            start += piece;
            length -= piece;
        }
        add_list(&join->lists, segment->next, base + start, length, bound);
    }
    scan_gathered(join, first, end);
}

static void join_chunk(struct join *join, size_t count) {
    sort_by_chunk(join, count);
    for (size_t key = 0; key < NOLI_KEYS && join->ring.limit >= 0; key++) {
        if (join->starts[key] < join->starts[key + 1]) {
            join_key(join, (uint16_t)key, join->starts[key], join->starts[key + 1]);
        }
    }
}

/* Passes hits of one query on under its number. */
struct numbered {
    noli_hit hit;
    void *context;
    size_t number;
    int limit;
};

static int pass_on(void *context, size_t query, size_t row, int distance) {
    struct numbered *numbered = context;
    (void)query;
    numbered->limit = numbered->hit(numbered->context, numbered->number, row, distance);
    return numbered->limit;
}

/* Where many hashes share a chunk, a search can go by the hashes instead of the lists; a join cannot. */
static void search_each(const struct noli_segment *segment, const uint64_t *queries, size_t count,
                        struct noli_reach reach, noli_hit hit, void *context) {
    struct numbered numbered = {hit, context, 0, reach.limit};
    for (; numbered.number < count && numbered.limit >= 0; numbered.number++) {
        noli_ring_search(segment, queries + numbered.number * NOLI_HASH_WORDS, reach, pass_on, &numbered);
    }
}

int noli_ring_join(const struct noli_segment *segment, const uint64_t *queries, size_t count, struct noli_reach reach,
                   noli_hit hit, void *context) {
    if (segment->longest > LONG_LEAST && segment->longest > segment->unique / LONG_PART) {
        search_each(segment, queries, count, reach, hit, context);
        return 0;
    }
    struct join *join = malloc(sizeof *join);
    uint32_t *order = malloc((count + NOLI_OFFSETS) * sizeof *order + count * sizeof(uint16_t));
    if (join == NULL || order == NULL) {
        free(join);
        free(order);
        return -1;
    }
    noli_ring_begin(&join->ring, segment, queries, reach, hit, context);
    join->order = order;
    join->starts = order + count;
    join->nexts = (uint16_t *)(join->starts + NOLI_OFFSETS);
    join->lists.length = 0;
    join->lists.lists = 0;
    join->lists.levels = 0;
    for (join->chunk = 0; join->chunk < NOLI_CHUNKS && join->ring.limit >= 0; join->chunk++) {
        join_chunk(join, count);
    }
    if (join->ring.limit >= 0) {
        noli_ring_verify(&join->ring);
    }
    free(order);
    free(join);
    return 0;
}
