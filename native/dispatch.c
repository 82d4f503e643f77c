/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that asks the CPU what it can do. */
#include <stddef.h>
#include <string.h>

#include "hamming.h"
#include "scan.h"

static enum noli_kernel chosen = NOLI_PORTABLE;

static const char *const NAMES[NOLI_KERNELS] = {"portable", "neon", "avx2", "avx512"};

static int runs(enum noli_kernel kernel) {
    switch (kernel) {
    case NOLI_PORTABLE:
        return 1;
    case NOLI_NEON:
#if defined(__aarch64__)
        return 1; /* part of the base instruction set */
#else
        return 0;
#endif
    case NOLI_AVX2:
#if defined(__x86_64__)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
#else
        return 0;
#endif
    case NOLI_AVX512:
#if defined(__x86_64__)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vpopcntdq") &&
               __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("popcnt");
#else
        return 0;
#endif
    }
    return 0;
}

int noli_kernel_choose(const char *demand) {
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
    for (int kernel = NOLI_KERNELS - 1; kernel >= 0; kernel--) {
        if (runs((enum noli_kernel)kernel) && (demand == NULL || strcmp(demand, NAMES[kernel]) == 0)) {
            chosen = (enum noli_kernel)kernel;
            return 0;
        }
    }
    return -1;
}

enum noli_kernel noli_kernel_chosen(void) {
    return chosen;
}

const char *noli_kernel_name(void) {
    return NAMES[chosen];
}

size_t noli_kernels_available(const char *names[NOLI_KERNELS]) {
    size_t count = 0;
    for (int kernel = NOLI_KERNELS - 1; kernel >= 0; kernel--) {
        if (runs((enum noli_kernel)kernel)) {
            names[count++] = NAMES[kernel];
        }
    }
    return count;
}

const struct noli_scans *noli_scans_chosen(void) {
#if defined(__x86_64__)
    switch (chosen) {
    case NOLI_AVX512:
        return &noli_scans_avx512;
    case NOLI_AVX2:
        return &noli_scans_avx2;
    default:
        break;
    }
#endif
    return &noli_scans_portable;
}
