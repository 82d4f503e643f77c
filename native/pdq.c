/* SPDX-License-Identifier: Apache-2.0 */
/* See pdq.h. The order of float operations is that of Meta's code and must stay: hashes depend on the last bit.
 * Source: facebook/ThreatExchange, pdq/cpp (downscaling, hashing). Compile with -ffp-contract=off. */
#include "pdq_parts.h"

enum {
    GRID = NOLI_PDQ_GRID,
    LANES = 8,    /* rows whose running sums go side by side: enough to hide the latency of an addition */
    NEAREST = 512 /* side Meta's C++ tool shrinks to */
};

/* ---- luma ---- */

/* pdqhash computes r*0.299 + g*0.587 + b*0.114 in double and rounds to float. The exact sum is a whole number of
 * thousandths, never near enough to the middle of two floats for the double's error to matter, so one correctly
 * rounded division gives the same float. */
static void luma_row(const uint8_t *pixels, size_t width, size_t channels, float *out) {
    if (channels == 1) {
        for (size_t x = 0; x < width; x++) {
            out[x] = (float)pixels[x];
        }
        return;
    }
    for (size_t x = 0; x < width; x++) {
        const int thousandths = 299 * pixels[3 * x] + 587 * pixels[3 * x + 1] + 114 * pixels[3 * x + 2];
        out[x] = (float)thousandths / 1000.0F;
    }
}

static void luma_nearest(const uint8_t *row, size_t width, size_t kept, size_t channels, float *out) {
    for (size_t x = 0; x < kept; x++) {
        luma_row(row + x * width / kept * channels, 1, channels, out + x);
    }
}

/* ---- running sums along rows ---- */

/* Sums (not yet divided) of every window of `lanes` rows; `lanes` is a constant where this is inlined. */
static inline void sum_rows(const float *restrict in, float *restrict out, const box *b, size_t lanes) {
    const size_t n = b->n, lead = b->half - 1;
    float sum[LANES] = {0};
    for (size_t x = 0; x < n + lead; x++) {
        for (size_t lane = 0; lane < lanes; lane++) {
            const float *row = in + lane * n;
            if (x < n) {
                sum[lane] += row[x];
            }
            if (x >= b->window) {
                sum[lane] -= row[x - b->window];
            }
            if (x >= lead) {
                out[lane * n + x - lead] = sum[lane];
            }
        }
    }
}

static void sum_block(const float *in, float *out, const box *b, size_t rows) {
    if (rows == LANES) {
        sum_rows(in, out, b, LANES);
        return;
    }
    for (size_t row = 0; row < rows; row++) {
        sum_rows(in + row * b->n, out + row * b->n, b, 1);
    }
}

static void divide_row(float *row, const box *b) {
    const size_t begin = b->window - b->half + 1 < b->n ? b->window - b->half + 1 : b->n;
    const size_t end = b->n + 1 > b->half + begin ? b->n + 1 - b->half : begin;
    const float count = (float)b->window;
    for (size_t x = 0; x < begin; x++) {
        row[x] /= box_count(b, x);
    }
    for (size_t x = begin; x < end; x++) {
        row[x] /= count;
    }
    for (size_t x = end; x < b->n; x++) {
        row[x] /= box_count(b, x);
    }
}

/* ---- running sums along columns, a row at a time ---- */

typedef struct {
    box along;
    size_t width, taken; /* taken: rows seen, and after the last of them rows let go */
    float *ring, *sums;  /* the last `window` rows; the running sums */
} column_box;

static column_box column_box_in(float **memory, size_t height, size_t width) {
    column_box c = {box_for(height), width, 0, *memory, NULL};
    c.sums = c.ring + c.along.window * width;
    *memory = c.sums + width;
    for (size_t x = 0; x < width; x++) {
        c.sums[x] = 0.0F;
    }
    return c;
}

/* Take the next row, or NULL once there is none. Returns whether a row of sums is ready. */
static int column_box_take(column_box *c, const float *restrict row) {
    const size_t slot = c->taken % c->along.window;
    float *restrict old = c->ring + slot * c->width;
    float *restrict sums = c->sums;
    if (row == NULL) {
        for (size_t x = 0; x < c->width; x++) {
            sums[x] -= old[x];
        }
    } else if (c->taken < c->along.window) {
        for (size_t x = 0; x < c->width; x++) {
            sums[x] += row[x];
            old[x] = row[x];
        }
    } else {
        for (size_t x = 0; x < c->width; x++) {
            sums[x] = sums[x] + row[x] - old[x];
            old[x] = row[x];
        }
    }
    return ++c->taken >= c->along.half;
}

/* Number of the row whose sums are ready. */
static size_t column_box_row(const column_box *c) {
    return c->taken - c->along.half;
}

