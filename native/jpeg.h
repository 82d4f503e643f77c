/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the brightness of a plain JPEG as its lowest frequencies, which is all that PDQ weighs, and passes over the
 * rest without unpacking it. Freestanding C11: no heap, no libc, no mutable globals; the caller lends the memory.
 *
 * Plain is: Huffman-coded, 8 bits, not progressive, grey or YCbCr with brightness at full size, everything in one scan.
 * Any other file, a damaged one, and one whose values lie outside what pixels can be is REFUSED, never guessed at: the
 * caller has a full decoder for those. Standard: ITU-T T.81 (1992), whose names are used.
 */
#ifndef NOLI_JPEG_H
#define NOLI_JPEG_H

#include <stddef.h>
#include <stdint.h>

#include "pdq.h"

enum {
    NOLI_JPEG_COMPONENTS = 3,
    NOLI_JPEG_SLOTS = 4, /* of Huffman and of quantisation tables */
    NOLI_JPEG_PEEK = 11, /* bits looked up at once: two or three symbols of a photograph */
    NOLI_JPEG_KEPT = 15, /* coefficients kept of a block at most, in zigzag order: frequencies that add up to 4 */
    NOLI_JPEG_REFUSED = -1,
};

/* A Huffman code (C.2). `single` holds, for the next bits of the scan, what their first symbol is; `several` how far
 * all the symbols that fit into them lead. 0 where the first code is longer, or there is none. */
typedef struct {
    uint32_t single[1 << NOLI_JPEG_PEEK];
    uint16_t several[1 << NOLI_JPEG_PEEK];
    int32_t after[17];  /* first code that is too great for its length, 0 where the length has none */
    int32_t offset[17]; /* from a code of that length to its place in `values` */
    uint8_t values[256];
    int defined;
} noli_jpeg_code;

typedef struct {
    uint8_t id, across, down; /* sampling factors */
    uint8_t quantisation, dc, ac;
} noli_jpeg_component;

/* The bits of a scan, the next one on top; zeros after its end, which are counted. */
typedef struct {
    const uint8_t *at, *end;
    uint64_t bits;
    uint32_t count, invented;
} noli_jpeg_bits;

typedef struct {
    size_t width, height;
    size_t components, units_across, units_down; /* units: MCUs */
    size_t blocks_across, rows_a_unit;           /* of brightness */
    size_t restart_interval, until_restart;
    int restarts;
    int has_jfif, adobe_transform; /* the latter -1 where no marker tells */
    int kept;
    noli_jpeg_component component[NOLI_JPEG_COMPONENTS];
    int32_t predicted; /* DC of brightness */
    float quantisation[NOLI_JPEG_SLOTS][NOLI_JPEG_KEPT];
    int has_quantisation[NOLI_JPEG_SLOTS];
    noli_jpeg_code dc[NOLI_JPEG_SLOTS], ac[NOLI_JPEG_SLOTS];
    noli_jpeg_bits scan;
} noli_jpeg;

/* Read everything up to the scan. Returns 0, or NOLI_JPEG_REFUSED. */
int noli_jpeg_open(noli_jpeg *jpeg, const uint8_t *file, size_t size);

/* Make a code from the counts of its lengths 1-16 and its symbols. Returns 0, or NOLI_JPEG_REFUSED. */
int noli_jpeg_make_code(noli_jpeg_code *code, const uint8_t counts[16], const uint8_t *symbols, size_t symbol_count);

/* Read the next row of units: `rows_a_unit` rows of blocks, each of `kept` planes of `blocks_across` coefficients, as
 * an orthonormal transform of pixels of 0-255 would have them. Returns 0, or NOLI_JPEG_REFUSED. */
int noli_jpeg_read_row(noli_jpeg *jpeg, float *coefficients);

/* Bytes of scratch, aligned for float, that noli_jpeg_pdq needs for an opened file. */
size_t noli_jpeg_pdq_scratch_bytes(const noli_jpeg *jpeg);

/* Hash an opened file as its EXIF orientation, 1-8, shows it. Close to noli_pdq on the decoded picture, not equal to
 * it. Returns 0, or NOLI_JPEG_REFUSED. */
int noli_jpeg_pdq(noli_jpeg *jpeg, int orientation, void *scratch, noli_pdq_result *result);

#endif
