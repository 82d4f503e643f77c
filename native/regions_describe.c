/* SPDX-License-Identifier: Apache-2.0 */
/* From a square of a picture to its lowest frequencies, and from those, through a secret, to a hash; see regions.h. */
#include "regions_parts.h"

enum {
    GRID = 32, /* values of a square each way */
    LOW = 16   /* frequencies kept each way */
};

static const float PIXELS = 56.0F; /* across a square, at most: it is cut from the picture that has no more */
static const float SPREAD = 24.0F; /* the usual size of a frequency, as a whole number */

/* cos(k * pi / 64), k = 0 to 32. */
static const float COSINE[GRID + 1] = {
    1.0F,         0.998795456F, 0.995184727F,  0.98917651F,   0.98078528F,  0.970031253F, 0.956940336F,
    0.941544065F, 0.923879533F, 0.903989293F,  0.881921264F,  0.85772861F,  0.831469612F, 0.803207531F,
    0.773010453F, 0.740951125F, 0.707106781F,  0.671558955F,  0.634393284F, 0.595699304F, 0.555570233F,
    0.514102744F, 0.471396737F, 0.427555093F,  0.382683432F,  0.336889853F, 0.290284677F, 0.24298018F,
    0.195090322F, 0.146730474F, 0.0980171403F, 0.0490676743F, 0.0F,
};

static float basis(int frequency, int position) {
    const int turn = (frequency + 1) * (2 * position + 1) % (4 * GRID);
    const int half = turn > 2 * GRID ? 4 * GRID - turn : turn;
    return half > GRID ? -COSINE[2 * GRID - half] : COSINE[half];
}

/* Values between those of a layer, along a line of so many steps; outside of it, the nearest. Where they lie first, so
 * that this can be reckoned for many at once. */
static void sample(const noli_layer *layer, const float x[GRID], const float y[GRID], float *out) {
    const int32_t width = (int32_t)layer->width, last_column = width - 2, last_row = (int32_t)layer->height - 2;
    int32_t at[GRID];
    float across[GRID], down[GRID];
    for (int i = 0; i < GRID; i++) {
        const float along = noli_clamp(x[i], 0.0F, (float)(width - 1));
        const float under = noli_clamp(y[i], 0.0F, (float)(last_row + 1));
        const int32_t left = (int32_t)along < last_column ? (int32_t)along : last_column;
        const int32_t top = (int32_t)under < last_row ? (int32_t)under : last_row;
        at[i] = top * width + left;
        across[i] = along - (float)left;
        down[i] = under - (float)top;
    }
    for (int i = 0; i < GRID; i++) {
        const float *from = layer->at + at[i], *next = from + width;
        const float upper = from[0] + across[i] * (from[1] - from[0]);
        const float lower = next[0] + across[i] * (next[1] - next[0]);
        out[i] = upper + down[i] * (lower - upper);
    }
}

static void cut(const noli_layer *halved, size_t count, const noli_keypoint *point, float side,
                float grid[GRID][GRID]) {
    size_t level = 0;
    float pixel = 1.0F;
    while (level + 1 < count && side > PIXELS * pixel) {
        level++;
        pixel *= 2.0F;
    }
    const float step = side / GRID / pixel;
    const float along_x = point->cosine * step, along_y = point->sine * step;
    const float centre_x = point->x / pixel - 0.5F, centre_y = point->y / pixel - 0.5F;
    for (int j = 0; j < GRID; j++) {
        float x[GRID], y[GRID];
        for (int i = 0; i < GRID; i++) {
            const float u = (float)i - 0.5F * (GRID - 1), v = (float)j - 0.5F * (GRID - 1);
            x[i] = centre_x + u * along_x - v * along_y;
            y[i] = centre_y + u * along_y + v * along_x;
        }
        sample(&halved[level], x, y, grid[j]);
    }
}

static void transform(float grid[GRID][GRID], float out[LOW][LOW]) {
    float rows[LOW][GRID] = {{0}};
    float across[GRID][LOW];
    for (int i = 0; i < LOW; i++) {
        for (int k = 0; k < GRID; k++) {
            const float weight = basis(i, k);
            across[k][i] = weight;
            for (int j = 0; j < GRID; j++) {
                rows[i][j] += weight * grid[k][j];
            }
        }
    }
    for (int i = 0; i < LOW; i++) {
        for (int j = 0; j < LOW; j++) {
            out[i][j] = 0.0F;
        }
        for (int k = 0; k < GRID; k++) {
            for (int j = 0; j < LOW; j++) {
                out[i][j] += rows[i][k] * across[k][j];
            }
        }
    }
}

/* Bring the frequencies to nearly the same usual size, the lower ones a little larger because they last longer, then
 * the whole to a fixed one, in whole numbers. */
static void level_out(float coefs[LOW][LOW], int8_t *out) {
    float sum = 0.0F;
    for (int i = 0; i < LOW; i++) {
        for (int j = 0; j < LOW; j++) {
            coefs[i][j] *= (float)(i + j + 2);
            sum += coefs[i][j] * coefs[i][j];
        }
    }
    const float size = noli_root(sum / NOLI_REGION_COEFS);
    for (int i = 0; i < LOW; i++) {
        for (int j = 0; j < LOW; j++) {
            const float scaled = size > 0.0F ? noli_clamp(coefs[i][j] / size * SPREAD, -127.0F, 127.0F) : 0.0F;
            out[i * LOW + j] = (int8_t)(scaled < 0.0F ? scaled - 0.5F : scaled + 0.5F);
        }
    }
}

void noli_region_describe(const noli_layer *halved, size_t count, const noli_keypoint *point, float side,
                          int8_t coefs[NOLI_REGION_COEFS]) {
    float grid[GRID][GRID], low[LOW][LOW];
    cut(halved, count, point, side, grid);
    transform(grid, low);
    level_out(low, coefs);
}
