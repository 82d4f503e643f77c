/* SPDX-License-Identifier: Apache-2.0 */
/* See pdq_crops.h. */
#include "pdq_crops.h"

enum {
    MIN_SHRUNK_SIDE = 512,
    LARGEST_DENOMINATOR = 8,
    RED = 299, /* thousandths of luma, as in pdq.c */
    GREEN = 587,
    BLUE = 114,
    WHOLE = 1000
};

/* How many blocks a side has. */
static size_t blocks(size_t side, size_t denominator) {
    return (side + denominator - 1) / denominator;
}

size_t noli_pdq_shrink_denominator(size_t height, size_t width) {
    const size_t shorter = height < width ? height : width;
    size_t denominator = LARGEST_DENOMINATOR;
    while (denominator > 1 && shorter / denominator < MIN_SHRUNK_SIDE) {
        denominator /= 2;
    }
    return denominator;
}

/* Luma in thousandths, summed over `count` neighbours of a row: at most 8 x 255,000. */
static uint32_t luma_sum(const uint8_t *pixels, size_t count, size_t channels) {
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = pixels + i * channels;
        sum += channels == 1 ? (uint32_t)WHOLE * at[0] : (uint32_t)(RED * at[0] + GREEN * at[1] + BLUE * at[2]);
    }
    return sum;
}

/* One value of the plane: a block of `high` x `wide` pixels. */
static uint8_t block_mean(const uint8_t *pixels, size_t width, size_t channels, size_t high, size_t wide) {
    const uint32_t whole = (uint32_t)(WHOLE * high * wide);
    uint32_t sum = 0;
    for (size_t y = 0; y < high; y++) {
        sum += luma_sum(pixels + y * width * channels, wide, channels);
    }
    return (uint8_t)((sum + whole / 2) / whole);
}

size_t noli_pdq_shrink(const uint8_t *pixels, size_t rows, size_t width, size_t channels, size_t denominator,
                       uint8_t *plane) {
    const size_t down = blocks(rows, denominator), along = blocks(width, denominator);
    for (size_t y = 0; y < down; y++) {
        const size_t top = y * denominator;
        const size_t high = rows - top < denominator ? rows - top : denominator;
        for (size_t x = 0; x < along; x++) {
            const size_t left = x * denominator;
            const size_t wide = width - left < denominator ? width - left : denominator;
            plane[y * along + x] = block_mean(pixels + (top * width + left) * channels, width, channels, high, wide);
        }
    }
    return down;
}

/* A span of pixels in whole blocks, and what it spans of the original. */
typedef struct {
    size_t first, count, original;
} span;

static span span_of(size_t begin, size_t end, size_t side, size_t denominator) {
    span s = {(begin + denominator / 2) / denominator, 0, 0};
    if (begin < end && end <= side) {
        /* The last block may be narrower; only the picture's own edge falls inside it. */
        const size_t after = end == side ? blocks(side, denominator) : (end + denominator / 2) / denominator;
        const size_t stop = after * denominator < side ? after * denominator : side;
        s.count = after > s.first ? after - s.first : 0;
        s.original = s.count > 0 ? stop - s.first * denominator : 0;
    }
    return s;
}

/* The rectangle's own bytes come first, rounded up so that the floats after them are aligned. */
static size_t part_bytes(size_t height, size_t width) {
    return (height * width + sizeof(double) - 1) / sizeof(double) * sizeof(double);
}

size_t noli_pdq_crop_scratch_bytes(size_t height, size_t width) {
    return part_bytes(height, width) + noli_pdq_folded_scratch_bytes(height, width);
}

void noli_pdq_crop(const uint8_t *plane, size_t original_height, size_t original_width, size_t denominator,
                   const noli_pdq_rectangle *part, void *scratch, noli_pdq_result *result) {
    const span down = span_of(part->top, part->bottom, original_height, denominator);
    const span along = span_of(part->left, part->right, original_width, denominator);
    const size_t stride = blocks(original_width, denominator);
    uint8_t *cut = scratch;
    for (size_t y = 0; y < down.count; y++) {
        const uint8_t *row = plane + (down.first + y) * stride + along.first;
        for (size_t x = 0; x < along.count; x++) {
            cut[y * along.count + x] = row[x];
        }
    }
    noli_pdq_folded(cut, down.count, along.count, down.original, along.original, denominator,
                    cut + part_bytes(down.count, along.count), result);
}
