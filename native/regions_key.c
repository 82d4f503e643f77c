/* SPDX-License-Identifier: Apache-2.0 */
/* From a region's frequencies, through a secret, to a hash; see regions.h.
 *
 * Three rounds of the Hadamard transform, before each of which the numbers change places and signs as the secret says:
 * a random rotation for all that is known (Yu and others, "Orthogonal Random Features", 2016), in additions only. What
 * is a whole number of at most seven bits stays within 31 after three rounds of 256 sums. */
#include "regions.h"

enum { COEFS = NOLI_REGION_COEFS, LOW = 16, ROUND = COEFS + COEFS / 8 };

/* Fisher and Yates's shuffle, from a byte a step: uneven by at most a part in 256, which hides nothing less. */
static void order_of(const uint8_t *bytes, uint8_t order[COEFS]) {
    for (int i = 0; i < COEFS; i++) {
        order[i] = (uint8_t)i;
    }
    for (int i = COEFS - 1; i > 0; i--) {
        const int other = bytes[i] * (i + 1) / COEFS;
        const uint8_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

static void scramble(const int32_t *in, const uint8_t order[COEFS], const uint8_t *signs, int32_t *out) {
    for (int i = 0; i < COEFS; i++) {
        const int32_t value = in[order[i]];
        out[i] = signs[i / 8] >> i % 8 & 1 ? -value : value;
    }
    for (int span = 1; span < COEFS; span *= 2) {
        for (int start = 0; start < COEFS; start += 2 * span) {
            for (int i = start; i < start + span; i++) {
                const int32_t one = out[i], other = out[i + span];
                out[i] = one + other;
                out[i + span] = one - other;
            }
        }
    }
}

static void hash_of(const int8_t *coefs, const uint8_t *secret, uint8_t orders[NOLI_REGION_ROUNDS][COEFS], int mirrored,
                    uint8_t *hash) {
    int32_t values[2][COEFS];
    for (int i = 0; i < COEFS; i++) {
        /* A region lies along its direction; mirrored, what is left of it is right. That turns the sign of the odd
         * frequencies across, which have even numbers here. */
        const int turned = mirrored && i / LOW % 2 == 0;
        values[0][i] = turned ? -coefs[i] : coefs[i];
    }
    for (int round = 0; round < NOLI_REGION_ROUNDS; round++) {
        scramble(values[round % 2], orders[round], secret + round * ROUND + COEFS, values[1 - round % 2]);
    }
    const int32_t *last = values[NOLI_REGION_ROUNDS % 2];
    for (int i = 0; i < NOLI_REGION_BYTES; i++) {
        hash[i] = 0;
    }
    for (int i = 0; i < COEFS; i++) {
        hash[i / 8] = (uint8_t)(hash[i / 8] | (last[i] > 0) << (7 - i % 8));
    }
}

void noli_region_keys(const int8_t *coefs, size_t count, const uint8_t *secret, int mirrored, uint8_t *hashes) {
    uint8_t orders[NOLI_REGION_ROUNDS][COEFS];
    for (int round = 0; round < NOLI_REGION_ROUNDS; round++) {
        order_of(secret + round * ROUND, orders[round]);
    }
    for (size_t i = 0; i < count; i++) {
        hash_of(coefs + i * COEFS, secret, orders, mirrored, hashes + i * NOLI_REGION_BYTES);
    }
}
