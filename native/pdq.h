/* SPDX-License-Identifier: Apache-2.0 */
/* PDQ, Meta's perceptual hash ("The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019).
 * Freestanding C11: no heap, no libc, no mutable globals; the caller lends the memory. Decoding is not done here.
 *
 * Hashes come in the order of `Variant` in noli/hashing/model.py. A name says how the COPY was turned, in numpy's
 * terms: itself, rot90 k=1 (counter-clockwise), rot90 k=2, rot90 k=3, flipud, fliplr, transpose,
 * transpose of rot90 k=2. */
#ifndef NOLI_PDQ_H
#define NOLI_PDQ_H

#include <stddef.h>
#include <stdint.h>

#define NOLI_PDQ_BYTES 32
#define NOLI_PDQ_VARIANTS 8

/* Longest side accepted: keeps every product of two sides and of their windows inside 63 bits. */
#define NOLI_PDQ_MAX_SIDE ((size_t)1 << 24)

typedef struct {
    uint8_t hashes[NOLI_PDQ_VARIANTS][NOLI_PDQ_BYTES]; /* most significant bit first */
    int quality;                                       /* 0-100, the same for all eight */
} noli_pdq_result;

/* Bytes of scratch, aligned for float, that noli_pdq needs for a picture of these sides. */
size_t noli_pdq_scratch_bytes(size_t height, size_t width);

/* Hash interleaved 8-bit pixels (channels 1: grey, 3: RGB). Hash and quality are those of pdqhash 0.2.8, bit for bit;
 * at exactly 64x64, where its two functions differ by a rounding, those of `compute`. A side below 5 gives zeros. */
void noli_pdq(const uint8_t *pixels, size_t height, size_t width, size_t channels, int nearest_512, void *scratch,
              noli_pdq_result *result);

/* The libjpeg scale 1/1, 1/2, 1/4 or 1/8 that gives these sides, as 1, 2, 4 or 8; 0 if none does. */
size_t noli_pdq_denominator(size_t height, size_t width, size_t original_height, size_t original_width);

/* Bytes of scratch, aligned for float, that noli_pdq_folded needs. */
size_t noli_pdq_folded_scratch_bytes(size_t height, size_t width);

/* Hash a grey plane that libjpeg decoded at 1/denominator: the filter of the ORIGINAL sides, its weights summed over
 * each block. Close to noli_pdq on the full picture, not equal to it. */
void noli_pdq_folded(const uint8_t *plane, size_t height, size_t width, size_t original_height, size_t original_width,
                     size_t denominator, void *scratch, noli_pdq_result *result);

#endif
