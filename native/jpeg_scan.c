/* SPDX-License-Identifier: Apache-2.0 */
/* From a JPEG's data to the brightness plane. See jpeg.h. */
#include "jpeg_parts.h"

enum {
    RESERVOIR = 64, /* bits in hand at most */
    ENOUGH = 48,    /* bits for LOOKS looks, of which the last finds the longest code and number: 11 + 11 + 26 */
    PREFIX = 0xFF,
    RST0 = 0xD0,
    RESTARTS = 8,
    EOI = 0xD9,
    LAST = JPEG_COEFS - 1,
    LOOKS = 3, /* between two fillings */
    /* Of a block, times the quantiser: 8-bit pictures stay below a third of it, beyond it libjpeg wraps. */
    MAX_LEVEL = 4 * 1024 - 16
};

#define ALWAYS static inline __attribute__((always_inline))
/* The step of no code at all: out of the block without an end. */
#define BROKEN ((jpeg_step)JPEG_COEFS << 24 | (jpeg_step)JPEG_COEFS << 16)
#define LIKELY(condition) __builtin_expect(!!(condition), 1)

/* Bits to be read, the next one on top. Past the end and at a marker there are zeros, counted in `padding`. */
typedef struct {
    const uint8_t *at, *end;
    uint64_t bits;
    unsigned count, padding;
} bit_reader;

static uint64_t load_8(const uint8_t *at) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
        word = word << 8 | at[i];
    }
    return word;
}

static int has_prefix(uint64_t word) {
    return ((~word - 0x0101010101010101U) & word & 0x8080808080808080U) != 0;
}

/* By value, so that the reader stays in registers where this is not called. */
static __attribute__((noinline)) bit_reader refilled_by_bytes(bit_reader r) {
    while (r.count < RESERVOIR - 8) {
        const size_t left = (size_t)(r.end - r.at);
        if (left == 0 || (r.at[0] == PREFIX && (left < 2 || r.at[1] != 0))) {
            r.padding += 8;
        } else {
            r.bits |= (uint64_t)r.at[0] << (RESERVOIR - 8 - r.count);
            r.at += r.at[0] == PREFIX ? 2 : 1;
        }
        r.count += 8;
    }
    return r;
}

/* Every time, not when bits run low: that would be a branch that no processor can foresee. */
ALWAYS void refill(bit_reader *r) {
    if (LIKELY(r->end - r->at >= 8)) {
        const uint64_t word = load_8(r->at);
        if (LIKELY(!has_prefix(word))) {
            /* Bits beyond `count` are set already; the next refill sets them to the same. */
            r->bits |= word >> r->count;
            r->at += (RESERVOIR - 1 - r->count) >> 3;
            r->count |= RESERVOIR - 8;
            return;
        }
    }
    if (r->count < ENOUGH) {
        *r = refilled_by_bytes(*r);
    }
}

/* The number in the `size` bits on top. Source: T.81, F.2.2.1, EXTEND. */
static int32_t number_on_top(uint64_t bits, unsigned size) {
    const int32_t value = (int32_t)(bits >> 1 >> (RESERVOIR - 1 - size));
    return (int64_t)bits < 0 || size == 0 ? value : value - (int32_t)((1U << size) - 1);
}

/* What the table does not tell at once: a number or a code that is longer than what is looked up. Returns one step
 * with its number; BROKEN where there is no such code. */
static __attribute__((noinline)) jpeg_step long_step(const struct jpeg_huffman *table, uint64_t bits, jpeg_step step) {
    unsigned length = JPEG_STEP_CODE(step);
    if (length == 0) {
        const uint32_t code = (uint32_t)(bits >> (RESERVOIR - JPEG_CODE_BITS));
        for (length = JPEG_LOOK + 1; length <= JPEG_CODE_BITS && code >= table->beyond[length]; length++) {
        }
        if (length > JPEG_CODE_BITS) {
            return BROKEN;
        }
        const int32_t at = table->first[length] + (int32_t)(code >> (JPEG_CODE_BITS - length));
        step = noli_jpeg_step(table->symbols[at], 0, table->is_dc);
    }
    const unsigned size = JPEG_STEP_SIZE(step);
    const jpeg_step number = (uint16_t)number_on_top(bits << length, size);
    const jpeg_step advance = JPEG_STEP_ADVANCE_1(step);
    return number << 48 | number << 32 | advance << 24 | advance << 16 | (length + size);
}

