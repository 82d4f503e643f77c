/* SPDX-License-Identifier: Apache-2.0 */
/* From a grey plane to its points of interest; see regions.h. */
#include "regions_parts.h"

enum {
    LONGER = 320,  /* pixels of the working picture's longer side */
    SHORTEST = 24, /* below this side there is nothing to find */
    STEPS = 3,     /* scales an octave */
    BLURS = STEPS + 3,
    OCTAVES = 4,
    REACH = 10,    /* of the widest blur */
    CLEAREST = 60, /* regions that are taken by their strength alone */
    POOL = 480,    /* points from which the others are taken */
    PARTS = 4,     /* of each side: cells from which they are taken in turn */
    BINS = 36,     /* directions told apart before they are refined */
    AROUND = 40,   /* values a row, at most, that are looked at for them: an octave's scales end below 3.7 */
    TURN = 65536
};

static const float FIRST_SCALE = 1.6F;
static const float SIDE_PER_SCALE = 12.0F; /* of a region */
static const float CONTRAST = 0.3F;        /* between a point and its surroundings, of 255, at least */
static const float INSIDE = 0.9F;          /* of a region's side, what has to lie in the picture */
static const float SECOND_PEAK = 0.85F;    /* of the strongest direction, from which on another counts */
/* Ratio of the two curvatures of what is no point but an edge. Lowe takes 10 (4.1); drawn pictures have little else. */
static const float EDGE = 20.0F;

/* Half of each Gaussian, centre first: of a picture of blur 0.5 to 1.6, then by a third of an octave each. */
static const struct {
    int reach;
    float weights[REACH + 1];
} KERNELS[BLURS] = {
    {5, {0.26254521F, 0.21144673F, 0.11045657F, 0.037426214F, 0.0082253418F, 0.0011725348F}},
    {4, {0.32538227F, 0.2333403F, 0.086055246F, 0.016321372F, 0.0015919438F}},
    {5, {0.25828946F, 0.20947769F, 0.11174576F, 0.03920907F, 0.0090490753F, 0.0013736752F}},
    {6, {0.20509535F, 0.17974176F, 0.12098417F, 0.062545266F, 0.024834002F, 0.0075733031F, 0.0017738232F}},
    {8,
     {0.16274317F, 0.14976203F, 0.11670746F, 0.077018216F, 0.043041383F, 0.020369338F, 0.008163296F, 0.0027704614F,
      0.00079622644F}},
    {10,
     {0.12918993F, 0.12259887F, 0.10477551F, 0.080639651F, 0.055892439F, 0.034887755F, 0.019611397F, 0.0099279503F,
      0.0045261214F, 0.001858268F, 0.00068707802F}},
};

/* 2^(k/3) for k = 0 to 5. */
static const float THIRDS[BLURS] = {1.0F, 1.25992105F, 1.58740105F, 2.0F, 2.5198421F, 3.1748021F};

/* ---- angles ---- */

float noli_cosine(float turn) {
    /* Folded to an eighth either side of zero, then Taylor's series of either function. */
    turn -= (float)(int)turn;
    turn = turn < 0.0F ? turn + 1.0F : turn;
    turn = turn > 0.5F ? 1.0F - turn : turn;
    const float sign = turn > 0.25F ? -1.0F : 1.0F;
    turn = turn > 0.25F ? 0.5F - turn : turn;
    if (turn > 0.125F) {
        const float a = (0.25F - turn) * 6.28318531F, s = a * a;
        return sign * a * (1.0F - s * (0.16666667F - s * (0.00833333F - s * 0.00019841F)));
    }
    const float a = turn * 6.28318531F, s = a * a;
    return sign * (1.0F - s * (0.5F - s * (0.04166667F - s * (0.00138889F - s * 0.0000248F))));
}

/* ---- layers ---- */

static noli_layer layer_in(float **memory, size_t height, size_t width) {
    const noli_layer made = {height, width, *memory};
    *memory += height * width;
    return made;
}

/* Sides of the working picture. */
static void working_size(size_t height, size_t width, size_t *down, size_t *along) {
    const size_t longer = height > width ? height : width;
    *down = (height * LONGER + longer / 2) / longer;
    *along = (width * LONGER + longer / 2) / longer;
}

