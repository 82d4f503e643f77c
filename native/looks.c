/* SPDX-License-Identifier: Apache-2.0 */
/* See looks.h. A window is two ranges, one along each axis. Its frequencies are the picture's values, weighed along the
 * rows by what each adds to a frequency of the one range, and the sums along the columns likewise: so a range is worked
 * out once, and each pair of ranges costs a sixteenth of a transform. */
#include "looks.h"

#include "pdq_parts.h"
#include "regions_parts.h"

enum {
    SIDE = NOLI_LOOKS_SIDE,
    HALF = SIDE / 2, /* values enough for windows that show nearly all */
    LOW = 16,        /* frequencies kept each way */
    STEPS = 5,       /* by which an edge of a window is moved in or out, at most */
    CLOSE = 1,       /* the same where all edges are moved at once */
    RANGES = 4 * STEPS + 1 + 4 * CLOSE * CLOSE,
    TURNS = 8,  /* each way */
    INWARD = 2, /* steps by which all edges of a window over a turned picture are moved in, and out */
    OUTWARD = 5,
    LINES = 5, /* straight edges that are taken for those of a picture in the picture, each way */
    PLACES = LINES + 2,
    PAIRS = PLACES * (PLACES - 1) / 2,
    APART = 4,  /* values between two lines, at least */
    AROUND = 3, /* lines on each side that a line is compared with */
    SHORTEST = SIDE / 4
};

static const float STEP = 0.04F;      /* of a side */
static const float TURN = 1.6F / 360; /* of a whole turn */
static const float CLEAR = 20.0F;     /* difference between two values from which on it counts no more */
static const float LINE = 3.0F;     /* how much clearer than those beside it a line is, on the average of its values */
static const float CONTRAST = 6.0F; /* usual difference from the mean in a window that shows something */

/* What each value of an axis adds to the frequencies of a range of it. */
typedef struct {
    size_t first, end;
    float weights[SIDE][LOW];
} range;

/* The sums along rows for one range. */
typedef struct {
    float at[SIDE][LOW];
} strip;

typedef struct {
    /* Column by column. */
    float whole[SIDE][SIDE], half[HALF][HALF], turned[HALF][HALF];
    float around[3 * HALF][3 * HALF]; /* the half, mirrored all around it */
    range ranges[RANGES > PAIRS ? RANGES : PAIRS];
    strip rows;
    uint8_t (*hashes)[NOLI_LOOKS_BYTES];
    size_t count;
} work;

size_t noli_looks_scratch_bytes(void) {
    return sizeof(work);
}

/* Where a place outside, by less than n values, lies in the mirrored picture. */
static size_t mirrored(ptrdiff_t at, ptrdiff_t n) {
    at = at < 0 ? -1 - at : at;
    return (size_t)(at >= n ? 2 * n - 1 - at : at);
}

/* sin(pi k t) / (pi k) for k = 1 to LOW. */
static void sines(float t, float out[LOW]) {
    const float twice = 2.0F * noli_cosine(0.5F * t + 1.0F);
    float before = 0.0F, now = noli_cosine(0.5F * t + 0.75F);
    for (int k = 0; k < LOW; k++) {
        const float next = twice * now - before;
        out[k] = now / (3.14159265F * (float)(k + 1));
        before = now;
        now = next;
    }
}

/* The range from `from` to `to` of an axis of n values, both in values. */
static void set_range(range *r, float from, float to, size_t n) {
    const ptrdiff_t first = (ptrdiff_t)(from + (float)SIDE) - SIDE;
    float low[LOW], high[LOW];
    *r = (range){.first = n};
    sines(0.0F, low);
    for (ptrdiff_t at = first; (float)at < to; at++) {
        const size_t place = mirrored(at, (ptrdiff_t)n);
        const float end = noli_clamp((float)(at + 1), from, to);
        sines((end - from) / (to - from), high);
        for (int k = 0; k < LOW; k++) {
            r->weights[place][k] += high[k] - low[k];
            low[k] = high[k];
        }
        r->first = place < r->first ? place : r->first;
        r->end = place >= r->end ? place + 1 : r->end;
    }
}

/* Weigh rows of n values by what they add to each frequency: `sums` is a row for each. Four at a time, in their order,
 * so that sums are seldom put away; n should be known where this is called. */
static inline void weigh(const float *restrict rows, size_t n, const range *r, float *restrict sums) {
    size_t at = r->first;
    for (size_t i = 0; i < LOW * n; i++) {
        sums[i] = 0.0F;
    }
    for (; at + 4 <= r->end; at += 4) {
        const float *of = rows + at * n;
        for (size_t k = 0; k < LOW; k++) {
            const float a = r->weights[at][k], b = r->weights[at + 1][k];
            const float c = r->weights[at + 2][k], d = r->weights[at + 3][k];
            for (size_t i = 0; i < n; i++) {
                sums[k * n + i] = sums[k * n + i] + a * of[i] + b * of[n + i] + c * of[2 * n + i] + d * of[3 * n + i];
            }
        }
    }
    for (; at < r->end; at++) {
        for (size_t k = 0; k < LOW; k++) {
            for (size_t i = 0; i < n; i++) {
                sums[k * n + i] += r->weights[at][k] * rows[at * n + i];
            }
        }
    }
}

