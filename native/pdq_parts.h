/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of PDQ share; see pdq.h. */
#ifndef NOLI_PDQ_PARTS_H
#define NOLI_PDQ_PARTS_H

#include "pdq.h"

enum {
    NOLI_PDQ_GRID = 64,    /* side of the picture that is transformed */
    NOLI_PDQ_MIN_SIDE = 5, /* Source: MIN_HASHABLE_DIM */
};

/* A box filter along one axis of n values: where output o begins and ends, and its window in full. */
typedef struct {
    size_t n, window, half;
} box;

static inline box box_for(size_t n) {
    const size_t window = (n + 2 * NOLI_PDQ_GRID - 1) / (2 * NOLI_PDQ_GRID);
    return (box){n, window, (window + 2) / 2};
}

static inline size_t box_first(const box *b, size_t o) {
    return o + b->half > b->window ? o + b->half - b->window : 0;
}

static inline size_t box_last(const box *b, size_t o) {
    return o + b->half - 1 < b->n ? o + b->half - 1 : b->n - 1;
}

static inline float box_count(const box *b, size_t o) {
    return (float)(box_last(b, o) - box_first(b, o) + 1);
}

/* The value of an axis of n that stands for cell i of the grid: the centre of its cell. */
static inline size_t grid_centre(size_t n, size_t i) {
    return (size_t)(((double)i + 0.5) * (double)n / NOLI_PDQ_GRID);
}

/* Hash and quality of nothing: zeros. */
void noli_pdq_clear(noli_pdq_result *result);

/* Quality and the hashes of all eight forms of a picture that was filtered down to the grid. */
void noli_pdq_hashes(float grid[NOLI_PDQ_GRID][NOLI_PDQ_GRID], noli_pdq_result *result);

#endif