/* Values that one value of a resized axis is made of: a triangle of two old or new pixels each side. */
typedef struct {
    float step, support;
    size_t side;
} resizing;

static resizing resizing_of(size_t from, size_t to) {
    const float step = (float)from / (float)to;
    return (resizing){step, step > 1.0F ? step : 1.0F, from};
}

static size_t taps_begin(const resizing *r, size_t i, float *centre) {
    *centre = ((float)i + 0.5F) * r->step - 0.5F;
    const float from = *centre - r->support;
    return from < 0.0F ? 0 : (size_t)from;
}

static float tap(const resizing *r, size_t k, float centre) {
    const float away = ((float)k - centre) / r->support;
    const float weight = 1.0F - (away < 0.0F ? -away : away);
    return weight > 0.0F ? weight : 0.0F;
}

static size_t taps_end(const resizing *r, float centre) {
    const size_t end = (size_t)(centre + r->support) + 1;
    return end < r->side ? end : r->side;
}

/* The same of a whole axis: where the values of each begin, what they weigh, one behind the other, and their sum. */
typedef struct {
    const float *weights;
    size_t begin[LONGER], count[LONGER];
    float total[LONGER];
} taps;

static void taps_of(size_t from, size_t to, float *weights, taps *made) {
    const resizing r = resizing_of(from, to);
    made->weights = weights;
    for (size_t i = 0; i < to; i++) {
        float centre, total = 0.0F;
        const size_t begin = taps_begin(&r, i, &centre), end = taps_end(&r, centre);
        for (size_t k = begin; k < end; k++) {
            *weights = tap(&r, k, centre);
            total += *weights++;
        }
        made->begin[i] = begin;
        made->count[i] = end - begin;
        made->total[i] = total;
    }
}

static void resize_row(const float *row, const taps *along, float *out, size_t count) {
    const float *weights = along->weights;
    for (size_t i = 0; i < count; i++) {
        const float *from = row + along->begin[i];
        float sum = 0.0F;
        for (size_t k = 0; k < along->count[i]; k++) {
            sum += weights[k] * from[k];
        }
        weights += along->count[i];
        out[i] = sum / along->total[i];
    }
}

static void resize(const uint8_t *plane, size_t height, size_t width, const noli_layer *out, float *row) {
    const resizing down = resizing_of(height, out->height);
    taps along;
    taps_of(width, out->width, row + width, &along);
    for (size_t y = 0; y < out->height; y++) {
        float centre, total = 0.0F;
        const size_t begin = taps_begin(&down, y, &centre), end = taps_end(&down, centre);
        for (size_t x = 0; x < width; x++) {
            row[x] = 0.0F;
        }
        for (size_t k = begin; k < end; k++) {
            const float weight = tap(&down, k, centre);
            const uint8_t *values = plane + k * width;
            total += weight;
            for (size_t x = 0; x < width; x++) {
                row[x] += weight * (float)values[x];
            }
        }
        for (size_t x = 0; x < width; x++) {
            row[x] /= total;
        }
        resize_row(row, &along, out->at + y * out->width, out->width);
    }
}

static void halve(const noli_layer *in, const noli_layer *out) {
    for (size_t y = 0; y < out->height; y++) {
        const float *upper = in->at + 2 * y * in->width, *lower = upper + in->width;
        for (size_t x = 0; x < out->width; x++) {
            out->at[y * out->width + x] = 0.25F * (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]);
        }
    }
}

static size_t inside(ptrdiff_t i, size_t side) {
    return i < 0 ? 0 : (size_t)i < side ? (size_t)i : side - 1;
}

/* One row of a blur, from the row itself and, for each further weight, the two rows or shifted rows on either side of
 * it. Two at a time, in their order, so that sums are seldom put away. */
static void blur_row(const float *middle, const float *const before[REACH], const float *const after[REACH],
                     const float *weights, ptrdiff_t reach, size_t width, float *restrict to) {
    ptrdiff_t k = 0;
    for (size_t x = 0; x < width; x++) {
        to[x] = weights[0] * middle[x];
    }
    for (; k + 2 <= reach; k += 2) {
        const float *a = before[k], *b = after[k], *c = before[k + 1], *d = after[k + 1];
        for (size_t x = 0; x < width; x++) {
            to[x] = to[x] + weights[k + 1] * (a[x] + b[x]) + weights[k + 2] * (c[x] + d[x]);
        }
    }
    for (; k < reach; k++) {
        for (size_t x = 0; x < width; x++) {
            to[x] += weights[k + 1] * (before[k][x] + after[k][x]);
        }
    }
}

