/* SPDX-License-Identifier: Apache-2.0 */
/* Exact Hamming range search on immutable segments.
 *
 * Ring filter. Cut a hash into 16 chunks of 16 bits on a ring, d_c the distance in chunk c. If the distance is at
 * most L, then by the cycle lemma some chunk c has every prefix d_c + d_{c+1} + ... + d_{c+k-1} <= k * L / 16.
 * Two prefixes are used: d_c <= L / 16 chooses the keys to look up, d_c + d_{c+1} <= L / 8 is tested on a copy of
 * the next chunk that lies beside each posting. At L = 31 it passes 0.26 % of the postings, so little is verified.
 * A pair is reported only by the lowest chunk that fulfils both: no set of seen rows is needed.
 * Source: Qin, Xiao: "Pigeonring: A Principle for Faster Thresholded Similarity Search", PVLDB 12 (2018). */
#define _DEFAULT_SOURCE
#include "hamming.h"

#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define CHUNKS 16
#define KEYS 65536
#define OFFSETS (KEYS + 1)
/* Entries read past the end by the widest load without a mask: 32 x uint16_t. */
#define PADDING 32
/* Longest piece of a posting list scanned at once; longer lists are cut. */
#define RUN_ENTRIES 512
/* Lists looked up together: the 272 of radius 1 fit, so that all their cache misses overlap. */
#define RUNS 512
/* Survivors verified together; at least 2 * RUN_ENTRIES, so that a run always fits. */
#define SURVIVORS 1024
/* Hashes of a flat segment compared between two looks at the result. */
#define FLAT_ROWS 512
/* From here on huge pages pay: 1.28 x at 10 M hashes. */
#define HUGE_PAGE ((size_t)2 << 20)

/* A piece of one posting list, and what its entries are compared with. */
struct run {
    size_t start;
    uint32_t length;
    uint16_t next;
    uint16_t bound;
};

/* Survivors of the ring filter: index into `postings`. */
struct survivors {
    size_t count;
    size_t position[SURVIVORS];
};

/* ---- The three inner loops, portable first ---- */

/* Scan runs until done or the list could overflow; returns how many runs were scanned. */
typedef size_t (*scan_runs)(const uint16_t *next, const struct run *runs, size_t count, struct survivors *out);
/* Distances of up to FLAT_ROWS hashes to the query; rows within the limit go to `out`; returns how many. */
typedef size_t (*scan_flat)(const uint64_t *hashes, size_t rows, const uint64_t *query, int limit, uint16_t *out);

static inline int distance(const uint64_t *a, const uint64_t *b) {
    return __builtin_popcountll(a[0] ^ b[0]) + __builtin_popcountll(a[1] ^ b[1]) + __builtin_popcountll(a[2] ^ b[2]) +
           __builtin_popcountll(a[3] ^ b[3]);
}

/* Set bits of each 16-bit lane. */
static inline uint64_t lane_counts(uint64_t x) {
    x -= (x >> 1) & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (x + (x >> 8)) & 0x00ff00ff00ff00ffu;
}

static size_t scan_runs_portable(const uint16_t *next, const struct run *runs, size_t count, struct survivors *out) {
    size_t found = out->count;
    size_t n = 0;
    for (; n < count && found <= SURVIVORS - RUN_ENTRIES; n++) {
        const uint64_t query = runs[n].next * 0x0001000100010001u;
        const uint64_t slack = (0x7fffu - runs[n].bound) * 0x0001000100010001u;
        for (uint32_t i = 0; i < runs[n].length; i += 4) {
            uint64_t lanes;
            memcpy(&lanes, next + runs[n].start + i, sizeof lanes);
            /* The top bit of a lane is set where its count is above the bound. */
            if (((lane_counts(lanes ^ query) + slack) & 0x8000800080008000u) == 0x8000800080008000u) {
                continue;
            }
            for (uint32_t k = i; k < i + 4 && k < runs[n].length; k++) {
                out->position[found] = runs[n].start + k;
                found += __builtin_popcount((unsigned)(next[runs[n].start + k] ^ runs[n].next)) <= runs[n].bound;
            }
        }
    }
    out->count = found;
    return n;
}

