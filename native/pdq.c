/* SPDX-License-Identifier: Apache-2.0 */
/* See pdq.h. The order of float operations is that of Meta's code and must stay: hashes depend on the last bit.
 * Source: facebook/ThreatExchange, pdq/cpp (downscaling, hashing). Compile with -ffp-contract=off. */
#include "pdq.h"

enum {
    GRID = 64,     /* side of the picture that is transformed */
    COEFS = 16,    /* frequencies kept each way */
    LANES = 8,     /* rows whose running sums go side by side: enough to hide the latency of an addition */
    MIN_SIDE = 5,  /* Source: MIN_HASHABLE_DIM */
    NEAREST = 512, /* side Meta's C++ tool shrinks to */
    QUARTER = 64,  /* steps of COSINE in a quarter turn */
    SPARE = 8,     /* what rounding up windows and blocks can add to a cell's reach */
    FULL_QUALITY = 100,
    QUALITY_SCALE = 90
};

/* sqrt(2/64) * cos(k * pi / 128), rounded as Meta's table is. */
static const float COSINE[QUARTER + 1] = {
    0.176776692F,   0.17672345F,   0.176563755F,  0.176297709F,  0.175925463F,  0.175447255F,  0.174863353F,
    0.17417413F,    0.173379973F,  0.172481388F,  0.171478912F,  0.170373142F,  0.169164747F,  0.167854458F,
    0.16644305F,    0.164931387F,  0.163320363F,  0.161610976F,  0.15980424F,   0.157901242F,  0.155903131F,
    0.153811097F,   0.151626423F,  0.14935042F,   0.146984443F,  0.144529939F,  0.141988367F,  0.139361277F,
    0.136650234F,   0.133856878F,  0.130982891F,  0.128030002F,  0.125F,        0.121894695F,  0.118715972F,
    0.115465738F,   0.112145945F,  0.108758606F,  0.105305754F,  0.101789467F,  0.0982118696F, 0.0945751071F,
    0.0908813849F,  0.0871329084F, 0.0833319575F, 0.0794808045F, 0.0755817741F, 0.0716372207F, 0.0676495135F,
    0.0636210516F,  0.0595542751F, 0.0554516204F, 0.0513155647F, 0.0471486002F, 0.0429532342F, 0.0387319922F,
    0.0344874226F,  0.0302220769F, 0.0259385277F, 0.0216393545F, 0.0173271466F, 0.0130045004F, 0.00867402088F,
    0.00433831709F, 0.0F,
};

/* A box filter along one axis of n values: where output o begins and ends, and its window in full. */
typedef struct {
    size_t n, window, half;
} box;

static box box_for(size_t n) {
    const size_t window = (n + 2 * GRID - 1) / (2 * GRID);
    return (box){n, window, (window + 2) / 2};
}

static size_t box_first(const box *b, size_t o) {
    return o + b->half > b->window ? o + b->half - b->window : 0;
}

static size_t box_last(const box *b, size_t o) {
    return o + b->half - 1 < b->n ? o + b->half - 1 : b->n - 1;
}

static float box_count(const box *b, size_t o) {
    return (float)(box_last(b, o) - box_first(b, o) + 1);
}

/* The value of an axis of n that stands for cell i of the grid: the centre of its cell. */
static size_t grid_centre(size_t n, size_t i) {
    return (size_t)(((double)i + 0.5) * (double)n / GRID);
}

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

/* ---- from the 64x64 grid to the hashes ---- */

static int step(float u, float v) {
    const int d = (int)((u - v) * 100 / 255);
    return d < 0 ? -d : d;
}

static int quality_of(float grid[GRID][GRID]) {
    int sum = 0;
    for (int i = 0; i < GRID; i++) {
        for (int j = 0; j < GRID; j++) {
            sum += i + 1 < GRID ? step(grid[i][j], grid[i + 1][j]) : 0;
            sum += j + 1 < GRID ? step(grid[i][j], grid[i][j + 1]) : 0;
        }
    }
    return sum / QUALITY_SCALE < FULL_QUALITY ? sum / QUALITY_SCALE : FULL_QUALITY;
}