static void column_box_divide(const column_box *c, float *restrict out) {
    const float count = box_count(&c->along, column_box_row(c));
    for (size_t x = 0; x < c->width; x++) {
        out[x] = c->sums[x] / count;
    }
}

/* ---- the two passes, streamed ---- */

typedef struct {
    box along;
    column_box first, second;
    float *block, *sums; /* LANES rows each: input of a running sum along rows, and its output */
    float *queue;        /* rows out of the first pass, waiting for company */
    size_t queued, next; /* next: row of the grid to be filled */
    float (*grid)[GRID];
} stream;

static void second_columns(stream *s, const float *row) {
    if (column_box_take(&s->second, row)) {
        const size_t ready = column_box_row(&s->second);
        while (s->next < GRID && grid_centre(s->second.along.n, s->next) == ready) {
            column_box_divide(&s->second, s->grid[s->next++]);
        }
    }
}

/* Second pass along rows: sums everywhere, but divided only in the 64 columns that are kept. */
static void second_rows(stream *s) {
    sum_block(s->queue, s->sums, &s->along, s->queued);
    for (size_t row = 0; row < s->queued; row++) {
        float kept[GRID];
        for (size_t i = 0; i < GRID; i++) {
            const size_t x = grid_centre(s->along.n, i);
            kept[i] = s->sums[row * s->along.n + x] / box_count(&s->along, x);
        }
        second_columns(s, kept);
    }
    s->queued = 0;
}

static void first_columns(stream *s, const float *row) {
    if (column_box_take(&s->first, row)) {
        column_box_divide(&s->first, s->queue + s->queued++ * s->along.n);
        if (s->queued == LANES) {
            second_rows(s);
        }
    }
}

static void first_rows(stream *s, size_t rows) {
    sum_block(s->block, s->sums, &s->along, rows);
    for (size_t row = 0; row < rows; row++) {
        divide_row(s->sums + row * s->along.n, &s->along);
    }
    /* second_rows overwrites s->sums, so the rows wait in s->block. */
    for (size_t i = 0; i < rows * s->along.n; i++) {
        s->block[i] = s->sums[i];
    }
    for (size_t row = 0; row < rows; row++) {
        first_columns(s, s->block + row * s->along.n);
    }
}

static void finish(stream *s) {
    for (size_t i = 1; i < s->first.along.half; i++) {
        first_columns(s, NULL);
    }
    second_rows(s);
    for (size_t i = 1; i < s->second.along.half; i++) {
        second_columns(s, NULL);
    }
}

static size_t stream_bytes(size_t height, size_t width) {
    const size_t window = box_for(height).window;
    return sizeof(float) * ((window + 1 + 3 * LANES) * width + (window + 1) * GRID);
}

size_t noli_pdq_scratch_bytes(size_t height, size_t width) {
    /* The nearest-neighbour pipeline works on 512x512, which may need more than a long thin picture. */
    const size_t plain = stream_bytes(height, width), shrunk = stream_bytes(NEAREST, NEAREST);
    return plain > shrunk ? plain : shrunk;
}
void noli_pdq(const uint8_t *pixels, size_t height, size_t width, size_t channels, int nearest_512, void *scratch,
              noli_pdq_result *result) {
    const int shrink = nearest_512 && (height > NEAREST || width > NEAREST);
    const size_t rows = shrink ? NEAREST : height, columns = shrink ? NEAREST : width;
    float grid[GRID][GRID];
    float *memory = scratch;
    noli_pdq_clear(result);
    if (rows < NOLI_PDQ_MIN_SIDE || columns < NOLI_PDQ_MIN_SIDE) {
        return;
    }
    if (rows == GRID && columns == GRID) { /* Meta's code does not filter what is of the right size already. */
        for (size_t y = 0; y < GRID; y++) {
            luma_row(pixels + y * GRID * channels, GRID, channels, grid[y]);
        }
        noli_pdq_hashes(grid, result);
        return;
    }
    stream s = {.along = box_for(columns), .grid = grid};
    s.first = column_box_in(&memory, rows, columns);
    s.second = column_box_in(&memory, rows, GRID);
    s.block = memory;
    s.sums = s.block + LANES * columns;
    s.queue = s.sums + LANES * columns;
    for (size_t y = 0; y < rows; y += LANES) {
        const size_t block = rows - y < LANES ? rows - y : LANES;
        for (size_t lane = 0; lane < block; lane++) {
            const uint8_t *row = pixels + (y + lane) * height / rows * width * channels;
            if (shrink) {
                luma_nearest(row, width, columns, channels, s.block + lane * columns);
            } else {
                luma_row(row, width, channels, s.block + lane * columns);
            }
        }
        first_rows(&s, block);
    }
    finish(&s);
    noli_pdq_hashes(grid, result);
}