static inline __attribute__((always_inline)) size_t flat_words(const uint64_t *hashes, size_t rows,
                                                               const uint64_t *query, int limit, uint16_t *out) {
    size_t found = 0;
    for (size_t row = 0; row < rows; row++) {
        const uint64_t *hash = hashes + row * NOLI_HASH_WORDS;
        const int half = __builtin_popcountll(hash[0] ^ query[0]) + __builtin_popcountll(hash[1] ^ query[1]);
        if (half <= limit && distance(hash, query) <= limit) {
            out[found++] = (uint16_t)row;
        }
    }
    return found;
}

static size_t scan_flat_portable(const uint64_t *hashes, size_t rows, const uint64_t *query, int limit,
                                 uint16_t *out) {
    return flat_words(hashes, rows, query, limit, out);
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,popcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vpopcntdq,avx512bitalg,popcnt")))

AVX2 static size_t scan_runs_avx2(const uint16_t *next, const struct run *runs, size_t count, struct survivors *out) {
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1,
                                           2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    const __m256i ones = _mm256_set1_epi8(1);
    size_t found = out->count;
    size_t n = 0;
    for (; n < count && found <= SURVIVORS - RUN_ENTRIES; n++) {
        const __m256i query = _mm256_set1_epi16((short)runs[n].next);
        const __m256i bound = _mm256_set1_epi16((short)(runs[n].bound + 1));
        const uint32_t length = runs[n].length;
        for (uint32_t i = 0; i < length; i += 16) {
            const __m256i x =
                _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(next + runs[n].start + i)), query);
            const __m256i bytes =
                _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(x, low)),
                                _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
            const __m256i counts = _mm256_maddubs_epi16(bytes, ones);
            uint32_t mask = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi16(bound, counts)) & 0x55555555u;
            if (length - i < 16) {
                mask &= (1u << (2 * (length - i))) - 1;
            }
            for (; mask != 0; mask &= mask - 1) {
                out->position[found++] = runs[n].start + i + (size_t)__builtin_ctz(mask) / 2;
            }
        }
    }
    out->count = found;
    return n;
}

/* Two popcnt a hash and an early end beat the byte shuffle: 2 against 3.3 cycles. */
AVX2 static size_t scan_flat_avx2(const uint64_t *hashes, size_t rows, const uint64_t *query, int limit,
                                  uint16_t *out) {
    return flat_words(hashes, rows, query, limit, out);
}

AVX512 static size_t scan_runs_avx512(const uint16_t *next, const struct run *runs, size_t count,
                                      struct survivors *out) {
    size_t found = out->count;
    size_t n = 0;
    for (; n < count && found <= SURVIVORS - RUN_ENTRIES; n++) {
        const __m512i query = _mm512_set1_epi16((short)runs[n].next);
        const __m512i bound = _mm512_set1_epi16((short)runs[n].bound);
        const uint32_t length = runs[n].length;
        for (uint32_t i = 0; i < length; i += 32) {
            const __mmask32 inside = length - i < 32 ? (1u << (length - i)) - 1 : 0xffffffffu;
            const __m512i x = _mm512_xor_si512(_mm512_loadu_si512(next + runs[n].start + i), query);
            uint32_t mask = _mm512_mask_cmple_epu16_mask(inside, _mm512_popcnt_epi16(x), bound);
            for (; mask != 0; mask &= mask - 1) {
                out->position[found++] = runs[n].start + i + (size_t)__builtin_ctz(mask);
            }
        }
    }
    out->count = found;
    return n;
}

/* Set bits of 64-bit words, query subtracted bit by bit: two hashes a register. */
AVX512 static inline __m512i counts_avx512(const uint64_t *hashes, __m512i query) {
    return _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(hashes), query));
}