/* Blur along rows into `between`, then along columns; edges are repeated. */
static void blur(const noli_layer *in, int kernel, float *between, const noli_layer *out) {
    const ptrdiff_t reach = KERNELS[kernel].reach;
    const float *weights = KERNELS[kernel].weights, *before[REACH], *after[REACH];
    const size_t width = in->width, height = in->height;
    float padded[LONGER + 2 * REACH];
    for (ptrdiff_t k = 0; k < reach; k++) {
        before[k] = padded + reach - k - 1;
        after[k] = padded + reach + k + 1;
    }
    for (size_t y = 0; y < height; y++) {
        const float *row = in->at + y * width;
        for (ptrdiff_t x = 0; x < reach; x++) {
            padded[x] = row[0];
            padded[x + reach + (ptrdiff_t)width] = row[width - 1];
        }
        for (size_t x = 0; x < width; x++) {
            padded[x + (size_t)reach] = row[x];
        }
        blur_row(padded + reach, before, after, weights, reach, width, between + y * width);
    }
    for (size_t y = 0; y < height; y++) {
        for (ptrdiff_t k = 0; k < reach; k++) {
            before[k] = between + inside((ptrdiff_t)y - k - 1, height) * width;
            after[k] = between + inside((ptrdiff_t)y + k + 1, height) * width;
        }
        blur_row(between + y * width, before, after, weights, reach, width, out->at + y * width);
    }
}

/* ---- points ---- */

typedef struct {
    noli_layer blurred[BLURS], differences[BLURS - 1];
    float pixel; /* pixels of the working picture that one of this octave spans */
} octave;

static float value(const octave *o, int step, size_t y, size_t x) {
    return o->differences[step].at[y * o->differences[step].width + x];
}

/* Whether a value exceeds, or undercuts, its 26 neighbours. */
static int is_extremum(const octave *o, int step, size_t y, size_t x) {
    const float centre = value(o, step, y, x), sign = centre > 0.0F ? 1.0F : -1.0F;
    for (int s = step - 1; s <= step + 1; s++) {
        for (size_t j = y - 1; j <= y + 1; j++) {
            for (size_t i = x - 1; i <= x + 1; i++) {
                if ((s != step || j != y || i != x) && sign * value(o, s, j, i) >= sign * centre) {
                    return 0;
                }
            }
        }
    }
    return 1;
}

/* Slopes and curvatures around a value, in x, y and scale. */
typedef struct {
    float dx, dy, ds, dxx, dyy, dss, dxy, dxs, dys;
} shape;

static shape shape_at(const octave *o, int s, size_t y, size_t x) {
    const float c2 = 2.0F * value(o, s, y, x);
    return (shape){
        0.5F * (value(o, s, y, x + 1) - value(o, s, y, x - 1)),
        0.5F * (value(o, s, y + 1, x) - value(o, s, y - 1, x)),
        0.5F * (value(o, s + 1, y, x) - value(o, s - 1, y, x)),
        value(o, s, y, x + 1) + value(o, s, y, x - 1) - c2,
        value(o, s, y + 1, x) + value(o, s, y - 1, x) - c2,
        value(o, s + 1, y, x) + value(o, s - 1, y, x) - c2,
        0.25F * (value(o, s, y + 1, x + 1) - value(o, s, y + 1, x - 1) - value(o, s, y - 1, x + 1) +
                 value(o, s, y - 1, x - 1)),
        0.25F * (value(o, s + 1, y, x + 1) - value(o, s + 1, y, x - 1) - value(o, s - 1, y, x + 1) +
                 value(o, s - 1, y, x - 1)),
        0.25F * (value(o, s + 1, y + 1, x) - value(o, s + 1, y - 1, x) - value(o, s - 1, y + 1, x) +
                 value(o, s - 1, y - 1, x)),
    };
}

