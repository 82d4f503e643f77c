/* SPDX-License-Identifier: Apache-2.0 */
/* Whether regions that resemble each other also lie as one picture in another; see regions.h. */
#include "regions_parts.h"

enum {
    CELLS = 32, /* each way, on which areas are counted */
    THOUSAND = 1000,
    TURN = 65536
};

/* How far a place may lie from where it should: a share of its side, and of its way from the region that was taken for
 * true, which a stretched copy needs. */
static const float OF_SIDE = 0.2F, OF_WAY = 0.1F;
static const float GROWN = 1.3F;               /* how much larger or smaller a region may be */
static const float WITHOUT_RIM = 0.9F;         /* of a region's side, what a query shows that shows the region */
static const int32_t TURNED = TURN * 20 / 360; /* how much further it may be turned */

/* From the query to the banked picture: place = (a -b*m; b a*m) (place - from) + to, m being -1 where mirrored. */
typedef struct {
    float a, b, mirror, grown;
    const noli_region_place *from, *to;
    int32_t turn;
} similarity;

/* How much a region is turned between the two, in 65,536ths. */
static int32_t turn_between(const noli_region_place *from, const noli_region_place *to, int mirrored) {
    return (mirrored ? to->turn + from->turn : to->turn - from->turn + TURN) % TURN;
}

static similarity similarity_of(const noli_region_place *from, const noli_region_place *to, int mirrored) {
    const int32_t turn = turn_between(from, to, mirrored);
    const float grown = (float)to->side / (float)from->side, part = (float)turn / (float)TURN;
    return (similarity){
        grown * noli_cosine(part), grown * noli_cosine(part - 0.25F), mirrored ? -1.0F : 1.0F, grown, from, to, turn};
}

static int agrees(const similarity *s, const noli_region_place *from, const noli_region_place *to, int mirrored) {
    if (mirrored != (s->mirror < 0.0F)) {
        return 0;
    }
    const float grown = (float)to->side / (float)from->side / s->grown;
    int32_t turned = turn_between(from, to, mirrored) - s->turn;
    turned = turned < 0 ? -turned : turned;
    turned = turned > TURN / 2 ? TURN - turned : turned;
    if (grown > GROWN || grown * GROWN < 1.0F || turned > TURNED) {
        return 0;
    }
    const float x = (float)from->x - (float)s->from->x, y = (float)from->y - (float)s->from->y;
    const float way_x = s->a * x - s->b * s->mirror * y, way_y = s->b * x + s->a * s->mirror * y;
    const float off_x = way_x + (float)s->to->x - (float)to->x, off_y = way_y + (float)s->to->y - (float)to->y;
    const float allowed = OF_SIDE * (float)to->side + OF_WAY * noli_root(way_x * way_x + way_y * way_y);
    return off_x * off_x + off_y * off_y <= allowed * allowed;
}

static int same_point(const noli_region_place *one, const noli_region_place *other) {
    return one->x == other->x && one->y == other->y;
}

typedef struct {
    const noli_region_picture *query, *banked;
    const noli_region_pair *pairs;
    size_t count;
} evidence;

/* Pairs that agree, the points of either picture counted once; they are put into `agreed`. */
static uint32_t count_votes(const evidence *e, const similarity *s, uint16_t *agreed) {
    const noli_region_place *query = e->query->places, *banked = e->banked->places;
    uint32_t votes = 0;
    for (size_t i = 0; i < e->count; i++) {
        const noli_region_place *from = query + e->pairs[i].query, *to = banked + e->pairs[i].banked;
        int fresh = agrees(s, from, to, e->pairs[i].mirrored);
        for (uint32_t k = 0; fresh && k < votes; k++) {
            const noli_region_pair *other = e->pairs + agreed[k];
            fresh = !same_point(from, query + other->query) && !same_point(to, banked + other->banked);
        }
        if (fresh) {
            agreed[votes++] = (uint16_t)i;
        }
    }
    return votes;
}

/* Whether the query shows what lies at a place of the banked picture. */
static int is_shown(const evidence *e, const similarity *s, float x, float y) {
    const float scale = 1.0F / (s->grown * s->grown);
    const float dx = x - (float)s->to->x, dy = y - (float)s->to->y;
    const float from_x = (s->a * dx + s->b * dy) * scale + (float)s->from->x;
    const float from_y = (s->a * dy - s->b * dx) * s->mirror * scale + (float)s->from->y;
    return from_x >= 0.0F && from_y >= 0.0F && from_x <= (float)e->query->width && from_y <= (float)e->query->height;
}

/* A square: its middle, and the way from there to the middle of one side. */
typedef struct {
    float x, y, along, down;
} square;

