/* SPDX-License-Identifier: Apache-2.0 */
/* PDQ of a plane that was scaled down while it was decoded. See pdq.h. */
#include "pdq_parts.h"

enum {
    GRID = NOLI_PDQ_GRID,
    SPARE = 8 /* what rounding up windows and blocks can add to a cell's reach */
};

/* Values of a plane that one cell of the grid can reach: two windows and a block begun at either end. */
static size_t reach(size_t n) {
    return n / GRID + SPARE < n ? n / GRID + SPARE : n;
}

/* Weights of the values from *first that make cell i of an axis of b->n, summed over blocks. Returns how many.
 * Each weight is a running total of doubles; `weights` takes them rounded. */
static size_t fold(const box *b, size_t i, size_t denominator, size_t *first, float *weights) {
    const size_t centre = grid_centre(b->n, i);
    const size_t from = box_first(b, centre), to = box_last(b, centre);
    const size_t begin = box_first(b, from), end = box_last(b, to);
    size_t at = 0;
    double weight = 0.0, total = 0.0;
    size_t opening = from, closing = from;
    *first = begin / denominator;
    for (size_t x = begin; x <= end; x++) {
        for (; opening <= to && box_first(b, opening) <= x; opening++) {
            weight += 1.0 / (double)box_count(b, opening);
        }
        for (; closing < opening && box_last(b, closing) < x; closing++) {
            weight -= 1.0 / (double)box_count(b, closing);
        }
        total += weight;
        if ((x + 1) % denominator == 0 || x == end) {
            weights[at++] = (float)(total / (double)box_count(b, centre));
            total = 0.0;
        }
    }
    return at;
}

size_t noli_pdq_denominator(size_t height, size_t width, size_t original_height, size_t original_width) {
    for (size_t d = 1; d <= 8; d *= 2) {
        if (height == (original_height + d - 1) / d && width == (original_width + d - 1) / d) {
            return d;
        }
    }
    return 0;
}

size_t noli_pdq_folded_scratch_bytes(size_t height, size_t width) {
    return sizeof(float) * (width + reach(height) + GRID * reach(width));
}

void noli_pdq_folded(const uint8_t *plane, size_t height, size_t width, size_t original_height, size_t original_width,
                     size_t denominator, void *scratch, noli_pdq_result *result) {
    const box down = box_for(original_height), along = box_for(original_width);
    float grid[GRID][GRID];
    size_t start[GRID], count[GRID];
    float *restrict mixed = scratch;
    float *row_weights = mixed + width, *weights = row_weights + reach(height);
    noli_pdq_clear(result);
    if (original_height < NOLI_PDQ_MIN_SIDE || original_width < NOLI_PDQ_MIN_SIDE) {
        return;
    }
    for (size_t j = 0; j < GRID; j++) {
        count[j] = fold(&along, j, denominator, &start[j], weights + j * reach(width));
    }
    for (size_t i = 0; i < GRID; i++) {
        size_t top;
        const size_t rows = fold(&down, i, denominator, &top, row_weights);
        for (size_t x = 0; x < width; x++) {
            mixed[x] = 0.0F;
        }
        for (size_t r = 0; r < rows; r++) {
            const uint8_t *row = plane + (top + r) * width;
            for (size_t x = 0; x < width; x++) {
                mixed[x] += row_weights[r] * (float)row[x];
            }
        }
        for (size_t j = 0; j < GRID; j++) {
            float sum = 0.0F;
            for (size_t k = 0; k < count[j]; k++) {
                sum += weights[j * reach(width) + k] * mixed[start[j] + k];
            }
            grid[i][j] = sum;
        }
    }
    noli_pdq_hashes(grid, result);
}