ALWAYS void drop(bit_reader *r, unsigned bits) {
    r->bits <<= bits;
    r->count -= bits;
}

/* Read the number at the head of a block. 0: no such code. */
ALWAYS int read_level(bit_reader *r, const struct jpeg_huffman *table, int32_t *level) {
    refill(r);
    jpeg_step step = table->steps[r->bits >> (RESERVOIR - JPEG_LOOK)];
    if (!LIKELY(step & JPEG_STEP_KNOWN)) {
        step = long_step(table, r->bits, step);
    }
    drop(r, JPEG_STEP_BITS(step));
    *level += JPEG_STEP_NUMBER_1(step);
    return JPEG_STEP_BITS(step) > 0;
}

/* Read the rest of a block; with `coefs`, put its numbers there. 0: not as it should be. */
ALWAYS int read_coefs(bit_reader *r, const struct jpeg_huffman *table, int16_t *coefs) {
    unsigned before = 0, place = 0;
    uint64_t bits = 0;
    jpeg_step step = 0;
    while (place < LAST) {
        refill(r);
        /* What the table knows takes JPEG_LOOK bits at most, so one filling serves several looks. */
#pragma GCC unroll 3
        for (int looks = 0; looks < LOOKS && place < LAST; looks++) {
            bits = r->bits;
            before = place;
            step = table->steps[bits >> (RESERVOIR - JPEG_LOOK)];
            if (!LIKELY(step & JPEG_STEP_KNOWN)) {
                step = long_step(table, bits, step);
                looks = LOOKS;
            }
            drop(r, JPEG_STEP_BITS(step));
            place = before + JPEG_STEP_ADVANCE_2(step);
            if (coefs != NULL) {
                coefs[noli_jpeg_zigzag[before + JPEG_STEP_ADVANCE_1(step)]] = JPEG_STEP_NUMBER_1(step);
                coefs[noli_jpeg_zigzag[place]] = JPEG_STEP_NUMBER_2(step);
            }
        }
    }
    const unsigned first = before + JPEG_STEP_ADVANCE_1(step);
    if (first == LAST && first != place) { /* The second code belongs to the next block. */
        r->bits = bits << JPEG_STEP_CODE(step);
        r->count += JPEG_STEP_BITS(step) - JPEG_STEP_CODE(step);
        place = first;
    }
    /* Either the last place was filled, or an end was read with the place before it in bounds. */
    return place == LAST || (place >= JPEG_END && place < JPEG_END + LAST);
}

/* Where a scan is. */
typedef struct {
    const struct noli_jpeg *jpeg;
    int32_t level[JPEG_COMPONENTS];
    jpeg_transform transform;
    const int16_t *quant;
    const struct jpeg_huffman *dc[JPEG_COMPONENTS], *ac[JPEG_COMPONENTS];
    size_t side, plane_height, plane_width; /* side: bytes of the plane that a block makes, each way */
    uint8_t *plane;
} scan;

/* Put a block into the plane; what reaches over its right or lower end is left out. */
static void put_block(const scan *s, const int16_t *coefs, size_t row, size_t column) {
    const size_t y = row * s->side, x = column * s->side;
    uint8_t whole[16];
    if (y + s->side <= s->plane_height && x + s->side <= s->plane_width) {
        s->transform(coefs, s->quant, s->plane + y * s->plane_width + x, s->plane_width);
        return;
    }
    s->transform(coefs, s->quant, whole, s->side);
    for (size_t i = 0; i < s->side && y + i < s->plane_height; i++) {
        for (size_t j = 0; j < s->side && x + j < s->plane_width; j++) {
            s->plane[(y + i) * s->plane_width + x + j] = whole[i * s->side + j];
        }
    }
}

