/* SPDX-License-Identifier: Apache-2.0 */
/* Results that grow. */
#ifndef NOLI_FOUND_H
#define NOLI_FOUND_H
#include "index.h"

/* -1: out of memory. */
int noli_found_add(struct noli_found *found, struct noli_neighbour neighbour);
int noli_found_add_capped(struct noli_found *found, uint32_t query);
/* Put the neighbours from `start` on in order: by query, distance, id. */
void noli_found_sort(struct noli_found *found, size_t start);

#endif