/* Weigh a plane of n columns, each of n values. */
static inline void weigh_columns(const float *plane, size_t n, const range *along, strip *rows) {
    float sums[LOW * SIDE];
    weigh(plane, n, along, sums);
    for (size_t y = 0; y < n; y++) {
        for (size_t k = 0; k < LOW; k++) {
            rows->at[y][k] = sums[k * n + y];
        }
    }
}

/* Hash a window: the range `down` of the strip. */
static void hash_window(work *w, const range *down) {
    float coefs[LOW * LOW], power = 0.0F;
    weigh(&w->rows.at[0][0], LOW, down, coefs);
    for (int i = 0; i < LOW * LOW; i++) {
        power += coefs[i] * coefs[i];
    }
    if (4.0F * power >= CONTRAST * CONTRAST && w->count < NOLI_LOOKS_MOST) {
        uint8_t *hash = w->hashes[w->count++];
        for (int i = 0; i < NOLI_LOOKS_BYTES; i++) {
            hash[i] = 0;
        }
        noli_pdq_bits(coefs, hash);
    }
}

/* ---- cut, or seen from a little nearer or farther ---- */

/* Steps by which the two edges of a range are moved in. */
typedef struct {
    int near, far;
} moved;

static size_t list_moved(moved out[RANGES]) {
    size_t count = 0;
    for (int near = -STEPS; near <= STEPS; near++) {
        for (int far = -STEPS; far <= STEPS; far++) {
            if (near == 0 || far == 0 || (near * near <= CLOSE * CLOSE && far * far <= CLOSE * CLOSE)) {
                out[count++] = (moved){near, far};
            }
        }
    }
    return count;
}

static int is_still(moved m) {
    return m.near == 0 && m.far == 0;
}

static int is_close(moved m) {
    return m.near * m.near <= CLOSE * CLOSE && m.far * m.far <= CLOSE * CLOSE;
}

static void look_at_cuts(work *w) {
    moved by[RANGES];
    const size_t count = list_moved(by);
    for (size_t i = 0; i < count; i++) {
        set_range(&w->ranges[i], (float)by[i].near * STEP * HALF, HALF - (float)by[i].far * STEP * HALF, HALF);
    }
    for (size_t x = 0; x < count; x++) {
        weigh_columns(&w->half[0][0], HALF, &w->ranges[x], &w->rows);
        for (size_t y = 0; y < count; y++) {
            if ((is_close(by[x]) && is_close(by[y])) || is_still(by[x]) || is_still(by[y])) {
                hash_window(w, &w->ranges[y]);
            }
        }
    }
}

/* ---- turned by a few degrees ---- */

static void mirror_all_around(work *w) {
    for (ptrdiff_t x = 0; x < 3 * HALF; x++) {
        for (ptrdiff_t y = 0; y < 3 * HALF; y++) {
            w->around[x][y] = w->half[mirrored(x - HALF, HALF)][mirrored(y - HALF, HALF)];
        }
    }
}

static float value_at(const work *w, float x, float y) {
    x = noli_clamp(x, -HALF, 2 * HALF - 2);
    y = noli_clamp(y, -HALF, 2 * HALF - 2);
    const ptrdiff_t left = (ptrdiff_t)(x + SIDE) - HALF, top = (ptrdiff_t)(y + SIDE) - HALF;
    const float u = x - (float)(left - HALF), v = y - (float)(top - HALF);
    const float *at = &w->around[left][top], *right = &w->around[left + 1][top];
    const float upper = at[0] + u * (right[0] - at[0]);
    const float lower = at[1] + u * (right[1] - at[1]);
    return upper + v * (lower - upper);
}

static void turn_plane(work *w, float turn, float shape) {
    const float cosine = noli_cosine(turn + 1.0F), sine = noli_cosine(turn + 0.75F), middle = 0.5F * (HALF - 1);
    for (size_t x = 0; x < HALF; x++) {
        for (size_t y = 0; y < HALF; y++) {
            const float along = (float)x - middle, down = (float)y - middle;
            w->turned[x][y] = value_at(w, middle + cosine * along + sine / shape * down,
                                       middle - sine * shape * along + cosine * down);
        }
    }
}

