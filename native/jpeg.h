/* SPDX-License-Identifier: Apache-2.0 */
/* Brightness of an ordinary JPEG, scaled down while it is decoded.
 *
 * Most of the time that a JPEG takes goes into reading its Huffman codes. libjpeg puts every coefficient of every
 * colour in its place; this reader skips what it does not need and takes up to two codes with their numbers in one
 * step: 1.4 times as fast at 1/2, 1.8 times at 1/8.
 *
 * It reads only what nearly every camera, phone and website writes: baseline or extended sequential, Huffman codes,
 * 8 bits, grey or YCbCr with the colours in one scan, complete and undamaged (ITU-T T.81). For everything else, and at
 * the first sign of damage, it says so and libjpeg decides what becomes of the file. What it does read equals
 * libjpeg-turbo's plane byte for byte, so a hash does not tell which of the two was at work.
 *
 * C11 as the kernel is: no heap, no library but for memcpy, the caller owns the memory. It belongs to the decoding
 * child: the server never loads it. */
#ifndef NOLI_JPEG_H
#define NOLI_JPEG_H

#include <stddef.h>
#include <stdint.h>

/* What one file says about itself, and tables made from that; some 140 kB. */
struct noli_jpeg;

/* Bytes to lend for a struct noli_jpeg, aligned for uint64_t. */
size_t noli_jpeg_bytes(void);

/* Read everything before the picture's data. `data` must outlive `jpeg`. 0: a file for libjpeg. */
int noli_jpeg_open(struct noli_jpeg *jpeg, const uint8_t *data, size_t length);

size_t noli_jpeg_height(const struct noli_jpeg *jpeg);
size_t noli_jpeg_width(const struct noli_jpeg *jpeg);

/* Decode into a plane of ceil(height / denominator) rows of ceil(width / denominator) bytes; the denominator is 2, 4
 * or 8. `portable` does without vectors, for tests. 0: a file for libjpeg; the plane then means nothing. */
int noli_jpeg_brightness(const struct noli_jpeg *jpeg, size_t denominator, int portable, uint8_t *plane);

#endif
