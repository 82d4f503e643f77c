/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of PDQ share; see pdq.h. */
#ifndef NOLI_PDQ_PARTS_H
#define NOLI_PDQ_PARTS_H

#include "pdq.h"

enum {
    NOLI_PDQ_GRID = 64,    /* side of the picture that is transformed */
    NOLI_PDQ_MIN_SIDE = 5, /* Source: MIN_HASHABLE_DIM */
    NOLI_PDQ_SPARE = 8,    /* what rounding up windows and blocks can add to a cell's reach */
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

/* A walk over the values of an axis that cell i of the grid is made of, from the first to the last. Both passes of the
 * filter together weigh each with a running total, still to be divided by `whole`. */
typedef struct {
    const box *axis;
    size_t at, last, opening, closing, to;
    double weight, whole;
} cell_walk;

static inline cell_walk cell_begin(const box *b, size_t i) {
    const size_t centre = grid_centre(b->n, i);
    const size_t from = box_first(b, centre), to = box_last(b, centre);
    return (cell_walk){b, box_first(b, from), box_last(b, to), from, from, to, 0.0, (double)box_count(b, centre)};
}

/* Weight of value `at`; then moves on. */
static inline double cell_weight(cell_walk *c) {
    for (; c->opening <= c->to && box_first(c->axis, c->opening) <= c->at; c->opening++) {
        c->weight += 1.0 / (double)box_count(c->axis, c->opening);
    }
    for (; c->closing < c->opening && box_last(c->axis, c->closing) < c->at; c->closing++) {
        c->weight -= 1.0 / (double)box_count(c->axis, c->closing);
    }
    c->at++;
    return c->weight;
}

/* Values of an axis of n that one cell can reach at most: two windows, and what rounding them up adds. */
static inline size_t cell_reach(size_t n) {
    return n / NOLI_PDQ_GRID + NOLI_PDQ_SPARE < n ? n / NOLI_PDQ_GRID + NOLI_PDQ_SPARE : n;
}

/* Hash and quality of nothing: zeros. */
void noli_pdq_clear(noli_pdq_result *result);

/* Set the bits of the 256 frequencies (down x along) that lie above their lower median, in a hash of zeros. */
void noli_pdq_bits(const float *coefs, uint8_t *hash);

/* Quality and the hashes of all eight forms of a picture that was filtered down to the grid. */
void noli_pdq_hashes(float grid[NOLI_PDQ_GRID][NOLI_PDQ_GRID], noli_pdq_result *result);

#endif