/* Where the parabola through a value and its neighbours is flat: offsets in x, y and scale. Returns 0 for an edge. */
static int refine(const shape *h, float offset[3]) {
    const float area = h->dxx * h->dyy - h->dxy * h->dxy, sum = h->dxx + h->dyy;
    if (area <= 0.0F || sum * sum * EDGE >= (EDGE + 1.0F) * (EDGE + 1.0F) * area) {
        return 0;
    }
    /* Cramer's rule. */
    const float a = h->dyy * h->dss - h->dys * h->dys, b = h->dxs * h->dys - h->dxy * h->dss;
    const float c = h->dxy * h->dys - h->dxs * h->dyy;
    const float whole = h->dxx * a + h->dxy * b + h->dxs * c;
    if (whole == 0.0F) {
        return 0;
    }
    const float d = h->dxx * h->dss - h->dxs * h->dxs, e = h->dxy * h->dxs - h->dxx * h->dys;
    offset[0] = -(a * h->dx + b * h->dy + c * h->ds) / whole;
    offset[1] = -(b * h->dx + d * h->dy + e * h->ds) / whole;
    offset[2] = -(c * h->dx + e * h->dy + area * h->ds) / whole;
    for (int i = 0; i < 3; i++) {
        offset[i] = noli_clamp(offset[i], -0.6F, 0.6F);
    }
    return 1;
}

/* ---- directions ---- */

/* How much the picture around a point rises towards each of 36 directions. */
static void rises(const noli_layer *layer, float x, float y, float scale, float bins[BINS]) {
    const float radius = 4.5F * scale;
    const ptrdiff_t top = (ptrdiff_t)(y - radius), left = (ptrdiff_t)(x - radius), right = (ptrdiff_t)(x + radius);
    const ptrdiff_t first = left > 1 ? left : 1;
    const ptrdiff_t end = right + 2 < (ptrdiff_t)layer->width ? right + 1 : (ptrdiff_t)layer->width - 1;
    const int32_t count = end > first ? (int32_t)(end - first) : 0;
    float raw[BINS] = {0}, places[AROUND], sizes[AROUND];
    for (ptrdiff_t j = top > 1 ? top : 1; j <= (ptrdiff_t)(y + radius) && j + 1 < (ptrdiff_t)layer->height; j++) {
        const float *at = layer->at + (size_t)j * layer->width + (size_t)first;
        const float *above = at - layer->width, *below = at + layer->width;
        for (int32_t i = 0; i < count; i++) {
            const float along = (float)((int32_t)first + i) - x, down = (float)j - y;
            const float away = along * along + down * down, inner = 1.0F - away / (radius * radius);
            const float near = inner > 0.0F ? inner : 0.0F;
            const float dx = at[i + 1] - at[i - 1], dy = below[i] - above[i];
            places[i] = noli_turn_of(dx, dy) * BINS;
            sizes[i] = near * near * noli_root(dx * dx + dy * dy);
        }
        for (int32_t i = 0; i < count; i++) {
            const int bin = (int)places[i];
            const float part = places[i] - (float)bin;
            raw[bin % BINS] += sizes[i] * (1.0F - part);
            raw[(bin + 1) % BINS] += sizes[i] * part;
        }
    }
    for (int i = 0; i < BINS; i++) {
        bins[i] = (raw[(i + BINS - 2) % BINS] + raw[(i + 2) % BINS]) / 16.0F +
                  (raw[(i + BINS - 1) % BINS] + raw[(i + 1) % BINS]) / 4.0F + raw[i] * 0.375F;
    }
}

/* The strongest direction, and a second one where it is nearly as strong, in turns. Returns how many. */
static int directions(const float bins[BINS], float turns[2]) {
    int best[2] = {-1, -1};
    for (int i = 0; i < BINS; i++) {
        const float before = bins[(i + BINS - 1) % BINS], after = bins[(i + 1) % BINS];
        if (bins[i] <= before || bins[i] < after) {
            continue;
        }
        if (best[0] < 0 || bins[i] > bins[best[0]]) {
            best[1] = best[0];
            best[0] = i;
        } else if (best[1] < 0 || bins[i] > bins[best[1]]) {
            best[1] = i;
        }
    }
    int count = 0;
    for (int k = 0; k < 2 && best[k] >= 0 && (k == 0 || bins[best[1]] >= SECOND_PEAK * bins[best[0]]); k++) {
        const float before = bins[(best[k] + BINS - 1) % BINS], after = bins[(best[k] + 1) % BINS];
        const float peak = 0.5F * (before - after) / (before - 2.0F * bins[best[k]] + after);
        const float turn = ((float)best[k] + peak) / BINS;
        turns[count++] = turn < 0.0F ? turn + 1.0F : turn;
    }
    return count;
}

