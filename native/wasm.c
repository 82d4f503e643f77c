/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser calls: pdq.h and pdq_crops.h over memory that the caller lays out and grows itself. No imports, no
 * libc, no allocator: JavaScript puts areas one after the other from __heap_base on and hands in their addresses.
 *
 * A canvas gives its pixels as RGBA, a strip at a time. Each strip is written over a staging area, packed to RGB behind
 * the strips before it, and shrunk into the plane, so the picture is held once, in three bytes a pixel. */
#include "pdq_crops.h"

enum {
    WEIGHTS = 10000,
    DARKEST = 16, /* Source: ITU-R BT.601-7, 2.5.3 */
    BRIGHTEST = 235
};

#define EXPORT(name) __attribute__((export_name(name)))

/* clang may turn loops into calls of these, and there is no libc to have them. */
void *memset(void *to, int value, size_t count);
void *memcpy(void *restrict to, const void *restrict from, size_t count);

void *memset(void *to, int value, size_t count) {
    volatile uint8_t *at = to; /* volatile, or this loop becomes a call of itself */
    for (size_t i = 0; i < count; i++) {
        at[i] = (uint8_t)value;
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    volatile uint8_t *at = to;
    const uint8_t *source = from;
    for (size_t i = 0; i < count; i++) {
        at[i] = source[i];
    }
    return to;
}

EXPORT("resultBytes") size_t result_bytes(void) {
    return sizeof(noli_pdq_result);
}

EXPORT("scratchBytes") size_t scratch_bytes(size_t height, size_t width) {
    const size_t whole = noli_pdq_scratch_bytes(height, width);
    const size_t denominator = noli_pdq_shrink_denominator(height, width);
    const size_t part =
        noli_pdq_crop_scratch_bytes((height + denominator - 1) / denominator, (width + denominator - 1) / denominator);
    return whole > part ? whole : part;
}

EXPORT("denominator") size_t shrink_denominator(size_t height, size_t width) {
    return noli_pdq_shrink_denominator(height, width);
}

/* Pack RGBA, or BGRA, to RGB; alpha is dropped, because what lies over an opaque ground has none. */
EXPORT("pack") void pack(const uint8_t *rgba, size_t count, int blue_first, uint8_t *rgb) {
    const size_t red = blue_first ? 2 : 0;
    for (size_t i = 0; i < count; i++) {
        rgb[3 * i] = rgba[4 * i + red];
        rgb[3 * i + 1] = rgba[4 * i + 1];
        rgb[3 * i + 2] = rgba[4 * i + 2 - red];
    }
}

/* Pack RGBA to the grey that these weights give, ten thousandths that add up to one: a browser makes RGB of a video's
 * brightness and colours by one of several matrices, and its own weights give the brightness back. */
EXPORT("packGrey")
void pack_grey(const uint8_t *rgba, size_t count, uint32_t red, uint32_t green, uint32_t blue, uint8_t *rgb) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = rgba + 4 * i;
        const uint32_t grey = (red * at[0] + green * at[1] + blue * at[2] + WEIGHTS / 2) / WEIGHTS;
        rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = (uint8_t)grey;
    }
}

/* Pack rows of a video's brightness, which fills 16-235 unless its range is full. */
EXPORT("packLuma")
void pack_luma(const uint8_t *luma, size_t rows, size_t width, size_t stride, int full_range, uint8_t *rgb) {
    for (size_t y = 0; y < rows; y++) {
        for (size_t x = 0; x < width; x++) {
            const int value = luma[y * stride + x];
            const int wide = ((value - DARKEST) * UINT8_MAX + (BRIGHTEST - DARKEST) / 2) / (BRIGHTEST - DARKEST);
            const int inside = value <= DARKEST ? 0 : value >= BRIGHTEST ? UINT8_MAX : wide;
            uint8_t *to = rgb + 3 * (y * width + x);
            to[0] = to[1] = to[2] = (uint8_t)(full_range ? value : inside);
        }
    }
}

/* The lowest alpha of some RGBA pixels: 255 where nothing is transparent. */
EXPORT("lowestAlpha") int lowest_alpha(const uint8_t *rgba, size_t count) {
    uint8_t lowest = UINT8_MAX;
    for (size_t i = 0; i < count; i++) {
        lowest = rgba[4 * i + 3] < lowest ? rgba[4 * i + 3] : lowest;
    }
    return lowest;
}

EXPORT("hash") void hash(const uint8_t *rgb, size_t height, size_t width, void *scratch, noli_pdq_result *result) {
    noli_pdq(rgb, height, width, 3, 0, scratch, result);
}

EXPORT("shrink") size_t shrink(const uint8_t *rgb, size_t rows, size_t width, size_t denominator, uint8_t *plane) {
    return noli_pdq_shrink(rgb, rows, width, 3, denominator, plane);
}

EXPORT("hashCrop")
void hash_crop(const uint8_t *plane, size_t height, size_t width, size_t denominator, size_t left, size_t top,
               size_t right, size_t bottom, void *scratch, noli_pdq_result *result) {
    const noli_pdq_rectangle part = {left, top, right, bottom};
    noli_pdq_crop(plane, height, width, denominator, &part, scratch, result);
}
