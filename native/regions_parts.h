/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of regions share; see regions.h. */
#ifndef NOLI_REGIONS_PARTS_H
#define NOLI_REGIONS_PARTS_H

#include "regions.h"

/* Grey values, row after row. */
typedef struct {
    size_t height, width;
    float *at;
} noli_layer;

/* A point of interest in pixels of the working picture: centre, scale, direction as a unit vector, and its contrast
 * times its scale: what is large is seldom cut off, and covers much. */
typedef struct {
    float x, y, scale, cosine, sine, strength;
} noli_keypoint;

static inline float noli_clamp(float value, float low, float high) {
    return value < low ? low : value > high ? high : value;
}

/* Square root by Newton's steps from a guess of the right order; the same on every machine. */
static inline float noli_root(float value) {
    const union {
        float value;
        uint32_t bits;
    } half = {.value = value};
    union {
        uint32_t bits;
        float value;
    } root = {.bits = (half.bits >> 1) + 0x1FBD1DF5U};
    if (value <= 0.0F) {
        return 0.0F;
    }
    for (int i = 0; i < 3; i++) {
        root.value = 0.5F * (root.value + value / root.value);
    }
    return root.value;
}

/* Angle of a vector in turns, 0 to 1, to about a ten-thousandth. */
float noli_turn_of(float x, float y);

/* Cosine of an angle in turns; noli_cosine(t - 0.25F) is the sine. */
float noli_cosine(float turn);

/* Describe the square of this side around a keypoint, from pictures each half as wide as the one before. */
void noli_region_describe(const noli_layer *halved, size_t count, const noli_keypoint *point, float side,
                          int8_t coefs[NOLI_REGION_COEFS]);

#endif
