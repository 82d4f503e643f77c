/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of the entries of a code's tables; see jpeg.h. */
#ifndef NOLI_JPEG_CODE_H
#define NOLI_JPEG_CODE_H

#include "jpeg.h"

/* An entry of `single`: bits of the code and of the value after it, the symbol's halves, and the value, which is there
 * where all its bits are among those looked up. */
#define ENTRY(bits, symbol, value) ((uint32_t)(uint16_t)(value) << 16 | (uint32_t)(symbol) << 8 | (uint32_t)(bits))

static inline int entry_bits(uint32_t entry) {
    return entry & 255;
}

static inline int entry_size(uint32_t entry) {
    return entry >> 8 & 15;
}

static inline int entry_run(uint32_t entry) {
    return entry >> 12 & 15;
}

static inline int entry_value(uint32_t entry) {
    const int value = (int)(entry >> 16);
    return value < 0x8000 ? value : value - 0x10000;
}

/* An entry of `several`: bits of all symbols, coefficients they stand for, whether the last one ends the block. */
#define LEAP(bits, coefficients, ends) ((uint16_t)((ends) << 15 | (coefficients) << 8 | (bits)))

static inline int leap_bits(uint16_t leap) {
    return leap & 255;
}

static inline int leap_coefficients(uint16_t leap) {
    return leap >> 8 & 127;
}

static inline int leap_ends(uint16_t leap) {
    return leap >> 15;
}

/* A value of `size` bits as the number it stands for (F.2.2.1, EXTEND). */
static inline int extended(int bits, int size) {
    return size > 0 && bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}

#endif
