/* SPDX-License-Identifier: Apache-2.0 */
/* Constants of libjpeg's jidctred.c, for both versions of the transforms. See jpeg_transform.c. */
#ifndef NOLI_JPEG_CONSTANTS_H
#define NOLI_JPEG_CONSTANTS_H

enum { FRACTION = 13, EXTRA = 2 }; /* CONST_BITS and PASS1_BITS there */

/* Constants times 2^FRACTION, by the names they have there. */
enum {
    F_0_211 = 1730,
    F_0_509 = 4176,
    F_0_601 = 4926,
    F_0_720 = 5906,
    F_0_765 = 6270,
    F_0_850 = 6967,
    F_0_899 = 7373,
    F_1_061 = 8697,
    F_1_272 = 10426,
    F_1_451 = 11893,
    F_1_847 = 15137,
    F_2_172 = 17799,
    F_2_562 = 20995,
    F_3_624 = 29692
};

#endif
