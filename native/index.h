/* SPDX-License-Identifier: Apache-2.0 */
/* An index that changes while it is searched: a list of (hash, id) rows, ids need not be unique.
 *
 * Any function may be called from any thread at any time. A search sees one state of the index: all of an append or
 * none, all of a tombstone or none. Searches never wait for the work of a writer; writers wait for one another.
 * Functions that return int give -1 where memory ran out; the index is then as it was before. */
#ifndef NOLI_INDEX_H
#define NOLI_INDEX_H
#include <stddef.h>
#include <stdint.h>

#include "hamming.h"

struct noli_index;
struct snapshot;

struct noli_neighbour {
    uint64_t id;
    uint32_t query;
    uint32_t distance; /* bits */
};

/* Starts as all zeros; noli_found_free() gives back what it holds. */
struct noli_found {
    struct noli_neighbour *neighbours; /* by query, distance, id */
    size_t count;
    size_t room;
    uint32_t *capped; /* queries that have more neighbours than asked for, in order */
    size_t capped_count;
    size_t capped_room;
};

struct noli_index *noli_index_new(void);
void noli_index_free(struct noli_index *index);
/* Rows appended and not tombstoned. */
size_t noli_index_length(struct noli_index *index);
size_t noli_index_bytes(struct noli_index *index);
int noli_index_append(struct noli_index *index, const uint64_t *hashes, const uint64_t *ids, size_t rows);
/* Every row that now has one of these ids stops matching; rows that come later match again. */
int noli_index_tombstone(struct noli_index *index, const uint64_t *ids, size_t count);
/* One step of maintenance: 1 done, 0 nothing to do. */
int noli_index_compact(struct noli_index *index);
/* The `most` (1 or more) nearest rows of each query (below 2^32 of them), as far as the search reaches; which of
 * equally near ones is not defined. noli_index_join() finds the same, faster from ten thousand queries on. */
int noli_index_search(struct noli_index *index, const uint64_t *queries, size_t count, struct noli_reach reach,
                      size_t most, struct noli_found *found);
int noli_index_join(struct noli_index *index, const uint64_t *queries, size_t count, struct noli_reach reach,
                    size_t most, struct noli_found *found);
/* The rows that live now, whatever happens to the index later; noli_index_let_go() gives them back. */
struct snapshot *noli_index_hold(struct noli_index *index);
void noli_index_let_go(struct snapshot *held);
/* Write rows as an image, from the file's present position on. A map of an image shares its pages with every process
 * that maps it; the file must not change meanwhile, and who maps it must trust what is in it.
 * -2: writing failed, errno says why. */
int noli_index_write_held(const struct snapshot *held, int file);
int noli_index_write(struct noli_index *index, int file);
/* Append the rows of an image at `offset`, a multiple of the page's size, in one step. `bytes` is the image's length.
 * -2: mapping failed, errno says why; -3: no image that this build reads. */
int noli_index_map(struct noli_index *index, int file, uint64_t offset, uint64_t bytes);
void noli_found_free(struct noli_found *found);

#endif
