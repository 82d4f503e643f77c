/* SPDX-License-Identifier: Apache-2.0 */
/* Which ids died, and at which operation: a table read by all while its one writer fills it. */
#ifndef NOLI_DEATHS_H
#define NOLI_DEATHS_H
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Smallest table, in slots. */
#define NOLI_DEATHS_LEAST 64

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

/* `slots` is a power of two. NULL: out of memory. */
struct deaths *noli_deaths_new(size_t slots);
void noli_deaths_release(struct deaths *deaths);
/* Whether the id died after operation `since` and not after `until`. */
int noli_died(struct deaths *deaths, uint64_t id, uint64_t since, uint64_t until);
/* There must be an empty slot left afterwards. */
void noli_deaths_add(struct deaths *deaths, uint64_t id, uint64_t when);
/* A table with the deaths after `since` and room for `more`, at most half full. NULL: out of memory. */
struct deaths *noli_deaths_copy(struct deaths *last, uint64_t since, size_t more);

#endif
