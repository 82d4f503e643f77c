/* SPDX-License-Identifier: Apache-2.0 */
/* From the 64x64 grid to quality and hashes. The order of float operations is that of Meta's code and must stay; see
 * pdq.c. */
#include "pdq_parts.h"

enum {
    GRID = NOLI_PDQ_GRID,
    COEFS = 16,   /* frequencies kept each way */
    QUARTER = 64, /* steps of COSINE in a quarter turn */
    FULL_QUALITY = 100,
    QUALITY_SCALE = 90
};

/* sqrt(2/64) * cos(k * pi / 128), rounded as Meta's table is. */
static const float COSINE[QUARTER + 1] = {
    0.176776692F,   0.17672345F,   0.176563755F,  0.176297709F,  0.175925463F,  0.175447255F,  0.174863353F,
    0.17417413F,    0.173379973F,  0.172481388F,  0.171478912F,  0.170373142F,  0.169164747F,  0.167854458F,
    0.16644305F,    0.164931387F,  0.163320363F,  0.161610976F,  0.15980424F,   0.157901242F,  0.155903131F,
    0.153811097F,   0.151626423F,  0.14935042F,   0.146984443F,  0.144529939F,  0.141988367F,  0.139361277F,
    0.136650234F,   0.133856878F,  0.130982891F,  0.128030002F,  0.125F,        0.121894695F,  0.118715972F,
    0.115465738F,   0.112145945F,  0.108758606F,  0.105305754F,  0.101789467F,  0.0982118696F, 0.0945751071F,
    0.0908813849F,  0.0871329084F, 0.0833319575F, 0.0794808045F, 0.0755817741F, 0.0716372207F, 0.0676495135F,
    0.0636210516F,  0.0595542751F, 0.0554516204F, 0.0513155647F, 0.0471486002F, 0.0429532342F, 0.0387319922F,
    0.0344874226F,  0.0302220769F, 0.0259385277F, 0.0216393545F, 0.0173271466F, 0.0130045004F, 0.00867402088F,
    0.00433831709F, 0.0F,
};

static int step(float u, float v) {
    const int d = (int)((u - v) * 100 / 255);
    return d < 0 ? -d : d;
}

static int quality_of(float grid[GRID][GRID]) {
    int sum = 0;
    for (int i = 0; i < GRID; i++) {
        for (int j = 0; j < GRID; j++) {
            sum += i + 1 < GRID ? step(grid[i][j], grid[i + 1][j]) : 0;
            sum += j + 1 < GRID ? step(grid[i][j], grid[i][j + 1]) : 0;
        }
    }
    return sum / QUALITY_SCALE < FULL_QUALITY ? sum / QUALITY_SCALE : FULL_QUALITY;
}

static float basis(int frequency, int position) {
    const int turn = (frequency + 1) * (2 * position + 1) % (4 * QUARTER);
    const int half = turn > 2 * QUARTER ? 4 * QUARTER - turn : turn;
    return half <= QUARTER ? COSINE[half] : -COSINE[2 * QUARTER - half];
}

static void transform(float grid[GRID][GRID], float out[COEFS][COEFS]) {
    float rows[COEFS][GRID] = {{0}};
    float across[GRID][COEFS];
    for (int i = 0; i < COEFS; i++) {
        for (int k = 0; k < GRID; k++) {
            const float weight = basis(i, k);
            across[k][i] = weight;
            for (int j = 0; j < GRID; j++) {
                rows[i][j] += weight * grid[k][j];
            }
        }
    }
    for (int i = 0; i < COEFS; i++) {
        for (int j = 0; j < COEFS; j++) {
            out[i][j] = 0.0F;
        }
        for (int k = 0; k < GRID; k++) {
            for (int j = 0; j < COEFS; j++) {
                out[i][j] += rows[i][k] * across[k][j];
            }
        }
    }
}

/* A float as a whole number of the same order. */
static int32_t key_of(float value) {
    const union {
        float value;
        int32_t bits;
    } both = {.value = value};
    return both.bits < 0 ? both.bits ^ INT32_MAX : both.bits;
}

/* Key of the lower median: the lowest that half of the values do not exceed. Found bit by bit, counting the values
 * below each guess; the counts are branchless, so this takes a hundredth of the time of sorting. */
static int32_t median_of(const int32_t *keys) {
    uint32_t median = 0; /* counted from INT32_MIN */
    for (uint32_t bit = (uint32_t)1 << 31; bit > 0; bit >>= 1) {
        const int32_t guess = (int32_t)((median | bit) ^ (uint32_t)1 << 31);
        int32_t below = 0;
        for (int k = 0; k < COEFS * COEFS; k++) {
            below += keys[k] < guess;
        }
        median |= below < COEFS * COEFS / 2 ? bit : 0;
    }
    return (int32_t)(median ^ (uint32_t)1 << 31);
}

void noli_pdq_bits(const float *coefs, uint8_t *hash) {
    int32_t keys[COEFS * COEFS];
    for (int k = 0; k < COEFS * COEFS; k++) {
        keys[k] = key_of(coefs[k] + 0.0F); /* of the two zeros, which are equal, always the same */
    }
    const int32_t median = median_of(keys);
    for (int k = 0; k < COEFS * COEFS; k++) {
        const int at = NOLI_PDQ_BYTES - 1 - k / 8;
        hash[at] = (uint8_t)(hash[at] | (keys[k] > median) << k % 8);
    }
}

/* How each variant follows from the original's coefficients: whether rows, columns are mirrored, then transposed. */
static const struct {
    int flip_rows, flip_columns, transpose;
} TURNS[NOLI_PDQ_VARIANTS] = {{0, 0, 0}, {0, 1, 1}, {1, 1, 0}, {1, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}};

void noli_pdq_hashes(float grid[NOLI_PDQ_GRID][NOLI_PDQ_GRID], noli_pdq_result *result) {
    float coefs[COEFS][COEFS], turned[COEFS][COEFS];
    result->quality = quality_of(grid);
    transform(grid, coefs);
    for (int v = 0; v < NOLI_PDQ_VARIANTS; v++) {
        for (int i = 0; i < COEFS; i++) {
            for (int j = 0; j < COEFS; j++) {
                /* Mirroring negates the odd frequencies, which have even numbers here. */
                const int negate = (TURNS[v].flip_rows && i % 2 == 0) ^ (TURNS[v].flip_columns && j % 2 == 0);
                *(TURNS[v].transpose ? &turned[j][i] : &turned[i][j]) = negate ? -coefs[i][j] : coefs[i][j];
            }
        }
        noli_pdq_bits(&turned[0][0], result->hashes[v]);
    }
}

void noli_pdq_clear(noli_pdq_result *result) {
    result->quality = 0;
    for (int v = 0; v < NOLI_PDQ_VARIANTS; v++) {
        for (int i = 0; i < NOLI_PDQ_BYTES; i++) {
            result->hashes[v][i] = 0;
        }
    }
}
