/* SPDX-License-Identifier: Apache-2.0 */
/* A second look at a picture for which nothing was found: what it may have been before it was cut, turned, framed, set
 * into another or collaged. Some hundred windows are laid over it, and each is hashed as PDQ hashes a picture. A window
 * that reaches over an edge sees the picture mirrored there: what was cut away is mostly like what it bordered on.
 *
 * Freestanding like pdq.h, single float operations in a fixed order: every machine makes the same hashes. */
#ifndef NOLI_LOOKS_H
#define NOLI_LOOKS_H

#include <stddef.h>
#include <stdint.h>

enum {
    NOLI_LOOKS_SIDE = 128, /* of the square that the picture is shrunk to, whatever its shape */
    NOLI_LOOKS_BYTES = 32, /* of a hash */
    NOLI_LOOKS_MOST = 768
};

/* Bytes of scratch, aligned for float, that noli_looks needs. */
size_t noli_looks_scratch_bytes(void);

/* Hash the windows of a picture; `width` and `height` are its own, above 0. Returns how many there are: none of those
 * that show hardly anything. */
size_t noli_looks(const uint8_t grey[NOLI_LOOKS_SIDE * NOLI_LOOKS_SIDE], float width, float height, void *scratch,
                  uint8_t hashes[NOLI_LOOKS_MOST][NOLI_LOOKS_BYTES]);

#endif
