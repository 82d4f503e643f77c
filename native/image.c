/* SPDX-License-Identifier: Apache-2.0 */
/* Images: a segment as a file holds it, so that any number of processes share one copy through the page cache.
 *
 * A header of one block, then the segment's memory exactly as it lies in a process (noli_segment_lay_out). Images are
 * a cache for the machine that wrote them: another byte order, version or filter geometry is refused, never read. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring.h"
#include "snapshot.h"

#define MAGIC 0x31676d696c696f6eu /* "noilimg1" read in the machine's own order: tells another one */
/* Room for the header; what follows lies at whole cache lines and pages. */
#define HEADER 4096
/* Bytes written in one call: below the 2 GB at which Linux cuts. */
#define PIECE ((size_t)1 << 30)

struct header {
    uint64_t magic;
    uint64_t chunks;
    uint64_t padding; /* NOLI_BLOCK */
    uint64_t ring;
    uint64_t rows;
    uint64_t unique;
    uint64_t longest;
    uint64_t sorted;
};

static int write_all(int file, const void *data, size_t bytes) {
    const char *at = data;
    while (bytes > 0) {
        const ssize_t done = write(file, at, bytes < PIECE ? bytes : PIECE);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return -2;
        }
        at += done;
        bytes -= (size_t)done;
    }
    return 0;
}

static int write_segment(const struct noli_segment *segment, int file) {
    union {
        struct header header;
        char bytes[HEADER];
    } block;
    struct noli_segment copy = *segment; /* its capacity may be larger than its rows */
    memset(&block, 0, sizeof block);
    block.header = (struct header){MAGIC,         NOLI_CHUNKS,     NOLI_BLOCK,       segment->offsets != NULL,
                                   segment->rows, segment->unique, segment->longest, (uint64_t)segment->sorted};
    const size_t bytes = noli_segment_lay_out(&copy, segment->offsets != NULL);
    int status = write_all(file, &block, sizeof block);
    if (status == 0 && segment->offsets != NULL) {
        return write_all(file, segment->memory, bytes);
    }
    status = status != 0 ? status : write_all(file, segment->hashes, segment->rows * NOLI_HASH_BYTES);
    return status != 0 ? status : write_all(file, segment->ids, segment->rows * sizeof(uint64_t));
}

/* The one segment that holds every living row and nothing else, or NULL. */
static const struct noli_segment *only(const struct snapshot *snapshot) {
    if (snapshot->count != 1 || snapshot->delta_rows > 0) {
        return NULL;
    }
    const struct shared_segment *segment = snapshot->segments[0];
    const uint64_t as_of = atomic_load_explicit(&segment->as_of, memory_order_relaxed);
    return segment->data->offsets != NULL && snapshot->last_death <= as_of ? segment->data : NULL;
}

struct snapshot *noli_index_hold(struct noli_index *index) {
    return noli_take(index);
}

void noli_index_let_go(struct snapshot *held) {
    noli_release(held);
}

int noli_index_write_held(const struct snapshot *held, int file) {
    const struct noli_segment *whole = only(held);
    struct noli_segment *made = whole == NULL ? noli_living(held) : NULL;
    const struct noli_segment *segment = whole == NULL ? made : whole;
    const int status = segment == NULL ? -1 : write_segment(segment, file);
    const int reason = errno;
    noli_segment_free(made);
    errno = reason;
    return status;
}

int noli_index_write(struct noli_index *index, int file) {
    struct snapshot *snapshot = noli_take(index);
    const int status = noli_index_write_held(snapshot, file);
    const int reason = errno;
    noli_release(snapshot);
    errno = reason;
    return status;
}

/* The segment that a header describes, without its memory; 0 where no segment of this build has it. */
static int describe(const struct header *header, struct noli_segment *segment) {
    if (header->magic != MAGIC || header->chunks != NOLI_CHUNKS || header->padding != NOLI_BLOCK || header->ring > 1 ||
        header->rows >= UINT32_MAX || header->unique > header->rows || (header->unique == 0 && header->rows > 0) ||
        (!header->ring && header->unique != header->rows)) {
        return 0;
    }
    segment->rows = header->rows;
    segment->unique = header->unique;
    segment->longest = header->longest;
    segment->sorted = (int)header->sorted;
    return 1;
}

/* Also that the file has all of the image: touching a page behind a file's end would end the process. */
static int read_header(int file, uint64_t offset, uint64_t bytes, struct header *header) {
    struct stat status;
    const ssize_t done = pread(file, header, sizeof *header, (off_t)offset);
    if (done < 0 || fstat(file, &status) != 0) {
        return -2;
    }
    const int whole = done == sizeof *header && bytes >= HEADER && offset <= (uint64_t)status.st_size &&
                      bytes <= (uint64_t)status.st_size - offset;
    return whole ? 0 : -3;
}

static int map_segment(struct noli_segment *segment, int ring, int file, uint64_t offset, uint64_t bytes) {
    if (bytes != HEADER + noli_segment_lay_out(segment, ring)) {
        return -3;
    }
#ifdef MAP_POPULATE
    const int flags = MAP_SHARED | MAP_POPULATE;
#else
    const int flags = MAP_SHARED;
#endif
    char *memory = mmap(NULL, bytes - HEADER, PROT_READ, flags, file, (off_t)(offset + HEADER));
    if (memory == MAP_FAILED) {
        return -2;
    }
    segment->memory = memory;
    segment->mapped = bytes - HEADER;
    (void)noli_segment_lay_out(segment, ring);
    return 0;
}

int noli_index_map(struct noli_index *index, int file, uint64_t offset, uint64_t bytes) {
    struct header header;
    struct noli_segment *segment = calloc(1, sizeof *segment);
    int status = segment == NULL ? -1 : read_header(file, offset, bytes, &header);
    if (status == 0 && !describe(&header, segment)) {
        status = -3;
    }
    if (status == 0 && segment->rows > 0) {
        status = map_segment(segment, (int)header.ring, file, offset, bytes);
    }
    if (status != 0 || segment->rows == 0) {
        noli_segment_free(segment);
        return status;
    }
    struct shared_segment *shared = noli_share(segment, 0);
    status = shared == NULL ? -1 : noli_add_segment(index, shared);
    if (status != 0) {
        noli_segment_release(shared);
    }
    return status;
}
