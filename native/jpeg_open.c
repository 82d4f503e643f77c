/* SPDX-License-Identifier: Apache-2.0 */
/* The markers of a JPEG up to its scan (T.81, annex B). See jpeg.h. */
#include "jpeg.h"

enum {
    MARKER = 0xFF,
    SOF0 = 0xC0,
    SOF1 = 0xC1,
    DHT = 0xC4,
    JPG = 0xC8,
    DAC = 0xCC,
    SOF15 = 0xCF,
    SOI = 0xD8,
    EOI = 0xD9,
    SOS = 0xDA,
    DQT = 0xDB,
    DNL = 0xDC,
    DRI = 0xDD,
    APP0 = 0xE0,
    APP14 = 0xEE,
    APP15 = 0xEF,
    COM = 0xFE,
    BITS_A_SAMPLE = 8,
    BLOCK = 8,
    IN_A_BLOCK = 64,
    LARGEST_FACTOR = 4,
    BLOCKS_A_UNIT = 10, /* B.2.3 */
};

/* What follows a marker. */
typedef struct {
    const uint8_t *at;
    size_t left;
} segment;

static size_t word(const uint8_t *at) {
    return (size_t)at[0] << 8 | at[1];
}

static int starts(const segment *s, const char *text, size_t length) {
    int same = s->left >= length;
    for (size_t i = 0; same && i < length; i++) {
        same = s->at[i] == (uint8_t)text[i];
    }
    return same;
}

static int read_quantisation(noli_jpeg *jpeg, segment s) {
    while (s.left > 0) {
        const size_t wide = (s.at[0] >> 4) + 1U, slot = s.at[0] & 15U;
        if (wide > 2 || slot >= NOLI_JPEG_SLOTS || s.left < 1 + wide * IN_A_BLOCK) {
            return NOLI_JPEG_REFUSED;
        }
        for (size_t i = 0; i < NOLI_JPEG_KEPT; i++) {
            const uint8_t *value = s.at + 1 + wide * i;
            jpeg->quantisation[slot][i] = (float)(wide == 2 ? word(value) : value[0]);
        }
        jpeg->has_quantisation[slot] = 1;
        s.at += 1 + wide * IN_A_BLOCK;
        s.left -= 1 + wide * IN_A_BLOCK;
    }
    return 0;
}

static int read_codes(noli_jpeg *jpeg, segment s) {
    while (s.left > 0) {
        size_t symbols = 0;
        if (s.left < 17) {
            return NOLI_JPEG_REFUSED;
        }
        const size_t slot = s.at[0] & 15U, kind = s.at[0] >> 4;
        for (size_t i = 1; i <= 16; i++) {
            symbols += s.at[i];
        }
        if (kind > 1 || slot >= NOLI_JPEG_SLOTS || symbols > 256 || s.left < 17 + symbols ||
            noli_jpeg_make_code(kind ? &jpeg->ac[slot] : &jpeg->dc[slot], s.at + 1, s.at + 17, symbols)) {
            return NOLI_JPEG_REFUSED;
        }
        s.at += 17 + symbols;
        s.left -= 17 + symbols;
    }
    return 0;
}

static int read_frame(noli_jpeg *jpeg, segment s) {
    if (jpeg->components != 0 || s.left < 6 || s.at[0] != BITS_A_SAMPLE) {
        return NOLI_JPEG_REFUSED;
    }
    jpeg->height = word(s.at + 1);
    jpeg->width = word(s.at + 3);
    jpeg->components = s.at[5];
    if (jpeg->height == 0 || jpeg->width == 0 || (jpeg->components != 1 && jpeg->components != NOLI_JPEG_COMPONENTS) ||
        s.left != 6 + 3 * jpeg->components) {
        return NOLI_JPEG_REFUSED;
    }
    for (size_t i = 0; i < jpeg->components; i++) {
        const uint8_t *at = s.at + 6 + 3 * i;
        noli_jpeg_component *c = &jpeg->component[i];
        *c = (noli_jpeg_component){at[0], at[1] >> 4, at[1] & 15U, at[2], 0, 0};
        if (c->across < 1 || c->across > LARGEST_FACTOR || c->down < 1 || c->down > LARGEST_FACTOR ||
            c->quantisation >= NOLI_JPEG_SLOTS) {
            return NOLI_JPEG_REFUSED;
        }
    }
    return 0;
}

/* Whether the first component is brightness; the rules are those of libjpeg, where they are in doubt the answer is no.
 */
static int begins_with_brightness(const noli_jpeg *jpeg) {
    const noli_jpeg_component *c = jpeg->component;
    if (jpeg->components == 1) {
        return 1;
    }
    if (jpeg->adobe_transform >= 0 && jpeg->adobe_transform != 1) {
        return 0;
    }
    return jpeg->has_jfif || jpeg->adobe_transform == 1 || (c[0].id == 1 && c[1].id == 2 && c[2].id == 3);
}

