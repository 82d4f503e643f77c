/* SPDX-License-Identifier: Apache-2.0 */
/* Regions: what a copy still shows of a picture after it was cut, turned, framed or collaged. About sixty squares
 * around the coarse extrema of a scale space ("Distinctive Image Features from Scale-Invariant Keypoints", Lowe 2004),
 * each turned to its own direction and described by its 16 x 16 lowest frequencies, as PDQ describes a whole picture.
 *
 * Freestanding C11 like pdq.h: no heap, no libc, no mutable globals. There is one code path, of single float operations
 * in a fixed order, so that every machine finds the same regions, bit for bit (compile with -ffp-contract=off).
 *
 * The frequencies leave this file only as small whole numbers, and become a hash through a secret (noli_region_keys):
 * sums of whole numbers, which no machine rounds. */
#ifndef NOLI_REGIONS_H
#define NOLI_REGIONS_H

#include <stddef.h>
#include <stdint.h>

enum {
    NOLI_REGION_COEFS = 256,
    NOLI_REGION_BYTES = 32, /* a keyed hash */
    NOLI_REGION_ROUNDS = 3, /* of the secret transform */
    NOLI_REGION_SECRET = NOLI_REGION_ROUNDS * (NOLI_REGION_COEFS + NOLI_REGION_COEFS / 8),
    NOLI_REGION_UNIT = 32768, /* the longer side of a picture, in units of geometry */
    NOLI_REGION_MOST = 240,   /* regions that one picture can be asked for */
    NOLI_REGION_PAIRS = 512   /* pairs that a vote looks at */
};

/* Where a region lies: centre and side in units, the longer side of the picture being NOLI_REGION_UNIT; its direction
 * in 65,536ths of a turn, from x towards y. */
typedef struct {
    uint16_t x, y, side, turn;
} noli_region_place;

typedef struct {
    noli_region_place place;
    int8_t coefs[NOLI_REGION_COEFS]; /* frequency down x frequency along, each over its usual size */
} noli_region;

/* Bytes of scratch, aligned for a pointer, that noli_regions needs for a plane of these sides. */
size_t noli_regions_scratch_bytes(size_t height, size_t width);

/* Find at most `most` regions of a grey plane: the 60 clearest first, then clear ones from all over it, so that what is
 * small in a picture, or dull beside what else it shows, is sought as well. Returns how many. */
size_t noli_regions(const uint8_t *plane, size_t height, size_t width, size_t most, void *scratch, noli_region *found);

/* Hash regions, from NOLI_REGION_COEFS numbers to NOLI_REGION_BYTES each: signs of the frequencies after a secret
 * orthogonal transform. `secret` is NOLI_REGION_SECRET random bytes: of each round, what orders the numbers and what
 * turns their signs. With `mirrored`, hash what the same regions would be in the mirrored picture. */
void noli_region_keys(const int8_t *coefs, size_t count, const uint8_t *secret, int mirrored, uint8_t *hashes);

/* A region of the query that resembles one of the banked picture. */
typedef struct {
    uint16_t query, banked; /* which of each, 0-based */
    uint16_t mirrored;
} noli_region_pair;

typedef struct {
    uint32_t votes;   /* pairs that agree on one similarity transform, each region counted once */
    uint32_t covered; /* of the area of the banked regions that the query shows whole, thousandths that agree */
    uint32_t shown;   /* of the banked picture, thousandths that the query shows */
    uint32_t mirrored;
} noli_region_verdict;

/* A picture as a vote sees it: its regions, its width and height in units. */
typedef struct {
    const noli_region_place *places;
    size_t count;
    uint16_t width, height;
} noli_region_picture;

/* Find the similarity transform on which most pairs agree. */
void noli_region_vote(const noli_region_picture *query, const noli_region_picture *banked,
                      const noli_region_pair *pairs, size_t count, noli_region_verdict *verdict);

#endif