/* ---- from plane to regions ---- */

/* A point of which the direction is not yet known, and where it will be seen: the layer, and pixels of the working
 * picture that one of that spans. */
typedef struct {
    noli_keypoint at;
    const noli_layer *layer;
    float pixel;
} extremum;

typedef struct {
    extremum *points;
    size_t count;
} heap; /* the weakest on top */

/* Ties are broken by place, so that fewer points are always the first of more. */
static int weaker(const extremum *one, const extremum *other) {
    if (one->at.strength != other->at.strength) {
        return one->at.strength < other->at.strength;
    }
    return one->at.y != other->at.y ? one->at.y < other->at.y : one->at.x < other->at.x;
}

static void sink(heap *h, size_t at) {
    for (size_t child; (child = 2 * at + 1) < h->count; at = child) {
        child += child + 1 < h->count && weaker(&h->points[child + 1], &h->points[child]);
        if (!weaker(&h->points[child], &h->points[at])) {
            return;
        }
        const extremum kept = h->points[at];
        h->points[at] = h->points[child];
        h->points[child] = kept;
    }
}

static void keep(heap *h, size_t most, const extremum *point) {
    if (h->count < most) {
        size_t at = h->count++;
        for (; at > 0 && weaker(point, &h->points[(at - 1) / 2]); at = (at - 1) / 2) {
            h->points[at] = h->points[(at - 1) / 2];
        }
        h->points[at] = *point;
    } else if (weaker(&h->points[0], point)) {
        h->points[0] = *point;
        sink(h, 0);
    }
}

/* Strongest first. */
static void sort(heap *h) {
    const size_t count = h->count;
    while (h->count > 1) {
        const extremum weakest = h->points[0];
        h->points[0] = h->points[--h->count];
        h->points[h->count] = weakest;
        sink(h, 0);
    }
    h->count = count;
}

static int fits(const noli_keypoint *point, const noli_layer *working) {
    const float reach = 0.5F * INSIDE * SIDE_PER_SCALE * point->scale;
    return point->x >= reach && point->y >= reach && point->x + reach <= (float)working->width &&
           point->y + reach <= (float)working->height;
}

static void take(const octave *o, int step, size_t y, size_t x, const noli_layer *working, heap *kept, size_t most) {
    float offset[3];
    const shape h = shape_at(o, step, y, x);
    if (!refine(&h, offset)) {
        return;
    }
    const float peak = value(o, step, y, x) + 0.5F * (h.dx * offset[0] + h.dy * offset[1] + h.ds * offset[2]);
    const float contrast = peak < 0.0F ? -peak : peak;
    /* 2^(offset / 3), to a thousandth. */
    const float grown = 1.0F + offset[2] * (0.23104906F + offset[2] * 0.02669195F);
    const float scale = FIRST_SCALE * THIRDS[step] * grown;
    const extremum point = {
        {((float)x + offset[0]) * o->pixel + 0.5F, ((float)y + offset[1]) * o->pixel + 0.5F, scale * o->pixel, 0.0F,
         0.0F, contrast * scale * o->pixel},
        &o->blurred[step],
        o->pixel,
    };
    if (contrast >= CONTRAST && fits(&point.at, working)) {
        keep(kept, most, &point);
    }
}

