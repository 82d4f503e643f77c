/* SPDX-License-Identifier: Apache-2.0 */
/* The segments before a JPEG's data, and the tables made from them. See jpeg.h.
 * Every function that returns int returns 0 for a file that libjpeg shall decide on. */
#include "jpeg_parts.h"

/* Markers, each after a byte of 0xFF. Source: T.81, table B.1. */
enum {
    PREFIX = 0xFF,
    SOF0 = 0xC0,
    SOF1 = 0xC1,
    DHT = 0xC4,
    SOI = 0xD8,
    SOS = 0xDA,
    DQT = 0xDB,
    DRI = 0xDD,
    APP0 = 0xE0,
    APP14 = 0xEE,
    APP15 = 0xEF,
    COM = 0xFE
};

#define SPARE_16                                                                                                       \
    JPEG_SPARE, JPEG_SPARE, JPEG_SPARE, JPEG_SPARE, JPEG_SPARE, JPEG_SPARE, JPEG_SPARE, JPEG_SPARE, JPEG_SPARE,        \
        JPEG_SPARE, JPEG_SPARE, JPEG_SPARE, JPEG_SPARE, JPEG_SPARE, JPEG_SPARE, JPEG_SPARE
#define SPARE_64 SPARE_16, SPARE_16, SPARE_16, SPARE_16

const uint8_t noli_jpeg_zigzag[JPEG_PLACES] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26,       33,       40,       48,       41,
    34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22,       15,       23,       30,       37,
    44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63, SPARE_64, SPARE_64, SPARE_64, SPARE_64,
};

/* The rest of a segment. */
typedef struct {
    const uint8_t *at;
    size_t left;
} segment;

static int next_byte(segment *s) {
    if (s->left == 0) {
        return -1;
    }
    s->left--;
    return *s->at++;
}

static int next_pair(segment *s) {
    const int high = next_byte(s), low = next_byte(s);
    return low < 0 ? -1 : high << 8 | low;
}

static int read_quantisers(struct noli_jpeg *jpeg, segment s) {
    while (s.left > 0) {
        const int head = next_byte(&s), wide = head >> 4, which = head & 15;
        if (wide > 1 || which >= JPEG_TABLES) {
            return 0;
        }
        for (int i = 0; i < JPEG_COEFS; i++) {
            const int value = wide ? next_pair(&s) : next_byte(&s);
            if (value <= 0 || value > INT16_MAX) {
                return 0;
            }
            jpeg->quant[which][noli_jpeg_zigzag[i]] = (int16_t)value;
        }
        jpeg->quant_set[which] = 1;
    }
    return 1;
}

static int read_codes(struct noli_jpeg *jpeg, segment s) {
    while (s.left > JPEG_CODE_BITS) {
        const int head = next_byte(&s), is_dc = head >> 4 == 0, which = head & 15;
        const uint8_t *counts = s.at;
        size_t symbols = 0;
        if (head >> 4 > 1 || which >= JPEG_TABLES || s.left < JPEG_CODE_BITS) {
            return 0;
        }
        for (int i = 0; i < JPEG_CODE_BITS; i++) {
            symbols += counts[i];
        }
        s.at += JPEG_CODE_BITS;
        s.left -= JPEG_CODE_BITS;
        if (symbols > s.left ||
            !noli_jpeg_huffman(is_dc ? &jpeg->dc[which] : &jpeg->ac[which], counts, s.at, symbols, is_dc)) {
            return 0;
        }
        s.at += symbols;
        s.left -= symbols;
    }
    return s.left == 0;
}

/* Whether components called so hold brightness and two colours, whatever JFIF and Adobe segments say. */
static int names_are_plain(const struct noli_jpeg *jpeg) {
    const int first = jpeg->component[0].id;
    if (jpeg->components == 1) {
        return 1;
    }
    return first <= 1 && jpeg->component[1].id == first + 1 && jpeg->component[2].id == first + 2;
}

/* Brightness must have a sample for every pixel. */
static int sampling_is_plain(const struct noli_jpeg *jpeg) {
    const struct jpeg_component *brightness = &jpeg->component[0];
    int blocks = 0;
    for (size_t i = 0; i < jpeg->components; i++) {
        const struct jpeg_component *c = &jpeg->component[i];
        if (c->across < 1 || c->across > brightness->across || c->down < 1 || c->down > brightness->down) {
            return 0;
        }
        blocks += c->across * c->down;
    }
    return brightness->across <= JPEG_MAX_SAMPLING && brightness->down <= JPEG_MAX_SAMPLING && blocks <= JPEG_MAX_MCU;
}