/* Sizes in units and blocks (A.2). */
static int lay_out(noli_jpeg *jpeg) {
    const noli_jpeg_component *c = jpeg->component;
    size_t blocks = 0, across = 1, down = 1;
    if (jpeg->components > 1) { /* One component alone has a block a unit, whatever its factors. */
        across = c[0].across;
        down = c[0].down;
        for (size_t i = 0; i < jpeg->components; i++) {
            blocks += (size_t)c[i].across * c[i].down;
            if (c[i].across > across || c[i].down > down) {
                return NOLI_JPEG_REFUSED; /* brightness at less than full size */
            }
        }
    }
    jpeg->units_across = (jpeg->width + BLOCK * across - 1) / (BLOCK * across);
    jpeg->units_down = (jpeg->height + BLOCK * down - 1) / (BLOCK * down);
    jpeg->blocks_across = jpeg->units_across * across;
    jpeg->rows_a_unit = down;
    jpeg->until_restart = jpeg->restart_interval;
    return blocks <= BLOCKS_A_UNIT ? 0 : NOLI_JPEG_REFUSED;
}

static int read_scan_header(noli_jpeg *jpeg, segment s) {
    const size_t n = jpeg->components;
    if (n == 0 || s.left != 4 + 2 * n || s.at[0] != n) {
        return NOLI_JPEG_REFUSED;
    }
    for (size_t i = 0; i < n; i++) {
        noli_jpeg_component *c = &jpeg->component[i];
        c->dc = s.at[2 + 2 * i] >> 4;
        c->ac = s.at[2 + 2 * i] & 15U;
        if (s.at[1 + 2 * i] != c->id || c->dc >= NOLI_JPEG_SLOTS || c->ac >= NOLI_JPEG_SLOTS ||
            !jpeg->dc[c->dc].defined || !jpeg->ac[c->ac].defined) {
            return NOLI_JPEG_REFUSED;
        }
    }
    if (!jpeg->has_quantisation[jpeg->component[0].quantisation] || !begins_with_brightness(jpeg)) {
        return NOLI_JPEG_REFUSED;
    }
    return lay_out(jpeg);
}

/* Read one segment other than the scan's. */
static int read_segment(noli_jpeg *jpeg, int marker, segment s) {
    switch (marker) {
    case SOF0:
    case SOF1:
        return read_frame(jpeg, s);
    case DHT:
        return read_codes(jpeg, s);
    case DQT:
        return read_quantisation(jpeg, s);
    case DRI:
        jpeg->restart_interval = s.left == 2 ? word(s.at) : 0;
        return s.left == 2 ? 0 : NOLI_JPEG_REFUSED;
    case APP0:
        jpeg->has_jfif |= starts(&s, "JFIF\0", 5);
        return 0;
    case APP14:
        if (starts(&s, "Adobe", 5) && s.left >= 12) {
            jpeg->adobe_transform = s.at[11];
        }
        return 0;
    default:
        return (marker > APP0 && marker <= APP15) || marker == COM ? 0 : NOLI_JPEG_REFUSED;
    }
}

static void clear(noli_jpeg *jpeg) {
    jpeg->components = jpeg->restart_interval = 0;
    jpeg->predicted = 0;
    jpeg->restarts = jpeg->has_jfif = 0;
    jpeg->adobe_transform = -1;
    jpeg->kept = NOLI_JPEG_KEPT;
    for (size_t i = 0; i < NOLI_JPEG_SLOTS; i++) {
        jpeg->has_quantisation[i] = jpeg->dc[i].defined = jpeg->ac[i].defined = 0;
    }
}

int noli_jpeg_open(noli_jpeg *jpeg, const uint8_t *file, size_t size) {
    size_t at = 2;
    clear(jpeg);
    if (size < 2 || file[0] != MARKER || file[1] != SOI) {
        return NOLI_JPEG_REFUSED;
    }
    while (size - at >= 4 && file[at] == MARKER) {
        const int marker = file[at + 1];
        if (marker == MARKER) { /* fill byte */
            at++;
            continue;
        }
        const size_t length = word(file + at + 2);
        if (length < 2 || length > size - at - 2) {
            return NOLI_JPEG_REFUSED;
        }
        const segment s = {file + at + 4, length - 2};
        at += 2 + length;
        if (marker == SOS) {
            jpeg->scan = (noli_jpeg_bits){file + at, file + size, 0, 0, 0};
            return read_scan_header(jpeg, s);
        }
        if (read_segment(jpeg, marker, s)) {
            return NOLI_JPEG_REFUSED;
        }
    }
    return NOLI_JPEG_REFUSED;
}