static float basis(int frequency, int position) {
    const int turn = (frequency + 1) * (2 * position + 1) % (4 * QUARTER);
    const int half = turn > 2 * QUARTER ? 4 * QUARTER - turn : turn;
    return half <= QUARTER ? COSINE[half] : -COSINE[2 * QUARTER - half];
}

static void transform(float grid[GRID][GRID], float out[COEFS][COEFS]) {
    float rows[COEFS][GRID] = {{0}};
    float across[GRID][COEFS];
    for (int i = 0; i < COEFS; i++) {
        for (int k = 0; k < GRID; k++) {
            const float weight = basis(i, k);
            across[k][i] = weight;
            for (int j = 0; j < GRID; j++) {
                rows[i][j] += weight * grid[k][j];
            }
        }
    }
    for (int i = 0; i < COEFS; i++) {
        for (int j = 0; j < COEFS; j++) {
            out[i][j] = 0.0F;
        }
        for (int k = 0; k < GRID; k++) {
            for (int j = 0; j < COEFS; j++) {
                out[i][j] += rows[i][k] * across[k][j];
            }
        }
    }
}

/* The lower median. Insertion sort: 256 values. */
static float median_of(const float *values) {
    float sorted[COEFS * COEFS];
    for (int i = 0; i < COEFS * COEFS; i++) {
        int at = i;
        for (; at > 0 && sorted[at - 1] > values[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = values[i];
    }
    return sorted[COEFS * COEFS / 2 - 1];
}

static void bits_of(const float *coefs, uint8_t *hash) {
    const float median = median_of(coefs);
    for (int k = 0; k < COEFS * COEFS; k++) {
        const int at = NOLI_PDQ_BYTES - 1 - k / 8;
        hash[at] = (uint8_t)(hash[at] | (coefs[k] > median) << k % 8);
    }
}

/* How each variant follows from the original's coefficients: whether rows, columns are mirrored, then transposed. */
static const struct {
    int flip_rows, flip_columns, transpose;
} TURNS[NOLI_PDQ_VARIANTS] = {{0, 0, 0}, {0, 1, 1}, {1, 1, 0}, {1, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}};

static void hashes_of(float grid[GRID][GRID], noli_pdq_result *result) {
    float coefs[COEFS][COEFS], turned[COEFS][COEFS];
    result->quality = quality_of(grid);
    transform(grid, coefs);
    for (int v = 0; v < NOLI_PDQ_VARIANTS; v++) {
        for (int i = 0; i < COEFS; i++) {
            for (int j = 0; j < COEFS; j++) {
                /* Mirroring negates the odd frequencies, which have even numbers here. */
                const int negate = (TURNS[v].flip_rows && i % 2 == 0) ^ (TURNS[v].flip_columns && j % 2 == 0);
                *(TURNS[v].transpose ? &turned[j][i] : &turned[i][j]) = negate ? -coefs[i][j] : coefs[i][j];
            }
        }
        bits_of(&turned[0][0], result->hashes[v]);
    }
}

static void clear(noli_pdq_result *result) {
    result->quality = 0;
    for (int v = 0; v < NOLI_PDQ_VARIANTS; v++) {
        for (int i = 0; i < NOLI_PDQ_BYTES; i++) {
            result->hashes[v][i] = 0;
        }
    }
}

void noli_pdq(const uint8_t *pixels, size_t height, size_t width, size_t channels, int nearest_512, void *scratch,
              noli_pdq_result *result) {
    const int shrink = nearest_512 && (height > NEAREST || width > NEAREST);
    const size_t rows = shrink ? NEAREST : height, columns = shrink ? NEAREST : width;
    float grid[GRID][GRID];
    float *memory = scratch;
    clear(result);
    if (rows < MIN_SIDE || columns < MIN_SIDE) {
        return;
    }
    if (rows == GRID && columns == GRID) { /* Meta's code does not filter what is of the right size already. */
        for (size_t y = 0; y < GRID; y++) {
            luma_row(pixels + y * GRID * channels, GRID, channels, grid[y]);
        }
        hashes_of(grid, result);
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
    hashes_of(grid, result);
}

/* ---- folded ---- */

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
    clear(result);
    if (original_height < MIN_SIDE || original_width < MIN_SIDE) {
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
    hashes_of(grid, result);
}