/* Sums of pairs of words: lanes of 128 bits hold half of a hash of `a` and half of one of `b`. */
AVX512 static inline __m512i pairs_avx512(__m512i a, __m512i b) {
    return _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

AVX512 static size_t scan_flat_avx512(const uint64_t *hashes, size_t rows, const uint64_t *query, int limit,
                                      uint16_t *out) {
    const __m512i wanted = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)query));
    const __m512i bound = _mm512_set1_epi64(limit);
    /* Where the sums below stand: hashes 0 2 | 1 3 | 4 6 | 5 7. */
    static const uint8_t order[8] = {0, 2, 1, 3, 4, 6, 5, 7};
    size_t found = 0;
    size_t row = 0;
    for (; row + 8 <= rows; row += 8) {
        const uint64_t *hash = hashes + row * NOLI_HASH_WORDS;
        const __m512i a = pairs_avx512(counts_avx512(hash, wanted), counts_avx512(hash + 8, wanted));
        const __m512i b = pairs_avx512(counts_avx512(hash + 16, wanted), counts_avx512(hash + 24, wanted));
        const __m512i sums =
            _mm512_add_epi64(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xdd));
        for (unsigned mask = _mm512_cmple_epi64_mask(sums, bound); mask != 0; mask &= mask - 1) {
            out[found++] = (uint16_t)(row + order[__builtin_ctz(mask)]);
        }
    }
    for (; row < rows; row++) {
        out[found] = (uint16_t)row;
        found += distance(hashes + row * NOLI_HASH_WORDS, query) <= limit;
    }
    return found;
}

#endif

static scan_runs runs_scanner(void) {
#if defined(__x86_64__)
    switch (noli_kernel_chosen()) {
    case NOLI_AVX512:
        return scan_runs_avx512;
    case NOLI_AVX2:
        return scan_runs_avx2;
    default:
        break;
    }
#endif
    return scan_runs_portable; /* on aarch64 the compiler makes NEON of it */
}

static scan_flat flat_scanner(void) {
#if defined(__x86_64__)
    switch (noli_kernel_chosen()) {
    case NOLI_AVX512:
        return scan_flat_avx512;
    case NOLI_AVX2:
        return scan_flat_avx2;
    default:
        break;
    }
#endif
    return scan_flat_portable;
}

/* ---- Keys to look up ---- */

/* Masks of at most 3 of 16 bits, by number of bits: 1 + 16 + 120 + 560. */
#define MASKS 697
static const uint16_t MASKS_WITHIN[4] = {1, 17, 137, MASKS};

/* Fewest bits first, so that those of a smaller radius come first. */
static struct {
    uint16_t mask[MASKS];
    uint8_t flips[MASKS];
} keys;

struct bounds {
    int radius; /* of the chunk looked up: limit / 16 */
    int prefix; /* of this chunk and the next: limit / 8 */
    size_t keys;
};

static size_t add_masks(size_t count, unsigned mask, int lowest, int bits) {
    if (bits == 0) {
        keys.mask[count] = (uint16_t)mask;
        keys.flips[count] = (uint8_t)__builtin_popcount(mask);
        return count + 1;
    }
    for (int bit = lowest; bit < 16; bit++) {
        count = add_masks(count, mask | 1u << bit, bit + 1, bits - 1);
    }
    return count;
}

void noli_hamming_prepare(void) {
    size_t count = 0;
    for (int bits = 0; bits <= 3; bits++) {
        count = add_masks(count, 0, 0, bits);
    }
}

static struct bounds bounds_of(int limit) {
    return (struct bounds){limit / 16, limit / 8, MASKS_WITHIN[limit / 16]};
}

static inline uint16_t chunk_of(const uint64_t *hash, unsigned chunk) {
    return (uint16_t)(hash[chunk / 4] >> (16 * (chunk % 4)));
}

/* Whether no lower chunk would have reported the pair as well. */
static int is_lowest(const uint64_t *a, const uint64_t *b, unsigned chunk, const struct bounds *bounds) {
    for (unsigned c = 0; c < chunk; c++) {
        const int own = __builtin_popcount((unsigned)(chunk_of(a, c) ^ chunk_of(b, c)));
        const int after = __builtin_popcount((unsigned)(chunk_of(a, c + 1) ^ chunk_of(b, c + 1)));
        if (own <= bounds->radius && own + after <= bounds->prefix) {
            return 0;
        }
    }
    return 1;
}

/* ---- Searching ---- */

struct search {
    const struct noli_segment *segment;
    const struct bounds *bounds;
    const uint64_t *query;
    size_t number;
    int limit;
    noli_hit hit;
    void *context;
    scan_runs scan;
    size_t runs_held;
    struct run runs[RUNS];
    struct survivors survivors;
};