static square square_of(const noli_region_place *region) {
    const float turn = (float)region->turn / (float)TURN, half = 0.5F * (float)region->side;
    return (square){(float)region->x, (float)region->y, half * noli_cosine(turn), half * noli_cosine(turn - 0.25F)};
}

/* Whether the query shows all of a region of the banked picture, but for a narrow rim. */
static int is_shown_whole(const evidence *e, const similarity *s, const square *of) {
    const float u = WITHOUT_RIM * of->along, v = WITHOUT_RIM * of->down;
    return is_shown(e, s, of->x + u - v, of->y + v + u) && is_shown(e, s, of->x - u - v, of->y - v + u) &&
           is_shown(e, s, of->x - u + v, of->y - v - u) && is_shown(e, s, of->x + u + v, of->y + v - u);
}

enum { SHOWN = 1, TELLING = 2, AGREED = 4 };

/* Cells of the banked picture, by what is known of each. */
typedef struct {
    float across, down; /* units of a cell */
    uint8_t marks[CELLS * CELLS];
} grid;

static size_t cell_of(float place, float step) {
    return (size_t)noli_clamp(place / step, 0.0F, (float)(CELLS - 1));
}

static void mark(grid *g, const square *of, uint8_t with) {
    const float u = of->along < 0.0F ? -of->along : of->along, v = of->down < 0.0F ? -of->down : of->down;
    const float reach = u + v, limit = of->along * of->along + of->down * of->down;
    const size_t bottom = cell_of(of->y + reach, g->down), right = cell_of(of->x + reach, g->across);
    for (size_t j = cell_of(of->y - reach, g->down); j <= bottom; j++) {
        for (size_t i = cell_of(of->x - reach, g->across); i <= right; i++) {
            const float dx = ((float)i + 0.5F) * g->across - of->x, dy = ((float)j + 0.5F) * g->down - of->y;
            const float along = dx * of->along + dy * of->down, down = dy * of->along - dx * of->down;
            if (along <= limit && along >= -limit && down <= limit && down >= -limit) {
                g->marks[j * CELLS + i] |= with;
            }
        }
    }
}

/* Count what of the banked picture the query shows; of what its regions tell there, count what agrees. */
static void count_area(const evidence *e, const similarity *s, const uint16_t *agreed, noli_region_verdict *verdict) {
    grid g = {(float)e->banked->width / CELLS, (float)e->banked->height / CELLS, {0}};
    for (size_t i = 0; i < CELLS * CELLS; i++) {
        const float x = ((float)(i % CELLS) + 0.5F) * g.across, y = ((float)(i / CELLS) + 0.5F) * g.down;
        g.marks[i] = is_shown(e, s, x, y) ? SHOWN : 0;
    }
    for (size_t k = 0; k < e->banked->count; k++) {
        const square of = square_of(e->banked->places + k);
        if (is_shown_whole(e, s, &of)) {
            mark(&g, &of, TELLING);
        }
    }
    for (uint32_t k = 0; k < verdict->votes; k++) {
        const square of = square_of(e->banked->places + e->pairs[agreed[k]].banked);
        mark(&g, &of, TELLING | AGREED);
    }
    uint32_t shown = 0, telling = 0, agreeing = 0;
    for (size_t i = 0; i < CELLS * CELLS; i++) {
        const uint8_t marks = g.marks[i];
        shown += marks & SHOWN;
        telling += (marks & (SHOWN | TELLING)) == (SHOWN | TELLING);
        agreeing += (marks & (SHOWN | AGREED)) == (SHOWN | AGREED);
    }
    verdict->shown = shown * THOUSAND / (CELLS * CELLS);
    verdict->covered = telling > 0 ? agreeing * THOUSAND / telling : 0;
}

void noli_region_vote(const noli_region_picture *query, const noli_region_picture *banked,
                      const noli_region_pair *pairs, size_t count, noli_region_verdict *verdict) {
    const evidence e = {query, banked, pairs, count < NOLI_REGION_PAIRS ? count : NOLI_REGION_PAIRS};
    uint16_t agreed[NOLI_REGION_PAIRS];
    size_t best = 0;
    *verdict = (noli_region_verdict){0};
    for (size_t i = 0; i < e.count; i++) {
        const similarity s =
            similarity_of(query->places + pairs[i].query, banked->places + pairs[i].banked, pairs[i].mirrored);
        const uint32_t votes = count_votes(&e, &s, agreed);
        if (votes > verdict->votes) {
            verdict->votes = votes;
            best = i;
        }
    }
    if (verdict->votes > 0) {
        const similarity s =
            similarity_of(query->places + pairs[best].query, banked->places + pairs[best].banked, pairs[best].mirrored);
        verdict->mirrored = pairs[best].mirrored;
        count_votes(&e, &s, agreed);
        count_area(&e, &s, agreed, verdict);
    }
}