static int read_frame(struct noli_jpeg *jpeg, segment s) {
    const int precision = next_byte(&s), height = next_pair(&s), width = next_pair(&s), components = next_byte(&s);
    if (jpeg->components != 0 || precision != 8 || height <= 0 || width <= 0 ||
        (components != 1 && components != JPEG_COMPONENTS) || s.left != 3 * (size_t)components) {
        return 0;
    }
    for (int i = 0; i < components; i++) {
        const int id = next_byte(&s), sampling = next_byte(&s), quant = next_byte(&s);
        if (quant >= JPEG_TABLES) {
            return 0;
        }
        jpeg->component[i] = (struct jpeg_component){
            (uint8_t)id, (uint8_t)(sampling >> 4), (uint8_t)(sampling & 15), (uint8_t)quant, 0, 0};
    }
    if (components == 1) { /* A picture of one component has MCUs of one block, whatever its sampling. */
        jpeg->component[0].across = jpeg->component[0].down = 1;
    }
    jpeg->height = (size_t)height;
    jpeg->width = (size_t)width;
    jpeg->components = (size_t)components;
    return names_are_plain(jpeg) && sampling_is_plain(jpeg);
}

static int read_scan(struct noli_jpeg *jpeg, segment s) {
    if (jpeg->components == 0 || next_byte(&s) != (int)jpeg->components || s.left != 2 * jpeg->components + 3) {
        return 0;
    }
    for (size_t i = 0; i < jpeg->components; i++) {
        struct jpeg_component *c = &jpeg->component[i];
        const int id = next_byte(&s), tables = next_byte(&s);
        c->dc = (uint8_t)(tables >> 4);
        c->ac = (uint8_t)(tables & 15);
        if (id != c->id || c->dc >= JPEG_TABLES || c->ac >= JPEG_TABLES || !jpeg->dc[c->dc].set ||
            !jpeg->ac[c->ac].set || !jpeg->quant_set[c->quant]) {
            return 0;
        }
    }
    const int first = next_byte(&s), last = next_byte(&s), refinement = next_byte(&s);
    return first == 0 && last == JPEG_COEFS - 1 && refinement == 0;
}

/* "Adobe", version, two words of flags, then how the colours are transformed: 1 is YCbCr. */
static int adobe_is_plain(segment s) {
    static const uint8_t NAME[] = {'A', 'd', 'o', 'b', 'e'};
    enum { TRANSFORM = 11, YCBCR = 1 };
    for (size_t i = 0; i < sizeof NAME; i++) {
        if (s.left <= TRANSFORM || s.at[i] != NAME[i]) {
            return s.left <= TRANSFORM ? 0 : 1;
        }
    }
    return s.at[TRANSFORM] == YCBCR;
}

static int read_segment(struct noli_jpeg *jpeg, int marker, segment s) {
    switch (marker) {
    case SOF0:
    case SOF1:
        return read_frame(jpeg, s);
    case DHT:
        return read_codes(jpeg, s);
    case DQT:
        return read_quantisers(jpeg, s);
    case DRI:
        if (s.left != 2) {
            return 0;
        }
        jpeg->restart = (size_t)next_pair(&s);
        return 1;
    case SOS:
        return read_scan(jpeg, s);
    case APP14:
        return adobe_is_plain(s);
    default:
        return marker == COM || (marker >= APP0 && marker <= APP15);
    }
}

int noli_jpeg_open(struct noli_jpeg *jpeg, const uint8_t *data, size_t length) {
    segment file = {data, length};
    jpeg->components = jpeg->restart = 0;
    for (int i = 0; i < JPEG_TABLES; i++) {
        jpeg->quant_set[i] = jpeg->dc[i].set = jpeg->ac[i].set = 0;
    }
    if (next_byte(&file) != PREFIX || next_byte(&file) != SOI) {
        return 0;
    }
    for (;;) {
        if (next_byte(&file) != PREFIX) {
            return 0;
        }
        int marker = next_byte(&file);
        while (marker == PREFIX) {
            marker = next_byte(&file);
        }
        const int bytes = next_pair(&file);
        if (bytes < 2 || (size_t)bytes - 2 > file.left) {
            return 0;
        }
        if (!read_segment(jpeg, marker, (segment){file.at, (size_t)bytes - 2})) {
            return 0;
        }
        file.at += bytes - 2;
        file.left -= (size_t)bytes - 2;
        if (marker == SOS) {
            jpeg->scan = file.at;
            jpeg->end = file.at + file.left;
            return 1;
        }
    }
}

size_t noli_jpeg_bytes(void) {
    return sizeof(struct noli_jpeg);
}

size_t noli_jpeg_height(const struct noli_jpeg *jpeg) {
    return jpeg->height;
}

size_t noli_jpeg_width(const struct noli_jpeg *jpeg) {
    return jpeg->width;
}