/* Compare survivors in full; fetch all of them from memory before the first is looked at. */
static void verify(struct search *search) {
    const struct noli_segment *segment = search->segment;
    const size_t count = search->survivors.count;
    uint32_t rows[SURVIVORS];
    for (size_t i = 0; i < count; i++) {
        __builtin_prefetch(segment->postings + search->survivors.position[i]);
    }
    for (size_t i = 0; i < count; i++) {
        rows[i] = segment->postings[search->survivors.position[i]];
        __builtin_prefetch(segment->hashes + (size_t)rows[i] * NOLI_HASH_WORDS);
    }
    for (size_t i = 0; i < count && search->limit >= 0; i++) {
        const uint64_t *hash = segment->hashes + (size_t)rows[i] * NOLI_HASH_WORDS;
        const int bits = distance(hash, search->query);
        if (bits <= search->limit) {
            const unsigned chunk = (unsigned)(search->survivors.position[i] / segment->unique);
            if (is_lowest(hash, search->query, chunk, search->bounds)) {
                search->limit = search->hit(search->context, search->number, rows[i], bits);
            }
        }
    }
    search->survivors.count = 0;
}

static void scan_held(struct search *search) {
    size_t done = 0;
    while (done < search->runs_held && search->limit >= 0) {
        done += search->scan(search->segment->next, search->runs + done, search->runs_held - done, &search->survivors);
        if (done < search->runs_held) {
            verify(search);
        }
    }
    search->runs_held = 0;
}

static inline void hold_run(struct search *search, size_t start, size_t length, uint16_t next, int bound) {
    __builtin_prefetch(search->segment->next + start);
    __builtin_prefetch(search->segment->next + start + length - 1);
    while (length > 0) {
        const size_t piece = length < RUN_ENTRIES ? length : RUN_ENTRIES;
        if (search->runs_held == RUNS) {
            scan_held(search);
        }
        search->runs[search->runs_held++] = (struct run){start, (uint32_t)piece, next, (uint16_t)bound};
        start += piece;
        length -= piece;
    }
}

static void probe_chunk(struct search *search, unsigned chunk) {
    const struct bounds *bounds = search->bounds;
    const uint32_t *offsets = search->segment->offsets + (size_t)chunk * OFFSETS;
    const size_t base = chunk * search->segment->unique;
    const uint16_t key = chunk_of(search->query, chunk);
    const uint16_t next = chunk_of(search->query, (chunk + 1) % CHUNKS);
    for (size_t k = 0; k < bounds->keys; k++) {
        const size_t probe = (size_t)(key ^ keys.mask[k]);
        if (offsets[probe + 1] > offsets[probe]) {
            hold_run(search, base + offsets[probe], offsets[probe + 1] - offsets[probe], next,
                     bounds->prefix - keys.flips[k]);
        }
    }
}

static void fetch_offsets(const struct search *search) {
    /* Beyond radius 1 the keys of a chunk cover the table so densely that the hardware fetches it. */
    const size_t count = search->bounds->keys < MASKS_WITHIN[1] ? search->bounds->keys : MASKS_WITHIN[1];
    for (unsigned chunk = 0; chunk < CHUNKS; chunk++) {
        const uint16_t key = chunk_of(search->query, chunk);
        for (size_t k = 0; k < count; k++) {
            __builtin_prefetch(search->segment->offsets + (size_t)chunk * OFFSETS + (key ^ keys.mask[k]));
        }
    }
}

void noli_ring_search(const struct noli_segment *segment, const uint64_t *query, int limit, noli_hit hit,
                      void *context) {
    const struct bounds bounds = bounds_of(limit);
    struct search search;
    search.segment = segment;
    search.bounds = &bounds;
    search.query = query;
    search.number = 0;
    search.limit = limit;
    search.hit = hit;
    search.context = context;
    search.scan = runs_scanner();
    search.runs_held = 0;
    search.survivors.count = 0;
    fetch_offsets(&search);
    for (unsigned chunk = 0; chunk < CHUNKS && search.limit >= 0; chunk++) {
        probe_chunk(&search, chunk);
    }
    scan_held(&search);
    if (search.limit >= 0) {
        verify(&search);
    }
}

