/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of Huffman codes (T.81, annexes C and F) that give a code and the number after it in one look. See jpeg.h. */
#include "jpeg_parts.h"

enum {
    MAX_SIZE_DC = 11, /* bits of a number in 8-bit pictures. Source: T.81, tables F.1 and F.2 */
    MAX_SIZE_AC = 10,
    SKIP_16 = 0xF0,
    END_OF_BLOCK = 0
};

/* The number that `size` bits stand for. Source: T.81, F.2.2.1, EXTEND. */
static int32_t number_of(uint32_t bits, unsigned size) {
    return size > 0 && bits >> (size - 1) == 0 ? (int32_t)bits - (1 << size) + 1 : (int32_t)bits;
}

static int symbol_is_plain(uint8_t symbol, int is_dc) {
    if (is_dc) {
        return symbol <= MAX_SIZE_DC;
    }
    const int size = symbol & 15;
    return size > 0 ? size <= MAX_SIZE_AC : symbol == SKIP_16 || symbol == END_OF_BLOCK;
}

jpeg_step noli_jpeg_step(uint8_t symbol, unsigned code_bits, int is_dc) {
    const unsigned advance = is_dc ? 0 : symbol == END_OF_BLOCK ? JPEG_END : (symbol >> 4) + 1U;
    return (jpeg_step)advance << 24 | (jpeg_step)advance << 16 | (jpeg_step)code_bits << 12 |
           (jpeg_step)(symbol & 15) << 8;
}

/* Every entry that begins with the code: as many as there are ways to go on. */
static void fill(struct jpeg_huffman *table, uint32_t code, unsigned bits, jpeg_step step) {
    const unsigned size = JPEG_STEP_SIZE(step), spare = JPEG_LOOK - bits;
    for (uint32_t rest = 0; rest < (uint32_t)1 << spare; rest++) {
        jpeg_step entry = step;
        if (size <= spare) {
            const jpeg_step number = (uint16_t)number_of(rest >> (spare - size), size);
            entry |= number << 48 | number << 32 | JPEG_STEP_KNOWN | (bits + size);
        }
        table->steps[code << spare | rest] = entry;
    }
}

/* Of a step: the advance and the number of its first code. */
#define FIRST_ALONE ((jpeg_step)0xFFFF00FF0000)

/* Let entries tell the code after the first as well, where their bits hold both. */
static void join(struct jpeg_huffman *table) {
    jpeg_step single[1 << JPEG_LOOK];
    for (size_t i = 0; i < 1 << JPEG_LOOK; i++) {
        single[i] = table->steps[i];
    }
    for (size_t i = 0; i < 1 << JPEG_LOOK; i++) {
        const unsigned bits = JPEG_STEP_BITS(single[i]);
        const jpeg_step next = single[i << bits & ((1 << JPEG_LOOK) - 1)];
        const unsigned both = bits + JPEG_STEP_BITS(next);
        if (bits > 0 && both > bits && both <= JPEG_LOOK && JPEG_STEP_ADVANCE_1(single[i]) < JPEG_END) {
            table->steps[i] = (jpeg_step)(uint16_t)JPEG_STEP_NUMBER_1(next) << 48 | (single[i] & FIRST_ALONE) |
                              (jpeg_step)(JPEG_STEP_ADVANCE_1(single[i]) + JPEG_STEP_ADVANCE_1(next)) << 24 |
                              (jpeg_step)bits << 12 | JPEG_STEP_KNOWN | both;
        }
    }
}

int noli_jpeg_huffman(struct jpeg_huffman *table, const uint8_t *counts, const uint8_t *symbols, size_t symbol_count,
                      int is_dc) {
    uint32_t code = 0;
    size_t at = 0;
    table->set = 0;
    table->is_dc = is_dc;
    if (symbol_count > sizeof table->symbols) {
        return 0;
    }
    for (size_t i = 0; i < sizeof table->steps / sizeof table->steps[0]; i++) {
        table->steps[i] = 0;
    }
    for (unsigned length = 1; length <= JPEG_CODE_BITS; length++) {
        table->first[length] = (int32_t)at - (int32_t)code;
        for (int i = 0; i < counts[length - 1]; i++, code++, at++) {
            /* A code of ones alone is not allowed; neither are more codes than there is room for. */
            if (code + 1 >= (uint32_t)1 << length || !symbol_is_plain(symbols[at], is_dc)) {
                return 0;
            }
            table->symbols[at] = symbols[at];
            if (length <= JPEG_LOOK) {
                fill(table, code, length, noli_jpeg_step(symbols[at], length, is_dc));
            }
        }
        table->beyond[length] = code << (JPEG_CODE_BITS - length);
        code <<= 1;
    }
    if (!is_dc) {
        join(table);
    }
    table->set = 1;
    return 1;
}
