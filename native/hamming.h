/* SPDX-License-Identifier: Apache-2.0 */
/* Exact Hamming range search over 256-bit hashes: everything the rest of the kernel may call.
 *
 * A segment is an immutable set of hashes; index.h puts segments together into an index that changes.
 * A hash is four 64-bit words in the machine's own order: distances do not depend on it.
 * Nothing here knows Python, locks or threads; a segment may be searched by many threads at once. */
#ifndef NOLI_HAMMING_H
#define NOLI_HAMMING_H
#include <stddef.h>
#include <stdint.h>

#define NOLI_HASH_BYTES 32
#define NOLI_HASH_WORDS 4
/* How far a search goes, in bits: it finds every hash at most `exact` away, and most of those beyond, up to `limit`
 * (0..NOLI_MAX_LIMIT). What it misses beyond `exact` is a matter of which bits differ, not of chance: the same search
 * always finds the same. An exact search has both the same. */
struct noli_reach {
    int limit, exact;
};

/* Highest distance that can be asked for, in bits: above it a chunk would need radius 4, 2517 keys. */
#define NOLI_MAX_LIMIT 63

/* Code paths, worst first. All give bit-identical results. */
enum noli_kernel { NOLI_PORTABLE, NOLI_NEON, NOLI_AVX2, NOLI_AVX512 };
#define NOLI_KERNELS 4

/* Choose the best code path, or the one named `demand` (NULL: best). -1: this CPU or build lacks it. */
int noli_kernel_choose(const char *demand);
enum noli_kernel noli_kernel_chosen(void);
const char *noli_kernel_name(void);
/* Every path this CPU can run, best first; returns how many names were written. */
size_t noli_kernels_available(const char *names[NOLI_KERNELS]);

/* Fill the table of keys; once, before any search. */
void noli_hamming_prepare(void);

/* Rows are (hash, id). Identical hashes of a ring share one posting: row numbers below count different hashes. */
struct noli_segment {
    size_t rows;        /* ids */
    size_t unique;      /* different hashes; equal to `rows` where `first` is NULL */
    void *memory;       /* where all of the following lie */
    uint64_t *hashes;   /* unique x 4 words */
    uint64_t *ids;      /* rows; those of hash u are ids[first[u]] .. ids[first[u + 1] - 1] */
    uint32_t *first;    /* unique + 1, or NULL: hash u has the one id ids[u] */
    uint32_t *offsets;  /* 16 x 65537, or NULL: flat, no postings */
    uint16_t *next;     /* 16 x unique (+ padding): the chunk after the posting's own */
    uint32_t *postings; /* 16 x unique: row of the hash */
    size_t longest;     /* entries of the longest posting list */
    int sorted;         /* ids never decrease */
    size_t mapped;      /* bytes of `memory` that are a file's, shared with whoever else maps it; 0: allocated */
};

/* Flat segment with room for `capacity` rows and none in it; NULL: out of memory. */
struct noli_segment *noli_flat_new(size_t capacity);
/* Ring segment of `rows` rows (below 2^32); copies what it needs. NULL: out of memory. Any thread. */
struct noli_segment *noli_ring_new(const uint64_t *hashes, const uint64_t *ids, size_t rows);
void noli_segment_free(struct noli_segment *segment);
/* Bytes of all arrays of a segment of so many rows and different hashes; where it has memory, the arrays are placed
 * there. A ring has `first` exactly where hashes repeat. */
size_t noli_segment_lay_out(struct noli_segment *segment, int ring);
/* Bytes held, rounded as allocated. */
size_t noli_segment_bytes(const struct noli_segment *segment);

/* Called once for each hash within the limit, in no order. Returns the limit that counts from here on
 * (not above the first one); below 0 ends the search. `query` is 0 but in a join. */
typedef int (*noli_hit)(void *context, size_t query, size_t row, int distance);

/* All hashes at most `limit` bits from the query, among the first `rows` different ones. */
void noli_flat_search(const struct noli_segment *segment, size_t rows, const uint64_t *query, int limit, noli_hit hit,
                      void *context);
/* The same in a ring segment, and with a reach that need not be exact. */
void noli_ring_search(const struct noli_segment *segment, const uint64_t *query, struct noli_reach reach, noli_hit hit,
                      void *context);
/* The same for many queries (below 2^32) at once, fastest from some 2^18 on. What `hit` returns only counts below 0.
 * -1: out of memory. */
int noli_ring_join(const struct noli_segment *segment, const uint64_t *queries, size_t count, struct noli_reach reach,
                   noli_hit hit, void *context);

#endif
