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
    const noli_region_place *query, *banked;
    const noli_region_pair *pairs;
    size_t count;
} evidence;

/* Pairs that agree, the points of either picture counted once; they are put into `agreed`. */
static uint32_t count_votes(const evidence *e, const similarity *s, uint16_t *agreed) {
    uint32_t votes = 0;
    for (size_t i = 0; i < e->count; i++) {
        const noli_region_place *from = e->query + e->pairs[i].query, *to = e->banked + e->pairs[i].banked;
        int fresh = agrees(s, from, to, e->pairs[i].mirrored);
        for (uint32_t k = 0; fresh && k < votes; k++) {
            const noli_region_pair *other = e->pairs + agreed[k];
            fresh = !same_point(from, e->query + other->query) && !same_point(to, e->banked + other->banked);
        }
        if (fresh) {
            agreed[votes++] = (uint16_t)i;
        }
    }
    return votes;
}

static int in_square(const noli_region_place *region, float x, float y) {
    const float turn = (float)region->turn / (float)TURN, half = 0.5F * (float)region->side;
    const float c = noli_cosine(turn), s = noli_cosine(turn - 0.25F);
    const float dx = x - (float)region->x, dy = y - (float)region->y;
    const float u = c * dx + s * dy, v = c * dy - s * dx;
    return u <= half && u >= -half && v <= half && v >= -half;
}

/* Count what of the banked picture the query shows, and what of that lies in agreeing regions. */
static void count_area(const evidence *e, const similarity *s, const uint16_t *agreed, const uint16_t query_size[2],
                       const uint16_t banked_size[2], noli_region_verdict *verdict) {
    uint32_t shown = 0, covered = 0;
    const float scale = 1.0F / (s->grown * s->grown);
    for (int i = 0; i < CELLS * CELLS; i++) {
        const float x = ((float)(i % CELLS) + 0.5F) * (float)banked_size[0] / CELLS;
        const float y = ((float)(i / CELLS) + 0.5F) * (float)banked_size[1] / CELLS;
        const float dx = x - (float)s->to->x, dy = y - (float)s->to->y;
        const float from_x = (s->a * dx + s->b * dy) * scale + (float)s->from->x;
        const float from_y = (s->a * dy - s->b * dx) * s->mirror * scale + (float)s->from->y;
        if (from_x < 0.0F || from_y < 0.0F || from_x > (float)query_size[0] || from_y > (float)query_size[1]) {
            continue;
        }
        int inside = 0;
        for (uint32_t k = 0; !inside && k < verdict->votes; k++) {
            inside = in_square(e->banked + e->pairs[agreed[k]].banked, x, y);
        }
        shown++;
        covered += (uint32_t)inside;
    }
    verdict->shown = shown * THOUSAND / (CELLS * CELLS);
    verdict->covered = shown > 0 ? covered * THOUSAND / shown : 0;
}

void noli_region_vote(const noli_region_place *query, const uint16_t query_size[2], const noli_region_place *banked,
                      const uint16_t banked_size[2], const noli_region_pair *pairs, size_t count,
                      noli_region_verdict *verdict) {
    const evidence e = {query, banked, pairs, count < NOLI_REGION_PAIRS ? count : NOLI_REGION_PAIRS};
    uint16_t agreed[NOLI_REGION_PAIRS];
    size_t best = 0;
    *verdict = (noli_region_verdict){0};
    for (size_t i = 0; i < e.count; i++) {
        const similarity s = similarity_of(query + pairs[i].query, banked + pairs[i].banked, pairs[i].mirrored);
        const uint32_t votes = count_votes(&e, &s, agreed);
        if (votes > verdict->votes) {
            verdict->votes = votes;
            best = i;
        }
    }
    if (verdict->votes > 0) {
        const similarity s =
            similarity_of(query + pairs[best].query, banked + pairs[best].banked, pairs[best].mirrored);
        verdict->mirrored = pairs[best].mirrored;
        count_votes(&e, &s, agreed);
        count_area(&e, &s, agreed, query_size, banked_size, verdict);
    }
}
