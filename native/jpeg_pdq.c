/* SPDX-License-Identifier: Apache-2.0 */
/* PDQ from the lowest frequencies of a JPEG's blocks. See jpeg.h.
 *
 * The filter of PDQ is linear: a cell of the grid is a weighted sum of pixels, and as well one of the coefficients of
 * their blocks, whose weights are the transform of the pixels' weights. Those are smooth, so that nearly all of the sum
 * lies in the lowest frequencies. */
#include "jpeg.h"
#include "pdq_parts.h"

enum {
    GRID = NOLI_PDQ_GRID,
    BLOCK = 8,
    FREQUENCIES = 5, /* along one axis, for NOLI_JPEG_KEPT */
    TURN = 32,       /* steps of HALF_COSINE in a full turn */
};

/* Sides, in pixels, from which so many frequencies are enough that drift stays below half a bit on average; a picture
 * that is smaller has so few pixels in a cell that the full decoder is as fast. */
enum { MIN_SIDE = 500, FEW_FROM_SIDE = 900, FEW = 6 };

/* Frequencies of coefficient k, down and along: the zigzag of T.81, figure A.6. */
static const uint8_t DOWN[NOLI_JPEG_KEPT] = {0, 0, 1, 2, 1, 0, 0, 1, 2, 3, 4, 3, 2, 1, 0};
static const uint8_t ALONG[NOLI_JPEG_KEPT] = {0, 1, 0, 0, 1, 2, 3, 2, 1, 0, 0, 1, 2, 3, 4};

/* cos(k * pi / 16) / 2, a quarter turn. */
static const double HALF_COSINE[] = {
    0.5,
    0.49039264020161522,
    0.46193976625564337,
    0.41573480615127262,
    0.35355339059327376,
    0.27778511650980111,
    0.19134171618254489,
    0.097545161008064133,
    0.0,
};

/* What pixel number `at` of a block has of a frequency (A.3.3, one axis). */
static double basis(size_t frequency, size_t at) {
    if (frequency == 0) {
        return HALF_COSINE[4]; /* sqrt(1/8) */
    }
    const size_t turn = (2 * at + 1) * frequency % TURN;
    const size_t half = turn > TURN / 2 ? TURN - turn : turn;
    return half <= BLOCK ? HALF_COSINE[half] : -HALF_COSINE[TURN / 2 - half];
}

/* The weights of one axis: cell i takes `count[i]` blocks from `first[i]` on, with FREQUENCIES weights each. */
typedef struct {
    size_t first[GRID], count[GRID], reach;
    float *weights;
} axis;

static size_t blocks_reached(size_t n) {
    return cell_reach(n) / BLOCK + 2;
}

static float *weights_of(const axis *a, size_t cell, size_t block) {
    return a->weights + (cell * a->reach + block - a->first[cell]) * FREQUENCIES;
}

/* Make the weights of an axis of n pixels, for a picture whose last pixel is stored first where `turned`. */
static void weigh(axis *a, size_t n, int turned) {
    const box b = box_for(n);
    a->reach = blocks_reached(n);
    for (size_t i = 0; i < GRID * a->reach * FREQUENCIES; i++) {
        a->weights[i] = 0.0F;
    }
    for (size_t i = 0; i < GRID; i++) {
        cell_walk c = cell_begin(&b, i);
        const size_t begin = turned ? n - 1 - c.last : c.at, end = turned ? n - 1 - c.at : c.last;
        a->first[i] = begin / BLOCK;
        a->count[i] = end / BLOCK - a->first[i] + 1;
        while (c.at <= c.last) {
            const size_t stored = turned ? n - 1 - c.at : c.at;
            const double weight = cell_weight(&c) / c.whole;
            float *weights = weights_of(a, i, stored / BLOCK);
            for (size_t f = 0; f < FREQUENCIES; f++) {
                weights[f] += (float)(weight * basis(f, stored % BLOCK));
            }
        }
    }
}

/* Add one row of blocks to every cell it is part of; those keep their columns apart, by frequency along. */
static void add_row(const noli_jpeg *jpeg, const axis *down, size_t row, const float *restrict coefficients,
                    float *restrict mixed) {
    const size_t width = jpeg->blocks_across;
    for (size_t i = 0; i < GRID; i++) {
        if (row < down->first[i] || row >= down->first[i] + down->count[i]) {
            continue;
        }
        const float *weights = weights_of(down, i, row);
        for (size_t k = 0; k < (size_t)jpeg->kept; k++) {
            const float weight = weights[DOWN[k]];
            float *restrict out = mixed + (i * FREQUENCIES + ALONG[k]) * width;
            const float *restrict in = coefficients + k * width;
            for (size_t x = 0; x < width; x++) {
                out[x] += weight * in[x];
            }
        }
    }
}

static float cell_value(const axis *along, size_t j, const float *mixed, size_t width) {
    float sum = 0.0F;
    for (size_t block = along->first[j]; block < along->first[j] + along->count[j]; block++) {
        const float *weights = weights_of(along, j, block);
        for (size_t f = 0; f < FREQUENCIES; f++) {
            sum += weights[f] * mixed[f * width + block];
        }
    }
    return sum;
}

/* Floats of the parts of the scratch. */
static size_t weight_floats(size_t n) {
    return GRID * blocks_reached(n) * FREQUENCIES;
}

static size_t mixed_floats(const noli_jpeg *jpeg) {
    return GRID * FREQUENCIES * jpeg->blocks_across;
}

size_t noli_jpeg_pdq_scratch_bytes(const noli_jpeg *jpeg) {
    return sizeof(float) * (weight_floats(jpeg->height) + weight_floats(jpeg->width) + mixed_floats(jpeg) +
                            jpeg->rows_a_unit * NOLI_JPEG_KEPT * jpeg->blocks_across);
}

int noli_jpeg_pdq(noli_jpeg *jpeg, int orientation, void *scratch, noli_pdq_result *result) {
    const size_t shorter = jpeg->height < jpeg->width ? jpeg->height : jpeg->width;
    const int upside_down = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const int backwards = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    axis down = {.weights = scratch}, along = {.weights = down.weights + weight_floats(jpeg->height)};
    float *mixed = along.weights + weight_floats(jpeg->width), *coefficients = mixed + mixed_floats(jpeg);
    float grid[GRID][GRID];
    noli_pdq_clear(result);
    if (shorter < MIN_SIDE) {
        return NOLI_JPEG_REFUSED;
    }
    jpeg->kept = shorter >= FEW_FROM_SIDE ? FEW : NOLI_JPEG_KEPT;
    weigh(&down, jpeg->height, upside_down);
    weigh(&along, jpeg->width, backwards);
    for (size_t i = 0; i < mixed_floats(jpeg); i++) {
        mixed[i] = 0.0F;
    }
    for (size_t unit = 0; unit < jpeg->units_down; unit++) {
        if (noli_jpeg_read_row(jpeg, coefficients)) {
            return NOLI_JPEG_REFUSED;
        }
        for (size_t y = 0; y < jpeg->rows_a_unit; y++) {
            add_row(jpeg, &down, unit * jpeg->rows_a_unit + y,
                    coefficients + y * (size_t)jpeg->kept * jpeg->blocks_across, mixed);
        }
    }
    for (size_t i = 0; i < GRID; i++) {
        for (size_t j = 0; j < GRID; j++) {
            const float value =
                cell_value(&along, j, mixed + i * FREQUENCIES * jpeg->blocks_across, jpeg->blocks_across);
            *(orientation >= 5 ? &grid[j][i] : &grid[i][j]) = value;
        }
    }
    noli_pdq_hashes(grid, result);
    return 0;
}
