/* SPDX-License-Identifier: Apache-2.0 */
/* The scan of a JPEG (T.81, annex F.2). See jpeg.h. */
#include "jpeg_code.h"

enum {
    PEEK = NOLI_JPEG_PEEK,
    LONGEST_CODE = 16,
    FULL = 63, /* most bits held; a symbol and its value have 31 at most */
    BYTES = 8, /* of the bits held */
    MARKER = 0xFF,
    RST0 = 0xD0,
    RESTARTS = 8, /* numbers of restart markers */
    IN_A_BLOCK = 64,
    RUN_OF_ZEROS = 15,    /* with no size: 16 zeros; any other run without size ends the block */
    AC_SIZE = 10,         /* most bits of a coefficient (table F.2) */
    REFUSED_BLOCK = 1000, /* a number that no coefficient has */
    DC_SIZE = 11,         /* most bits of a difference (table F.1) */
    DC_MIDDLE = 128 * 8,  /* the DC of middle grey */
    DC_WHITE = 255 * 8,   /* the DC of white */
    DC_ROUNDING = 16 * 8, /* what quantisation may add to either end */
    AC_LARGEST = 1024,    /* 928, which no pixels exceed, and what quantisation may add */
};

/* What one block does again and again works on a copy of the bits, which then stay in registers. */
#define INLINE static inline __attribute__((always_inline))

/* ---- bits ---- */

