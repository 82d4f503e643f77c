/* SPDX-License-Identifier: Apache-2.0 */
/* Huffman codes as tables of what comes next (T.81, annex C). See jpeg.h. */
#include "jpeg_code.h"

enum {
    PEEK = NOLI_JPEG_PEEK,
    LOOKED_UP = 1 << NOLI_JPEG_PEEK,
    LONGEST_CODE = 16,
    RUN_OF_ZEROS = 15, /* with no size: 16 zeros; any other run without size ends the block */
    A_BLOCK = 64,
};

/* Enter a code of `length` bits for all bits that begin with it. */
static void enter(noli_jpeg_code *code, uint32_t prefix, int length, uint8_t symbol) {
    const int size = symbol & 15, left = PEEK - length;
    for (int rest = 0; rest < 1 << left; rest++) {
        const int value = size <= left ? extended(rest >> (left - size), size) : 0;
        code->single[(prefix << left) + (uint32_t)rest] = ENTRY(length + size, symbol, value);
    }
}

/* Follow the symbols that fit whole into the bits looked up. */
static uint16_t leap_from(const noli_jpeg_code *code, uint32_t looked_up) {
    int bits = 0, coefficients = 0;
    for (;;) {
        const uint32_t entry = code->single[looked_up << bits & (LOOKED_UP - 1)];
        const int more = entry_bits(entry);
        if (more == 0 || (bits > 0 && bits + more > PEEK)) {
            break;
        }
        if (entry_size(entry) == 0 && entry_run(entry) != RUN_OF_ZEROS) {
            return LEAP(bits + more, coefficients, 1);
        }
        if (coefficients + entry_run(entry) + 1 >= A_BLOCK) {
            break;
        }
        bits += more;
        coefficients += entry_run(entry) + 1;
        if (bits >= PEEK) {
            break;
        }
    }
    return LEAP(bits, coefficients, 0);
}

int noli_jpeg_make_code(noli_jpeg_code *code, const uint8_t counts[16], const uint8_t *symbols, size_t symbol_count) {
    int32_t prefix = 0, place = 0;
    for (size_t i = 0; i < LOOKED_UP; i++) {
        code->single[i] = 0;
    }
    for (size_t i = 0; i < symbol_count; i++) {
        code->values[i] = symbols[i];
    }
    for (int length = 1; length <= LONGEST_CODE; length++) {
        const int32_t count = counts[length - 1];
        if (prefix + count > 1 << length) {
            return NOLI_JPEG_REFUSED;
        }
        code->offset[length] = place - prefix;
        for (int32_t i = 0; length <= PEEK && i < count; i++) {
            enter(code, (uint32_t)(prefix + i), length, symbols[place + i]);
        }
        place += count;
        prefix += count;
        code->after[length] = count > 0 ? prefix : 0;
        prefix *= 2;
    }
    for (uint32_t i = 0; i < LOOKED_UP; i++) {
        code->several[i] = leap_from(code, i);
    }
    code->defined = 1;
    return 0;
}
