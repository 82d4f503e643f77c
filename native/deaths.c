/* SPDX-License-Identifier: Apache-2.0 */
#include "deaths.h"

#include <stdlib.h>

static inline size_t slot_of(uint64_t id, size_t mask) {
    id *= 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */
    return (size_t)(id >> 32 ^ id) & mask;
}

struct deaths *noli_deaths_new(size_t slots) {
    struct deaths *deaths = calloc(1, sizeof *deaths + slots * sizeof(struct death));
    if (deaths != NULL) {
        atomic_init(&deaths->holders, 1);
        deaths->mask = slots - 1;
    }
    return deaths;
}

int noli_died(struct deaths *deaths, uint64_t id, uint64_t since, uint64_t until) {
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

void noli_deaths_add(struct deaths *deaths, uint64_t id, uint64_t when) {
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

struct deaths *noli_deaths_copy(struct deaths *last, uint64_t since, size_t more) {
    size_t slots = NOLI_DEATHS_LEAST;
    while (slots < 2 * (last->used + more)) {
        slots *= 2;
    }
    struct deaths *next = noli_deaths_new(slots);
    for (size_t i = 0; next != NULL && i <= last->mask; i++) {
        if (last->slots[i].when > since) {
            noli_deaths_add(next, last->slots[i].id, last->slots[i].when);
        }
    }
    return next;
}

void noli_deaths_release(struct deaths *deaths) {
    if (deaths != NULL && atomic_fetch_sub(&deaths->holders, 1) == 1) {
        free(deaths);
    }
}