static uint64_t load(const uint8_t *at) {
    uint64_t value = 0;
    for (int i = 0; i < BYTES; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

/* Whether one of eight bytes is 0xFF: a byte of the complement is zero. */
static int has_marker(uint64_t value) {
    return ((~value - UINT64_C(0x0101010101010101)) & value & UINT64_C(0x8080808080808080)) != 0;
}

/* A byte at a time: past stuffed zeros, and up to a marker or the end, after which zeros follow. */
static __attribute__((noinline)) noli_jpeg_bits filled_slowly(noli_jpeg_bits b) {
    while (b.count <= FULL - 8) {
        uint64_t byte = 0;
        if (b.at < b.end && *b.at != MARKER) {
            byte = *b.at++;
        } else if (b.end - b.at >= 2 && b.at[1] == 0) {
            byte = MARKER;
            b.at += 2;
        } else {
            b.invented += 8;
        }
        b.bits |= byte << (64 - 8 - b.count);
        b.count += 8;
    }
    return b;
}

/* Hold at least 56 bits, enough for two symbols with their values. Not asking whether they are there already is faster:
 * nobody could foretell the answer. */
INLINE void fill(noli_jpeg_bits *b) {
    if (b->end - b->at >= BYTES) {
        const uint64_t next = load(b->at);
        if (!has_marker(next)) {
            const uint32_t taken = (FULL - b->count) / 8;
            b->bits |= next >> b->count;
            b->at += taken;
            b->count += 8 * taken;
            return;
        }
    }
    const noli_jpeg_bits filled = filled_slowly(*b);
    b->at = filled.at; /* one by one: a copy of the whole would go through memory every time */
    b->bits = filled.bits;
    b->count = filled.count;
    b->invented = filled.invented;
}

INLINE uint32_t peek(const noli_jpeg_bits *b, int count) {
    return (uint32_t)(b->bits >> (64 - count));
}

INLINE void drop(noli_jpeg_bits *b, int count) {
    b->bits <<= count;
    b->count -= (uint32_t)count;
}

/* ---- symbols ---- */

/* A symbol whose code is too long to be looked up, as an entry without value; 0 where there is none. */
static uint32_t long_symbol(uint64_t bits, const noli_jpeg_code *code) {
    for (int length = PEEK + 1; length <= LONGEST_CODE; length++) {
        const int32_t prefix = (int32_t)(bits >> (64 - length));
        if (prefix < code->after[length]) {
            const uint8_t symbol = code->values[prefix + code->offset[length]];
            return ENTRY(length + (symbol & 15), symbol, 0);
        }
    }
    return 0;
}

INLINE uint32_t symbol(const noli_jpeg_bits *b, const noli_jpeg_code *code) {
    const uint32_t entry = code->single[peek(b, PEEK)];
    return entry != 0 ? entry : long_symbol(b->bits, code);
}

/* The value after a symbol's code, before the symbol is dropped. */
INLINE int value_of(const noli_jpeg_bits *b, uint32_t entry) {
    const int size = entry_size(entry), bits = entry_bits(entry);
    if (bits <= PEEK || size == 0) {
        return entry_value(entry);
    }
    return extended((int)(peek(b, bits) & ((1U << size) - 1)), size);
}

/* ---- blocks ---- */

/* Pass over what the next bits hold of a block; `next` is the number of the coefficient that comes. Returns whether the
 * block goes on. Too great a `next` tells that something is wrong. */
INLINE int pass_some(noli_jpeg_bits *b, const noli_jpeg_code *code, int *next) {
    const uint16_t leap = code->several[peek(b, PEEK)];
    if (leap != 0 && *next + leap_coefficients(leap) + leap_ends(leap) <= IN_A_BLOCK) {
        drop(b, leap_bits(leap));
        *next += leap_coefficients(leap);
        return !leap_ends(leap) && *next < IN_A_BLOCK;
    }
    /* The block ends within the bits looked up, or the code is a long one. */
    const uint32_t entry = symbol(b, code);
    if (entry == 0 || entry_size(entry) > AC_SIZE) {
        *next = REFUSED_BLOCK;
        return 0;
    }
    drop(b, entry_bits(entry));
    if (entry_size(entry) == 0 && entry_run(entry) != RUN_OF_ZEROS) {
        return 0;
    }
    *next += entry_run(entry) + 1;
    return *next < IN_A_BLOCK;
}

/* Pass over the coefficients of a block from number `next` on. The bits are filled up once for two steps: a step that
 * waited for that each time would take twice as long. */
INLINE int pass(noli_jpeg_bits *b, const noli_jpeg_code *code, int next) {
    if (next < IN_A_BLOCK) {
        do {
            fill(b);
        } while (pass_some(b, code, &next) && pass_some(b, code, &next));
    }
    return next <= IN_A_BLOCK ? 0 : NOLI_JPEG_REFUSED;
}

INLINE int pass_block(noli_jpeg_bits *b, const noli_jpeg *jpeg, const noli_jpeg_component *c) {
    fill(b);
    const uint32_t entry = symbol(b, &jpeg->dc[c->dc]);
    if (entry == 0) {
        return NOLI_JPEG_REFUSED;
    }
    drop(b, entry_bits(entry));
    return pass(b, &jpeg->ac[c->ac], 1);
}

INLINE int read_dc(noli_jpeg_bits *b, noli_jpeg *jpeg, const noli_jpeg_component *c, float *out) {
    const uint32_t entry = symbol(b, &jpeg->dc[c->dc]);
    if (entry == 0 || entry_run(entry) != 0 || entry_size(entry) > DC_SIZE) {
        return NOLI_JPEG_REFUSED;
    }
    jpeg->predicted += value_of(b, entry);
    drop(b, entry_bits(entry));
    *out = (float)jpeg->predicted * jpeg->quantisation[c->quantisation][0] + DC_MIDDLE;
    return *out >= -DC_ROUNDING && *out <= DC_WHITE + DC_ROUNDING ? 0 : NOLI_JPEG_REFUSED;
}

/* Read a coefficient, one of those that are kept; see pass_some. */
INLINE int read_one(noli_jpeg_bits *b, const noli_jpeg *jpeg, const noli_jpeg_component *c, float *out, int *next) {
    const uint32_t entry = symbol(b, &jpeg->ac[c->ac]);
    if (entry == 0 || entry_size(entry) > AC_SIZE) {
        *next = REFUSED_BLOCK;
        return 0;
    }
    const int value = value_of(b, entry);
    drop(b, entry_bits(entry));
    if (entry_size(entry) == 0 && entry_run(entry) != RUN_OF_ZEROS) {
        *next = IN_A_BLOCK;
        return 0;
    }
    *next += entry_run(entry);
    if (*next < jpeg->kept) {
        const float coefficient = (float)value * jpeg->quantisation[c->quantisation][*next];
        out[(size_t)*next * jpeg->blocks_across] = coefficient;
        if (coefficient > AC_LARGEST || coefficient < -AC_LARGEST) {
            *next = REFUSED_BLOCK;
            return 0;
        }
    }
    return ++*next < jpeg->kept;
}

/* Read a block of brightness; coefficients go `blocks_across` apart, where zeros are. */
INLINE int read_block(noli_jpeg_bits *b, noli_jpeg *jpeg, float *out) {
    const noli_jpeg_component *c = &jpeg->component[0];
    int next = 1;
    fill(b);
    if (read_dc(b, jpeg, c, out)) {
        return NOLI_JPEG_REFUSED;
    }
    if (read_one(b, jpeg, c, out, &next)) {
        do {
            fill(b);
        } while (read_one(b, jpeg, c, out, &next) && read_one(b, jpeg, c, out, &next));
    }
    return pass(b, &jpeg->ac[c->ac], next);
}

/* ---- units ---- */

INLINE int read_unit(noli_jpeg_bits *b, noli_jpeg *jpeg, size_t across, float *out) {
    const size_t row = jpeg->blocks_across * (size_t)jpeg->kept;
    for (size_t i = 0; i < jpeg->rows_a_unit * across; i++) {
        if (read_block(b, jpeg, out + i / across * row + i % across)) {
            return NOLI_JPEG_REFUSED;
        }
    }
    for (size_t i = 1; i < jpeg->components; i++) {
        const noli_jpeg_component *c = &jpeg->component[i];
        for (int block = 0; block < c->across * c->down; block++) {
            if (pass_block(b, jpeg, c)) {
                return NOLI_JPEG_REFUSED;
            }
        }
    }
    return 0;
}

/* Step over the restart marker that must come next, behind less than a byte of padding (F.2.2.5). */
INLINE int restart(noli_jpeg_bits *b, noli_jpeg *jpeg) {
    if (b->count < b->invented || b->count - b->invented >= 8 || b->end - b->at < 2 || b->at[0] != MARKER ||
        b->at[1] != RST0 + jpeg->restarts % RESTARTS) {
        return NOLI_JPEG_REFUSED;
    }
    b->at += 2;
    b->bits = b->count = b->invented = 0;
    jpeg->restarts++;
    jpeg->until_restart = jpeg->restart_interval;
    jpeg->predicted = 0;
    return 0;
}

int noli_jpeg_read_row(noli_jpeg *jpeg, float *coefficients) {
    const size_t across = jpeg->blocks_across / jpeg->units_across;
    noli_jpeg_bits b = jpeg->scan;
    for (size_t i = 0; i < jpeg->rows_a_unit * (size_t)jpeg->kept * jpeg->blocks_across; i++) {
        coefficients[i] = 0.0F;
    }
    for (size_t unit = 0; unit < jpeg->units_across; unit++) {
        if (jpeg->restart_interval > 0) {
            if (jpeg->until_restart == 0 && restart(&b, jpeg)) {
                return NOLI_JPEG_REFUSED;
            }
            jpeg->until_restart--;
        }
        if (read_unit(&b, jpeg, across, coefficients + unit * across)) {
            return NOLI_JPEG_REFUSED;
        }
    }
    jpeg->scan = b;
    return b.count >= b.invented ? 0 : NOLI_JPEG_REFUSED;
}