void noli_flat_search(const struct noli_segment *segment, size_t rows, const uint64_t *query, int limit, noli_hit hit,
                      void *context) {
    const scan_flat scan = flat_scanner();
    uint16_t found[FLAT_ROWS + 1];
    for (size_t start = 0; start < rows && limit >= 0; start += FLAT_ROWS) {
        const uint64_t *hashes = segment->hashes + start * NOLI_HASH_WORDS;
        const size_t piece = rows - start < FLAT_ROWS ? rows - start : FLAT_ROWS;
        const size_t count = scan(hashes, piece, query, limit, found);
        for (size_t i = 0; i < count && limit >= 0; i++) {
            const int bits = distance(hashes + (size_t)found[i] * NOLI_HASH_WORDS, query);
            if (bits <= limit) {
                limit = hit(context, 0, start + found[i], bits);
            }
        }
    }
}

/* ---- Joining: queries in the order of each chunk's key, so that the bank's postings are read once a chunk ---- */

static void sort_by_chunk(const uint64_t *queries, size_t count, unsigned chunk, uint32_t *counts, uint32_t *order) {
    memset(counts, 0, OFFSETS * sizeof *counts);
    for (size_t i = 0; i < count; i++) {
        counts[chunk_of(queries + i * NOLI_HASH_WORDS, chunk) + 1]++;
    }
    for (size_t key = 1; key < KEYS; key++) {
        counts[key] += counts[key - 1];
    }
    for (size_t i = 0; i < count; i++) {
        order[counts[chunk_of(queries + i * NOLI_HASH_WORDS, chunk)]++] = (uint32_t)i;
    }
}

/* How many queries ahead their own 32 bytes are fetched: about one memory latency. */
#define AHEAD 8

static void join_chunk(struct search *search, const uint64_t *queries, size_t count, unsigned chunk,
                       const uint32_t *order) {
    for (size_t i = 0; i < count && search->limit >= 0; i++) {
        if (i + AHEAD < count) {
            __builtin_prefetch(queries + (size_t)order[i + AHEAD] * NOLI_HASH_WORDS);
        }
        search->number = order[i];
        search->query = queries + (size_t)order[i] * NOLI_HASH_WORDS;
        probe_chunk(search, chunk);
        scan_held(search);
        if (search->limit >= 0 && search->survivors.count > 0) {
            verify(search);
        }
    }
}

int noli_ring_join(const struct noli_segment *segment, const uint64_t *queries, size_t count, int limit, noli_hit hit,
                   void *context) {
    const struct bounds bounds = bounds_of(limit);
    struct search search;
    uint32_t *order = malloc((count + OFFSETS) * sizeof *order);
    if (order == NULL) {
        return -1;
    }
    search.segment = segment;
    search.bounds = &bounds;
    search.limit = limit;
    search.hit = hit;
    search.context = context;
    search.scan = runs_scanner();
    search.runs_held = 0;
    search.survivors.count = 0;
    for (unsigned chunk = 0; chunk < CHUNKS && search.limit >= 0; chunk++) {
        sort_by_chunk(queries, count, chunk, order + count, order);
        join_chunk(&search, queries, count, chunk, order);
    }
    free(order);
    return 0;
}

/* ---- Making segments ---- */

/* calloc(1, n) for one element too: an empty segment has valid pointers. */
static void *allocate(size_t count, size_t size) {
    const size_t bytes = (count + 1) * size;
    if (bytes < 4 * HUGE_PAGE) {
        return malloc(bytes);
    }
    const size_t rounded = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *memory = aligned_alloc(HUGE_PAGE, rounded);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (memory != NULL) {
        (void)madvise(memory, rounded, MADV_HUGEPAGE); /* a hint: small pages are slower, not wrong */
    }
#endif
    return memory;
}

void noli_segment_free(struct noli_segment *segment) {
    if (segment != NULL) {
        free(segment->hashes);
        free(segment->ids);
        free(segment->first);
        free(segment->offsets);
        free(segment->next);
        free(segment->postings);
        free(segment);
    }
}

size_t noli_segment_bytes(const struct noli_segment *segment) {
    size_t bytes = sizeof *segment + segment->unique * NOLI_HASH_BYTES + segment->rows * sizeof(uint64_t);
    if (segment->first != NULL) {
        bytes += (segment->unique + 1) * sizeof(uint32_t);
    }
    if (segment->offsets != NULL) {
        bytes += CHUNKS * (OFFSETS * sizeof(uint32_t) + segment->unique * (sizeof(uint16_t) + sizeof(uint32_t)));
    }
    return bytes;
}

