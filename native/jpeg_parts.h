/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the JPEG reader share; see jpeg.h. */
#ifndef NOLI_JPEG_PARTS_H
#define NOLI_JPEG_PARTS_H

#include "jpeg.h"

enum {
    JPEG_BLOCK = 8,  /* side of a block */
    JPEG_COEFS = 64, /* numbers in a block */
    /* Bits looked up at once. At 12 the tables leave the nearest cache, at 10 more codes are longer: both are slower.
     */
    JPEG_LOOK = 11,
    JPEG_CODE_BITS = 16,   /* longest code */
    JPEG_TABLES = 4,       /* of each kind */
    JPEG_COMPONENTS = 3,   /* grey, or brightness and two colours */
    JPEG_MAX_SAMPLING = 4, /* blocks of a component in an MCU, each way */
    JPEG_MAX_MCU = 10      /* blocks in an MCU. Source: T.81, B.2.3 */
};

/* What the next JPEG_LOOK bits mean: one code with its number, or two where both fit; read by these macros.
 *
 * BITS: of all that is meant. KNOWN: everything is told; otherwise only SIZE, the bits of the number that follows, and
 * CODE, the bits of the code (0: it is a longer one, or none). Of two codes, CODE has the bits of the first.
 * ADVANCE: how many coefficients further a number belongs, from before both; JPEG_END ends the block.
 * Where there is no second, ADVANCE_2 and NUMBER_2 are those of the first. */
typedef uint64_t jpeg_step;
#define JPEG_STEP_BITS(step) ((unsigned)(step) & 63U)
#define JPEG_STEP_KNOWN ((jpeg_step)64)
#define JPEG_STEP_SIZE(step) ((unsigned)((step) >> 8) & 15U)
#define JPEG_STEP_CODE(step) ((unsigned)((step) >> 12) & 15U)
#define JPEG_STEP_ADVANCE_1(step) ((unsigned)((step) >> 16) & 255U)
#define JPEG_STEP_ADVANCE_2(step) ((unsigned)((step) >> 24) & 255U)
#define JPEG_STEP_NUMBER_1(step) ((int16_t)((step) >> 32))
#define JPEG_STEP_NUMBER_2(step) ((int16_t)((step) >> 48))
enum { JPEG_END = 128 };

struct jpeg_huffman {
    jpeg_step steps[1 << JPEG_LOOK];
    uint32_t beyond[JPEG_CODE_BITS + 1]; /* first 16-bit pattern that is no code of this length or shorter */
    int32_t first[JPEG_CODE_BITS + 1];   /* place in `symbols` of a code of this length, less the code */
    uint8_t symbols[256];
    int set, is_dc;
};

struct jpeg_component {
    uint8_t id, across, down, quant, dc, ac;
};

struct noli_jpeg {
    size_t height, width, restart;
    size_t components;
    const uint8_t *scan, *end;
    struct jpeg_component component[JPEG_COMPONENTS];
    int quant_set[JPEG_TABLES];
    int16_t quant[JPEG_TABLES][JPEG_COEFS]; /* by row and column, not in zigzag */
    struct jpeg_huffman dc[JPEG_TABLES], ac[JPEG_TABLES];
};

/* Row and column of the n-th coefficient; places beyond the last, of an end or of damage, lead to JPEG_SPARE. */
enum { JPEG_SPARE = 64, JPEG_PLACES = 64 + 2 * JPEG_END };
extern const uint8_t noli_jpeg_zigzag[JPEG_PLACES];

/* Make a table from a DHT segment's 16 counts and its symbols. 0: no table that an ordinary encoder makes. */
int noli_jpeg_huffman(struct jpeg_huffman *table, const uint8_t *counts, const uint8_t *symbols, size_t symbol_count,
                      int is_dc);

/* The step of a symbol: its advance, the size of its number, and the bits of its code. */
jpeg_step noli_jpeg_step(uint8_t symbol, unsigned code_bits, int is_dc);

/* Turn the coefficients of a block, row by row, and their quantisers into 4x4, 2x2 or 1 bytes at `out`. */
typedef void (*jpeg_transform)(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride);
void noli_jpeg_4x4(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride);
void noli_jpeg_2x2(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride);
void noli_jpeg_1x1(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride);
void noli_jpeg_4x4_fast(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride);
void noli_jpeg_2x2_fast(const int16_t *coefs, const int16_t *quant, uint8_t *out, size_t stride);

#endif