/* All blocks of one MCU. `only_level`: 1/8 needs no more than each block's mean. */
ALWAYS int read_mcu(scan *s, bit_reader *r, size_t row, size_t column, int only_level) {
    const struct noli_jpeg *jpeg = s->jpeg;
    /* Transformed when all are read: vector loads right after small stores to the same place would wait for them. */
    int16_t coefs[JPEG_MAX_MCU][JPEG_COEFS + JPEG_BLOCK];
    for (size_t c = 0; c < jpeg->components; c++) {
        const struct jpeg_component *component = &jpeg->component[c];
        const struct jpeg_huffman *dc = s->dc[c], *ac = s->ac[c];
        const size_t blocks = (size_t)component->down * component->across;
        for (size_t block = 0; block < blocks; block++) {
            int16_t *into = c == 0 && !only_level ? coefs[block] : NULL;
            for (int i = 0; into != NULL && i < JPEG_COEFS; i++) {
                into[i] = 0;
            }
            if (!read_level(r, dc, &s->level[c]) ||
                !(into == NULL ? read_coefs(r, ac, NULL) : read_coefs(r, ac, into))) {
                return 0;
            }
            const int32_t level = s->level[c] * jpeg->quant[component->quant][0];
            if (level > MAX_LEVEL || level < -MAX_LEVEL) {
                return 0;
            }
            if (c == 0) {
                coefs[block][0] = (int16_t)s->level[c];
            }
        }
    }
    const size_t down = jpeg->component[0].down, across = jpeg->component[0].across;
    for (size_t block = 0; block < down * across; block++) {
        put_block(s, coefs[block], row * down + block / across, column * across + block % across);
    }
    return 1;
}

/* Whether everything up to the next marker was read, nothing beyond, and which marker it is. */
static int marker_after(bit_reader *r) {
    if (r->padding > r->count || r->count - r->padding >= 8) {
        return 0;
    }
    while (r->end - r->at >= 2 && r->at[0] == PREFIX && r->at[1] == PREFIX) {
        r->at++;
    }
    if (r->end - r->at < 2 || r->at[0] != PREFIX) {
        return 0;
    }
    r->at += 2;
    return r->at[-1];
}

ALWAYS int read_all(scan *s, int only_level) {
    const struct noli_jpeg *jpeg = s->jpeg;
    const size_t mcu_height = (size_t)JPEG_BLOCK * jpeg->component[0].down;
    const size_t mcu_width = (size_t)JPEG_BLOCK * jpeg->component[0].across;
    const size_t rows = (jpeg->height + mcu_height - 1) / mcu_height;
    const size_t columns = (jpeg->width + mcu_width - 1) / mcu_width;
    bit_reader r = refilled_by_bytes((bit_reader){jpeg->scan, jpeg->end, 0, 0, 0});
    size_t done = 0;
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < columns; column++, done++) {
            if (jpeg->restart > 0 && done > 0 && done % jpeg->restart == 0) {
                if (marker_after(&r) != RST0 + (int)((done / jpeg->restart - 1) % RESTARTS)) {
                    return 0;
                }
                r = refilled_by_bytes((bit_reader){r.at, r.end, 0, 0, 0});
                s->level[0] = s->level[1] = s->level[2] = 0;
            }
            if (!read_mcu(s, &r, row, column, only_level)) {
                return 0;
            }
        }
        if (r.padding > r.count) { /* Cut short: no need to go on with zeros. */
            return 0;
        }
    }
    return marker_after(&r) == EOI;
}

int noli_jpeg_brightness(const struct noli_jpeg *jpeg, size_t denominator, int portable, uint8_t *plane) {
    scan s = {
        .jpeg = jpeg, .side = JPEG_BLOCK / denominator, .plane = plane, .quant = jpeg->quant[jpeg->component[0].quant]};
    for (size_t c = 0; c < jpeg->components; c++) {
        s.dc[c] = &jpeg->dc[jpeg->component[c].dc];
        s.ac[c] = &jpeg->ac[jpeg->component[c].ac];
    }
    s.plane_height = (jpeg->height + denominator - 1) / denominator;
    s.plane_width = (jpeg->width + denominator - 1) / denominator;
    s.transform = denominator == 2 ? noli_jpeg_4x4 : denominator == 4 ? noli_jpeg_2x2 : noli_jpeg_1x1;
#if defined(__SSE2__)
    if (!portable && denominator < JPEG_BLOCK) {
        s.transform = denominator == 2 ? noli_jpeg_4x4_fast : noli_jpeg_2x2_fast;
    }
#else
    (void)portable;
#endif
    return denominator == JPEG_BLOCK ? read_all(&s, 1) : read_all(&s, 0);
}
