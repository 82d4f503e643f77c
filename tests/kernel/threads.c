/* SPDX-License-Identifier: Apache-2.0 */
/* Writers, readers and maintenance of one index at the same time; test_sanitizers.py runs it where races are seen. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "hamming.h"
#include "index.h"

#define WRITERS 2
#define READERS 2
#define APPENDS 1000
#define BATCH 40
/* Each so many appends one tombstone. */
#define TOMBSTONE_EVERY 20

static struct noli_index *index_under_test;
static atomic_int writing = WRITERS;

/* splitmix64. Source: Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014). */
static uint64_t draw(uint64_t *state) {
    uint64_t x = (*state += 0x9e3779b97f4a7c15u);
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static void *write_rows(void *seed) {
    uint64_t state = (uintptr_t)seed;
    uint64_t hashes[BATCH * NOLI_HASH_WORDS];
    uint64_t ids[BATCH];
    for (uint64_t n = 0; n < APPENDS; n++) {
        for (size_t i = 0; i < BATCH * NOLI_HASH_WORDS; i++) {
            hashes[i] = draw(&state);
        }
        for (size_t i = 0; i < BATCH; i++) {
            ids[i] = n % 50;
        }
        noli_index_append(index_under_test, hashes, ids, BATCH);
        if (n % TOMBSTONE_EVERY == 0) {
            noli_index_tombstone(index_under_test, ids, 1);
        }
    }
    atomic_fetch_sub(&writing, 1);
    return NULL;
}

static void *read_rows(void *seed) {
    uint64_t state = (uintptr_t)seed;
    while (atomic_load(&writing) > 0) {
        const uint64_t query[NOLI_HASH_WORDS] = {draw(&state), draw(&state), draw(&state), draw(&state)};
        struct noli_found found = {0};
        noli_index_search(index_under_test, query, 1, (struct noli_reach){NOLI_MAX_LIMIT, NOLI_MAX_LIMIT}, 10, &found);
        noli_found_free(&found);
        (void)noli_index_length(index_under_test);
        (void)noli_index_bytes(index_under_test);
    }
    return NULL;
}

static void *maintain(void *unused) {
    (void)unused;
    while (atomic_load(&writing) > 0) {
        noli_index_compact(index_under_test);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[WRITERS + READERS + 1];
    size_t count = 0;
    noli_kernel_choose(NULL);
    noli_hamming_prepare();
    index_under_test = noli_index_new();
    for (uintptr_t n = 0; n < WRITERS; n++) {
        pthread_create(&threads[count++], NULL, write_rows, (void *)(n + 1));
    }
    for (uintptr_t n = 0; n < READERS; n++) {
        pthread_create(&threads[count++], NULL, read_rows, (void *)(n + 9));
    }
    pthread_create(&threads[count++], NULL, maintain, NULL);
    while (count > 0) {
        pthread_join(threads[--count], NULL);
    }
    printf("%zu rows\n", noli_index_length(index_under_test));
    noli_index_free(index_under_test);
    return 0;
}