struct noli_segment *noli_flat_new(size_t capacity) {
    struct noli_segment *segment = calloc(1, sizeof *segment);
    if (segment == NULL) {
        return NULL;
    }
    segment->hashes = allocate(capacity * NOLI_HASH_WORDS, sizeof(uint64_t));
    segment->ids = allocate(capacity, sizeof(uint64_t));
    if (segment->hashes == NULL || segment->ids == NULL) {
        noli_segment_free(segment);
        return NULL;
    }
    return segment;
}

/* Open addressing from hash to the row where it first appeared. */
struct firsts {
    uint64_t *slots; /* 32 bits of the mixed hash, then row + 1; 0: empty */
    uint64_t seed;
    size_t mask;
};

static inline uint64_t mix(const uint64_t *hash, uint64_t seed) {
    uint64_t x = seed;
    for (int i = 0; i < NOLI_HASH_WORDS; i++) {
        x = (x ^ hash[i]) * 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */
        x ^= x >> 29;
    }
    return x;
}

static uint32_t first_row(struct firsts *firsts, const uint64_t *hashes, size_t row, uint64_t mixed) {
    const uint64_t *hash = hashes + row * NOLI_HASH_WORDS;
    for (size_t slot = mixed & firsts->mask;; slot = (slot + 1) & firsts->mask) {
        const uint64_t held = firsts->slots[slot];
        if (held == 0) {
            firsts->slots[slot] = (mixed & 0xffffffff00000000u) | (row + 1);
            return (uint32_t)row;
        }
        const uint32_t other = (uint32_t)held - 1;
        if (held >> 32 == mixed >> 32 &&
            memcmp(hashes + (size_t)other * NOLI_HASH_WORDS, hash, NOLI_HASH_BYTES) == 0) {
            return other;
        }
    }
}

/* Mixed hashes computed ahead, so that their slots are fetched in time. */
#define MIXED_AHEAD 16

/* first_of[row]: where the row's hash first appeared. Returns the number of different hashes, 0: out of memory. */
static size_t find_firsts(const uint64_t *hashes, size_t rows, uint32_t *first_of) {
    struct firsts firsts = {NULL, 0, 15};
    while (firsts.mask + 1 < 2 * rows) {
        firsts.mask = 2 * firsts.mask + 1;
    }
    firsts.slots = allocate(firsts.mask + 1, sizeof *firsts.slots);
    if (firsts.slots == NULL) {
        return 0;
    }
    memset(firsts.slots, 0, (firsts.mask + 1) * sizeof *firsts.slots);
    /* Random by the address: nobody can choose hashes that all fall on one slot. */
    firsts.seed = (uint64_t)(uintptr_t)firsts.slots * 0xd6e8feb86659fd93u;
    uint64_t mixed[MIXED_AHEAD];
    size_t unique = 0;
    for (size_t row = 0; row < rows + MIXED_AHEAD; row++) {
        if (row >= MIXED_AHEAD) {
            const size_t now = row - MIXED_AHEAD;
            first_of[now] = first_row(&firsts, hashes, now, mixed[now % MIXED_AHEAD]);
            unique += first_of[now] == now;
        }
        if (row < rows) {
            mixed[row % MIXED_AHEAD] = mix(hashes + row * NOLI_HASH_WORDS, firsts.seed);
            __builtin_prefetch(firsts.slots + (mixed[row % MIXED_AHEAD] & firsts.mask), 1);
        }
    }
    free(firsts.slots);
    return unique;
}

