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

/* Square root by Newton's steps from a guess of the right order; the same on every machine. Without a branch, as the
 * next one, so that many can be taken at once. */
static inline float noli_root(float value) {
    const union {
        float value;
        uint32_t bits;
    } half = {.value = value};
    const union {
        uint32_t bits;
        float value;
    } guess = {.bits = (half.bits >> 1) + 0x1FBD1DF5U};
    const float one = 0.5F * (guess.value + value / guess.value);
    const float two = 0.5F * (one + value / one);
    const float root = 0.5F * (two + value / two);
    return value > 0.0F ? root : 0.0F;
}

/* Angle of a vector in turns, 0 to 1, to about a ten-thousandth. */
static inline float noli_turn_of(float x, float y) {
    const float ax = x < 0.0F ? -x : x, ay = y < 0.0F ? -y : y;
    const float high = ax > ay ? ax : ay, low = ax > ay ? ay : ax;
    /* Source: Abramowitz and Stegun, 4.4.49, divided by a turn. */
    const float t = low / (high > 0.0F ? high : 1.0F), s = t * t;
    float turn = t * (0.15915269F + s * (-0.05256523F + s * (0.02867055F + s * (-0.01355085F + s * 0.00331654F))));
    turn = ay > ax ? 0.25F - turn : turn;
    turn = x < 0.0F ? 0.5F - turn : turn;
    turn = y < 0.0F ? 1.0F - turn : turn;
    return turn >= 1.0F ? turn - 1.0F : turn;
}

/* Cosine of an angle in turns; noli_cosine(t - 0.25F) is the sine. */
float noli_cosine(float turn);

/* Describe the square of this side around a keypoint, from pictures each half as wide as the one before. */
void noli_region_describe(const noli_layer *halved, size_t count, const noli_keypoint *point, float side,
                          int8_t coefs[NOLI_REGION_COEFS]);

#endif
