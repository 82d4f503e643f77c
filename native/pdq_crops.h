/* SPDX-License-Identifier: Apache-2.0 */
/* PDQ of parts of a picture: shrink it once to a grey plane, then hash rectangles of that plane with the folded filter
 * of pdq.h. Twenty crops of a 12-megapixel picture cost less than its own hash this way, and the picture is never
 * copied. Freestanding like pdq.h. Which rectangles are worth hashing is data: noli/hashing/variants.py. */
#ifndef NOLI_PDQ_CROPS_H
#define NOLI_PDQ_CROPS_H

#include "pdq.h"

/* Pixels of the ORIGINAL picture; right and bottom are the first outside. */
typedef struct {
    size_t left, top, right, bottom;
} noli_pdq_rectangle;

/* 8, 4, 2 or 1: the largest denominator that leaves the shorter side at least 512 values, so that a crop of a third of
 * it still has more than two values a cell. */
size_t noli_pdq_shrink_denominator(size_t height, size_t width);

/* Shrink some rows of interleaved 8-bit pixels (channels 1: grey, 3: RGB) into the same rows of the plane: the mean
 * luma of each block, rounded, as libjpeg's scaled decoding of brightness gives it. Returns the plane's rows written.
 * `rows` is a multiple of the denominator unless these are the last of the picture. */
size_t noli_pdq_shrink(const uint8_t *pixels, size_t rows, size_t width, size_t channels, size_t denominator,
                       uint8_t *plane);

/* Bytes of scratch, aligned for float, that noli_pdq_crop needs for any rectangle of a plane of these sides. */
size_t noli_pdq_crop_scratch_bytes(size_t height, size_t width);

/* Hash a rectangle of a picture, its edges rounded to whole blocks, from the plane that stands for all of it; the
 * plane's sides are those of the original over the denominator, rounded up. An empty rectangle gives zeros. */
void noli_pdq_crop(const uint8_t *plane, size_t original_height, size_t original_width, size_t denominator,
                   const noli_pdq_rectangle *part, void *scratch, noli_pdq_result *result);

#endif