/* Number the different hashes by first appearance and put the ids of each together. */
static void group(struct noli_segment *segment, const uint64_t *hashes, const uint64_t *ids, uint32_t *first_of) {
    size_t unique = 0;
    memset(segment->first, 0, (segment->unique + 1) * sizeof *segment->first);
    for (size_t row = 0; row < segment->rows; row++) {
        if (first_of[row] == row) {
            memcpy(segment->hashes + unique * NOLI_HASH_WORDS, hashes + row * NOLI_HASH_WORDS, NOLI_HASH_BYTES);
            first_of[row] = (uint32_t)unique++;
        } else {
            first_of[row] = first_of[first_of[row]]; /* an earlier row: renumbered already */
        }
        segment->first[first_of[row] + 1]++;
    }
    /* Starts move one group up while filling, as in any counting sort: first[u] ends as the end of u - 1. */
    uint32_t start = 0;
    for (size_t u = 1; u <= segment->unique; u++) {
        const uint32_t size = segment->first[u];
        segment->first[u] = start;
        start += size;
    }
    for (size_t row = 0; row < segment->rows; row++) {
        segment->ids[segment->first[first_of[row] + 1]++] = ids[row];
    }
}

static void post_chunk(struct noli_segment *segment, unsigned chunk) {
    uint32_t *offsets = segment->offsets + (size_t)chunk * OFFSETS;
    uint16_t *next = segment->next + chunk * segment->unique;
    uint32_t *postings = segment->postings + chunk * segment->unique;
    const unsigned after = (chunk + 1) % CHUNKS;
    memset(offsets, 0, OFFSETS * sizeof *offsets);
    for (size_t row = 0; row < segment->unique; row++) {
        offsets[chunk_of(segment->hashes + row * NOLI_HASH_WORDS, chunk)]++;
    }
    uint32_t start = 0;
    for (size_t key = 0; key < KEYS; key++) {
        start += offsets[key];
        offsets[key] = start;
    }
    offsets[KEYS] = start;
    /* Backwards from the ends: each offset arrives at its start, and rows stand in order. */
    for (size_t row = segment->unique; row-- > 0;) {
        const uint64_t *hash = segment->hashes + row * NOLI_HASH_WORDS;
        const uint32_t position = --offsets[chunk_of(hash, chunk)];
        next[position] = chunk_of(hash, after);
        postings[position] = (uint32_t)row;
    }
}

static int allocate_ring(struct noli_segment *segment) {
    segment->hashes = allocate(segment->unique * NOLI_HASH_WORDS, sizeof(uint64_t));
    segment->ids = allocate(segment->rows, sizeof(uint64_t));
    segment->offsets = allocate((size_t)CHUNKS * OFFSETS, sizeof(uint32_t));
    segment->next = allocate(CHUNKS * segment->unique + PADDING, sizeof(uint16_t));
    segment->postings = allocate(CHUNKS * segment->unique, sizeof(uint32_t));
    if (segment->unique < segment->rows) {
        segment->first = allocate(segment->unique + 1, sizeof(uint32_t));
    }
    return segment->hashes != NULL && segment->ids != NULL && segment->offsets != NULL && segment->next != NULL &&
           segment->postings != NULL && (segment->unique == segment->rows || segment->first != NULL);
}

static void fill_ring(struct noli_segment *segment, const uint64_t *hashes, const uint64_t *ids, uint32_t *first_of) {
    if (segment->first != NULL) {
        group(segment, hashes, ids, first_of);
    } else {
        memcpy(segment->hashes, hashes, segment->rows * NOLI_HASH_BYTES);
        memcpy(segment->ids, ids, segment->rows * sizeof *ids);
    }
    memset(segment->next + CHUNKS * segment->unique, 0, PADDING * sizeof *segment->next);
    for (unsigned chunk = 0; chunk < CHUNKS; chunk++) {
        post_chunk(segment, chunk);
    }
    segment->sorted = 1;
    for (size_t row = 1; row < segment->rows && segment->sorted; row++) {
        segment->sorted = segment->ids[row - 1] <= segment->ids[row];
    }
}

struct noli_segment *noli_ring_new(const uint64_t *hashes, const uint64_t *ids, size_t rows) {
    struct noli_segment *segment = calloc(1, sizeof *segment);
    uint32_t *first_of = allocate(rows, sizeof *first_of);
    if (segment == NULL || first_of == NULL || rows >= UINT32_MAX) {
        free(segment);
        free(first_of);
        return NULL;
    }
    segment->rows = rows;
    segment->unique = find_firsts(hashes, rows, first_of);
    if ((segment->unique == 0 && rows > 0) || !allocate_ring(segment)) {
        noli_segment_free(segment);
        free(first_of);
        return NULL;
    }
    fill_ring(segment, hashes, ids, first_of);
    free(first_of);
    return segment;
}