/* Mark the values of a row that are clear and stand out from the four beside them: those few can be extrema. */
static void mark(const noli_layer *layer, size_t y, uint8_t marks[LONGER]) {
    const size_t width = layer->width;
    const float *here = layer->at + y * width, *above = here - width, *below = here + width;
    for (size_t x = 1; x + 1 < width; x++) {
        const float it = here[x], low = 0.8F * CONTRAST;
        const int above_all = (it > low) & (it > here[x - 1]) & (it > here[x + 1]) & (it > above[x]) & (it > below[x]);
        const int below_all = (it < -low) & (it < here[x - 1]) & (it < here[x + 1]) & (it < above[x]) & (it < below[x]);
        marks[x] = (uint8_t)(above_all | below_all);
    }
}

static void search(const octave *o, const noli_layer *working, heap *kept, size_t most) {
    uint8_t marks[LONGER];
    for (int step = 1; step <= STEPS; step++) {
        for (size_t y = 1; y + 1 < o->blurred[0].height; y++) {
            mark(&o->differences[step], y, marks);
            for (size_t x = 1; x + 1 < o->blurred[0].width; x++) {
                if (marks[x] && is_extremum(o, step, y, x)) {
                    take(o, step, y, x, working, kept, most);
                }
            }
        }
    }
}

/* Lay out an octave; what is subtracted lies where `differences` says, for it is needed no longer than the octave. */
static octave octave_in(float **memory, float *differences, const noli_layer *base, float pixel) {
    octave o = {.pixel = pixel};
    for (int i = 0; i < BLURS; i++) {
        o.blurred[i] = layer_in(memory, base->height, base->width);
    }
    for (int i = 0; i + 1 < BLURS; i++) {
        o.differences[i] = layer_in(&differences, base->height, base->width);
    }
    return o;
}

static void subtract(octave *o) {
    for (int i = 0; i + 1 < BLURS; i++) {
        const float *less = o->blurred[i].at, *more = o->blurred[i + 1].at;
        float *out = o->differences[i].at;
        for (size_t k = 0; k < o->blurred[i].height * o->blurred[i].width; k++) {
            out[k] = more[k] - less[k];
        }
    }
}

/* Values for a row of the plane, and for what its values weigh in those of the working picture: each pixel counts in
 * two at most, and rounding adds up to two for each. */
static size_t row_values(size_t width) {
    return 3 * width + 4 * LONGER;
}

size_t noli_regions_scratch_bytes(size_t height, size_t width) {
    size_t down, along;
    working_size(height, width, &down, &along);
    /* The working picture with its halves, all octaves, the differences of one, a layer between, a row of the plane. */
    return sizeof(float) * (down * along * (2 + 4 * BLURS / 3 + BLURS - 1 + 1) + row_values(width)) +
           sizeof(extremum) * POOL;
}

static uint16_t unit(float pixels, const noli_layer *working) {
    const float longer = (float)(working->height > working->width ? working->height : working->width);
    return (uint16_t)noli_clamp(pixels / longer * NOLI_REGION_UNIT + 0.5F, 0.0F, 2.0F * NOLI_REGION_UNIT - 1.0F);
}

/* The working picture, and its halves as far as anything can be found in them. Returns how many. */
static size_t halves(const uint8_t *plane, size_t height, size_t width, float **memory, noli_layer halved[OCTAVES]) {
    size_t down, along, count = 1;
    working_size(height, width, &down, &along);
    if (down < SHORTEST || along < SHORTEST) {
        return 0;
    }
    float *row = *memory;
    *memory += row_values(width);
    halved[0] = layer_in(memory, down, along);
    resize(plane, height, width, &halved[0], row);
    for (; count < OCTAVES; count++) {
        const noli_layer *last = &halved[count - 1];
        if (last->height / 2 < SHORTEST || last->width / 2 < SHORTEST) {
            break;
        }
        halved[count] = layer_in(memory, last->height / 2, last->width / 2);
        halve(last, &halved[count]);
    }
    return count;
}

/* Every second value of what is twice as blurred as an octave's first. */
static noli_layer next_base(const octave *o, float *at) {
    const noli_layer *twice = &o->blurred[STEPS];
    const noli_layer base = {twice->height / 2, twice->width / 2, at};
    for (size_t y = 0; y < base.height; y++) {
        for (size_t x = 0; x < base.width; x++) {
            base.at[y * base.width + x] = twice->at[2 * y * twice->width + 2 * x];
        }
    }
    return base;
}

