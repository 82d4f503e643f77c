/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is read at random places, and so wants huge pages. */
#ifndef NOLI_MEMORY_H
#define NOLI_MEMORY_H
#include <stddef.h>

/* Never NULL but where memory ran out, for 0 bytes too; given back with free(). */
void *noli_allocate(size_t bytes);

#endif