/* `shape` is the picture's width over its height. */
static void look_at_turns(work *w, float shape) {
    mirror_all_around(w);
    for (int i = -OUTWARD; i <= INWARD; i++) {
        set_range(&w->ranges[i + OUTWARD], (float)i * STEP * HALF, HALF - (float)i * STEP * HALF, HALF);
    }
    for (int turn = -TURNS; turn <= TURNS; turn++) {
        if (turn == 0) {
            continue;
        }
        turn_plane(w, (float)turn * TURN, shape);
        for (int i = 0; i <= OUTWARD + INWARD; i++) {
            weigh_columns(&w->turned[0][0], HALF, &w->ranges[i], &w->rows);
            hash_window(w, &w->ranges[i]);
        }
    }
}

/* ---- set into another picture ---- */

/* How clearly a picture may end between value at - 1 and value at: the difference along the whole line, cut off where a
 * few values would say it all. */
static float edge_at(const work *w, size_t at, int down) {
    float sum = 0.0F;
    for (size_t i = 0; i < SIDE; i++) {
        const float off = down ? w->whole[i][at] - w->whole[i][at - 1] : w->whole[at][i] - w->whole[at - 1][i];
        sum += noli_clamp(off < 0.0F ? -off : off, 0.0F, CLEAR);
    }
    return sum;
}

/* By how much a line is clearer than those beside it. */
static float clarity(const float edges[SIDE], size_t at) {
    const size_t first = at > AROUND ? at - AROUND : 1, last = at + AROUND < SIDE ? at + AROUND : SIDE - 1;
    float sum = 0.0F;
    for (size_t i = first; i <= last; i++) {
        sum += i == at ? 0.0F : edges[i];
    }
    return edges[at] - sum / (float)(last - first);
}

static int is_apart(const size_t *places, size_t count, size_t at) {
    for (size_t i = 0; i < count; i++) {
        const size_t gap = places[i] > at ? places[i] - at : at - places[i];
        if (gap < APART) {
            return 0;
        }
    }
    return 1;
}

/* The edges of the picture and its clearest lines. */
static size_t list_places(const work *w, int down, size_t places[PLACES]) {
    float edges[SIDE] = {0}, clear[SIDE] = {0};
    size_t count = 2;
    places[0] = 0;
    places[1] = SIDE;
    for (size_t at = 1; at < SIDE; at++) {
        edges[at] = edge_at(w, at, down);
    }
    for (size_t at = 1; at < SIDE; at++) {
        clear[at] = clarity(edges, at);
    }
    for (; count < PLACES; count++) {
        size_t best = 0;
        for (size_t at = 1; at < SIDE; at++) {
            if (is_apart(places, count, at) && clear[at] > (best == 0 ? LINE * SIDE : clear[best])) {
                best = at;
            }
        }
        if (best == 0) {
            return count;
        }
        places[count] = best;
    }
    return count;
}

static size_t ordered(const size_t *places, size_t count, size_t pairs[PAIRS][2]) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (places[j] >= places[i] + SHORTEST) {
                pairs[found][0] = places[i];
                pairs[found++][1] = places[j];
            }
        }
    }
    return found;
}

static void look_inside(work *w) {
    size_t places[PLACES], across[PAIRS][2], down[PAIRS][2];
    const size_t columns = ordered(places, list_places(w, 0, places), across);
    const size_t rows = ordered(places, list_places(w, 1, places), down);
    range along;
    for (size_t y = 0; y < rows; y++) {
        set_range(&w->ranges[y], (float)down[y][0], (float)down[y][1], SIDE);
    }
    for (size_t x = 0; x < columns; x++) {
        set_range(&along, (float)across[x][0], (float)across[x][1], SIDE);
        weigh_columns(&w->whole[0][0], SIDE, &along, &w->rows);
        for (size_t y = 0; y < rows; y++) {
            hash_window(w, &w->ranges[y]);
        }
    }
}

size_t noli_looks(const uint8_t grey[NOLI_LOOKS_SIDE * NOLI_LOOKS_SIDE], float width, float height, void *scratch,
                  uint8_t hashes[NOLI_LOOKS_MOST][NOLI_LOOKS_BYTES]) {
    work *w = scratch;
    w->hashes = hashes;
    w->count = 0;
    for (size_t y = 0; y < SIDE; y++) {
        for (size_t x = 0; x < SIDE; x++) {
            w->whole[x][y] = (float)grey[y * SIDE + x];
        }
    }
    for (size_t y = 0; y < HALF; y++) {
        for (size_t x = 0; x < HALF; x++) {
            const float *left = &w->whole[2 * x][2 * y], *right = &w->whole[2 * x + 1][2 * y];
            w->half[x][y] = 0.25F * (left[0] + right[0] + left[1] + right[1]);
        }
    }
    look_at_cuts(w);
    look_at_turns(w, width / height);
    look_inside(w);
    return w->count;
}
