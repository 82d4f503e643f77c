/* SPDX-License-Identifier: Apache-2.0 */
#include "found.h"

#include <stdlib.h>
#include <string.h>

/* Room of the first allocation, in items. */
#define LEAST_ROOM 64

static int reserve(void **items, size_t *room, size_t count, size_t size) {
    if (count < *room) {
        return 0;
    }
    const size_t more = *room == 0 ? LEAST_ROOM : 2 * *room;
    void *grown = realloc(*items, more * size);
    if (grown == NULL) {
        return -1;
    }
    *items = grown;
    *room = more;
    return 0;
}

int noli_found_add(struct noli_found *found, struct noli_neighbour neighbour) {
    if (reserve((void **)&found->neighbours, &found->room, found->count, sizeof neighbour) != 0) {
        return -1;
    }
    found->neighbours[found->count++] = neighbour;
    return 0;
}

int noli_found_add_capped(struct noli_found *found, uint32_t query) {
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

void noli_found_sort(struct noli_found *found, size_t start) {
    if (found->count - start > 1) {
        qsort(found->neighbours + start, found->count - start, sizeof *found->neighbours, by_query);
    }
}
