/* SPDX-License-Identifier: Apache-2.0 */
/* Searching one state of the index; -1: out of memory. */
#ifndef NOLI_INDEX_SEARCH_H
#define NOLI_INDEX_SEARCH_H
#include "snapshot.h"

/* Search every segment for one query, add what was found, in order, to the end of `found` under this number. */
int noli_search_one(const struct snapshot *snapshot, const uint64_t *query, uint32_t number, struct noli_reach reach,
                    size_t most, struct noli_found *found);
/* The same for many queries, numbered from 0. */
int noli_search_all(const struct snapshot *snapshot, const uint64_t *queries, size_t count, struct noli_reach reach,
                    size_t most, struct noli_found *found);

#endif