static octave octave_of(float **memory, float *differences, const noli_layer *base, float pixel, float *between) {
    octave o = octave_in(memory, differences, base, pixel);
    if (base->at == between) {
        for (size_t k = 0; k < base->height * base->width; k++) {
            o.blurred[0].at[k] = base->at[k];
        }
    } else {
        blur(base, 0, between, &o.blurred[0]);
    }
    for (int i = 1; i < BLURS; i++) {
        blur(&o.blurred[i - 1], i, between, &o.blurred[i]);
    }
    subtract(&o);
    return o;
}

/* Describe a point in each of its directions, as far as there is room. Returns how many regions that gave. */
static size_t describe(const extremum *point, const noli_layer *halved, size_t count, size_t room, noli_region *out) {
    noli_keypoint at = point->at;
    float bins[BINS], turns[2];
    rises(point->layer, (at.x - 0.5F) / point->pixel, (at.y - 0.5F) / point->pixel, at.scale / point->pixel, bins);
    const size_t found = (size_t)directions(bins, turns), wanted = found < room ? found : room;
    const float side = SIDE_PER_SCALE * at.scale;
    for (size_t k = 0; k < wanted; k++) {
        at.cosine = noli_cosine(turns[k]);
        at.sine = noli_cosine(turns[k] - 0.25F);
        noli_region_describe(halved, count, &at, side, out[k].coefs);
        out[k].place = (noli_region_place){unit(at.x, &halved[0]), unit(at.y, &halved[0]), unit(side, &halved[0]),
                                           (uint16_t)((uint32_t)(turns[k] * TURN) % TURN)};
    }
    return wanted;
}

static size_t part_of(float place, size_t side) {
    return (size_t)noli_clamp(place / (float)side * PARTS, 0.0F, (float)(PARTS - 1));
}

/* How many points before each, strongest first, lie in the same part of the picture. Returns the highest number. */
static uint16_t rank(const heap *sorted, const noli_layer *working, uint16_t ranks[POOL]) {
    uint16_t seen[PARTS * PARTS] = {0}, highest = 0;
    for (size_t i = 0; i < sorted->count; i++) {
        const noli_keypoint *at = &sorted->points[i].at;
        ranks[i] = seen[part_of(at->y, working->height) * PARTS + part_of(at->x, working->width)]++;
        highest = ranks[i] > highest ? ranks[i] : highest;
    }
    return highest;
}

/* Describe the clearest points, then the first of each part of the picture, the second, and so on. */
static size_t describe_all(const heap *sorted, const noli_layer *halved, size_t count, size_t most, noli_region *out) {
    uint16_t ranks[POOL];
    const uint16_t highest = rank(sorted, &halved[0], ranks);
    size_t made = 0, first = 0;
    for (; first < sorted->count && made < most && made < CLEAREST; first++) {
        made += describe(&sorted->points[first], halved, count, (most < CLEAREST ? most : CLEAREST) - made, out + made);
    }
    for (size_t turn = 0; turn <= highest; turn++) {
        for (size_t i = first; i < sorted->count && made < most; i++) {
            if (ranks[i] == turn) {
                made += describe(&sorted->points[i], halved, count, most - made, out + made);
            }
        }
    }
    return made;
}

size_t noli_regions(const uint8_t *plane, size_t height, size_t width, size_t most, void *scratch, noli_region *found) {
    noli_layer halved[OCTAVES];
    octave octaves[OCTAVES];
    heap kept = {scratch, 0};
    float *memory = (float *)(kept.points + POOL), pixel = 1.0F;
    const size_t count = halves(plane, height, width, &memory, halved);
    most = most < NOLI_REGION_MOST ? most : NOLI_REGION_MOST;
    if (count == 0 || most == 0) {
        return 0;
    }
    noli_layer base = halved[0];
    float *between = memory, *differences = between + base.height * base.width;
    memory = differences + (BLURS - 1) * base.height * base.width;
    for (size_t level = 0; level < count; level++, pixel *= 2.0F) {
        octaves[level] = octave_of(&memory, differences, &base, pixel, between);
        search(&octaves[level], &halved[0], &kept, most > CLEAREST ? POOL : most);
        base = next_base(&octaves[level], between);
    }
    sort(&kept);
    return describe_all(&kept, halved, count, most, found);
}
