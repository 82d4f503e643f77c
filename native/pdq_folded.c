/* SPDX-License-Identifier: Apache-2.0 */
/* PDQ of a plane that was scaled down while it was decoded. See pdq.h. */
#include "pdq_parts.h"

enum { GRID = NOLI_PDQ_GRID };

/* Weights of the values from *first that make cell i of an axis of b->n, summed over blocks. Returns how many.
 * Sums are of doubles; `weights` takes them rounded. */
static size_t fold(const box *b, size_t i, size_t denominator, size_t *first, float *weights) {
    cell_walk c = cell_begin(b, i);
    size_t at = 0;
    double total = 0.0;
    *first = c.at / denominator;
    while (c.at <= c.last) {
        total += cell_weight(&c);
        if (c.at % denominator == 0 || c.at > c.last) {
            weights[at++] = (float)(total / c.whole);
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
    return sizeof(float) * (width + cell_reach(height) + GRID * cell_reach(width));
}

void noli_pdq_folded(const uint8_t *plane, size_t height, size_t width, size_t original_height, size_t original_width,
                     size_t denominator, void *scratch, noli_pdq_result *result) {
    const box down = box_for(original_height), along = box_for(original_width);
    float grid[GRID][GRID];
    size_t start[GRID], count[GRID];
    float *restrict mixed = scratch;
    float *row_weights = mixed + width, *weights = row_weights + cell_reach(height);
    noli_pdq_clear(result);
    if (original_height < NOLI_PDQ_MIN_SIDE || original_width < NOLI_PDQ_MIN_SIDE) {
        return;
    }
    for (size_t j = 0; j < GRID; j++) {
        count[j] = fold(&along, j, denominator, &start[j], weights + j * cell_reach(width));
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
                sum += weights[j * cell_reach(width) + k] * mixed[start[j] + k];
            }
            grid[i][j] = sum;
        }
    }
    noli_pdq_hashes(grid, result);
}
