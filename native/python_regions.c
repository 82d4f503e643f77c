/* SPDX-License-Identifier: Apache-2.0 */
/* Python's way to regions.h: checks arguments, lends memory, releases the GIL. Places are four native 16-bit numbers
 * each (x, y, side, turn), pairs three (query, banked, mirrored). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "pdq.h"
#include "regions.h"

int noli_add_regions(PyObject *module);

static PyObject *regions_found(const noli_region *found, size_t count) {
    PyObject *places = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * sizeof(noli_region_place)));
    PyObject *coefs = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * NOLI_REGION_COEFS));
    if (places == NULL || coefs == NULL) {
        Py_XDECREF(places);
        Py_XDECREF(coefs);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(PyBytes_AsString(places) + i * sizeof found[i].place, &found[i].place, sizeof found[i].place);
        memcpy(PyBytes_AsString(coefs) + i * NOLI_REGION_COEFS, found[i].coefs, NOLI_REGION_COEFS);
    }
    return Py_BuildValue("(NN)", places, coefs);
}

static PyObject *find(const Py_buffer *plane, size_t height, size_t width, size_t most) {
    PyObject *answer = NULL;
    noli_region *found = PyMem_Calloc(NOLI_REGION_MOST, sizeof *found);
    void *scratch = PyMem_Malloc(noli_regions_scratch_bytes(height, width));
    if (found == NULL || scratch == NULL) {
        PyErr_NoMemory();
    } else {
        size_t count;
        Py_BEGIN_ALLOW_THREADS count = noli_regions(plane->buf, height, width, most, scratch, found);
        Py_END_ALLOW_THREADS answer = regions_found(found, count);
    }
    PyMem_Free(scratch);
    PyMem_Free(found);
    return answer;
}

static PyObject *regions(PyObject *module, PyObject *args) {
    Py_buffer plane;
    Py_ssize_t height, width, most;
    PyObject *answer = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*nnn:regions", &plane, &height, &width, &most)) {
        return NULL;
    }
    if (height < 1 || width < 1 || (size_t)height > NOLI_PDQ_MAX_SIDE || (size_t)width > NOLI_PDQ_MAX_SIDE ||
        plane.len != height * width) {
        PyErr_Format(PyExc_ValueError, "%zd bytes are not a plane of %zd x %zd.", plane.len, height, width);
    } else if (most < 0 || most > NOLI_REGION_MOST) {
        PyErr_Format(PyExc_ValueError, "most must lie between 0 and %d, not %zd.", NOLI_REGION_MOST, most);
    } else {
        answer = find(&plane, (size_t)height, (size_t)width, (size_t)most);
    }
    PyBuffer_Release(&plane);
    return answer;
}

static PyObject *hash_all(const Py_buffer *coefs, const Py_buffer *secret, int mirrored) {
    const Py_ssize_t count = coefs->len / NOLI_REGION_COEFS;
    PyObject *hashes = PyBytes_FromStringAndSize(NULL, count * NOLI_REGION_BYTES);
    if (hashes != NULL) {
        noli_region_keys(coefs->buf, (size_t)count, secret->buf, mirrored, (uint8_t *)PyBytes_AsString(hashes));
    }
    return hashes;
}

static PyObject *region_hashes(PyObject *module, PyObject *args) {
    Py_buffer coefs, secret;
    int mirrored;
    PyObject *hashes = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*p:region_hashes", &coefs, &secret, &mirrored)) {
        return NULL;
    }
    if (coefs.len % NOLI_REGION_COEFS != 0) {
        PyErr_Format(PyExc_ValueError, "%zd bytes are not regions of %d each.", coefs.len, NOLI_REGION_COEFS);
    } else if (secret.len != NOLI_REGION_SECRET) {
        PyErr_Format(PyExc_ValueError, "A secret has %d bytes, not %zd.", NOLI_REGION_SECRET, secret.len);
    } else {
        hashes = hash_all(&coefs, &secret, mirrored);
    }
    PyBuffer_Release(&coefs);
    PyBuffer_Release(&secret);
    return hashes;
}

typedef struct {
    Py_buffer query, banked, pairs;
    uint16_t query_size[2], banked_size[2];
} ballot;

static int places_are_bad(const Py_buffer *places) {
    const noli_region_place *place = places->buf;
    const Py_ssize_t count = places->len / (Py_ssize_t)sizeof *place;
    int bad = places->len % (Py_ssize_t)sizeof *place != 0;
    for (Py_ssize_t i = 0; !bad && i < count; i++) {
        bad = place[i].side == 0;
    }
    if (bad) {
        PyErr_SetString(PyExc_ValueError, "Places have 8 bytes each and a side that is not zero.");
    }
    return bad;
}

static int pairs_are_bad(const ballot *b) {
    const noli_region_pair *pair = b->pairs.buf;
    const Py_ssize_t count = b->pairs.len / (Py_ssize_t)sizeof *pair;
    int bad = b->pairs.len % (Py_ssize_t)sizeof *pair != 0;
    for (Py_ssize_t i = 0; !bad && i < count; i++) {
        bad = pair[i].query >= b->query.len / (Py_ssize_t)sizeof(noli_region_place) ||
              pair[i].banked >= b->banked.len / (Py_ssize_t)sizeof(noli_region_place) || pair[i].mirrored > 1;
    }
    if (bad) {
        PyErr_SetString(PyExc_ValueError, "Pairs have 6 bytes each and name regions that exist.");
    }
    return bad;
}

static noli_region_picture picture_of(const Py_buffer *places, const uint16_t size[2]) {
    return (noli_region_picture){places->buf, (size_t)places->len / sizeof(noli_region_place), size[0], size[1]};
}

static PyObject *count_votes(const ballot *b) {
    const noli_region_picture query = picture_of(&b->query, b->query_size),
                              banked = picture_of(&b->banked, b->banked_size);
    noli_region_verdict v;
    Py_BEGIN_ALLOW_THREADS noli_region_vote(&query, &banked, b->pairs.buf,
                                            (size_t)b->pairs.len / sizeof(noli_region_pair), &v);
    Py_END_ALLOW_THREADS return Py_BuildValue("(IIIN)", v.votes, v.covered, v.shown, PyBool_FromLong((long)v.mirrored));
}

static PyObject *region_vote(PyObject *module, PyObject *args) {
    ballot b;
    PyObject *answer = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*(HH)y*(HH)y*:region_vote", &b.query, &b.query_size[0], &b.query_size[1], &b.banked,
                          &b.banked_size[0], &b.banked_size[1], &b.pairs)) {
        return NULL;
    }
    if (!places_are_bad(&b.query) && !places_are_bad(&b.banked) && !pairs_are_bad(&b)) {
        answer = count_votes(&b);
    }
    PyBuffer_Release(&b.query);
    PyBuffer_Release(&b.banked);
    PyBuffer_Release(&b.pairs);
    return answer;
}

static PyMethodDef functions[] = {
    {"regions", regions, METH_VARARGS, "Find regions of a grey plane, the clearest first: (places, frequencies)."},
    {"region_hashes", region_hashes, METH_VARARGS, "Hash regions under a secret: 32 bytes each."},
    {"region_vote", region_vote, METH_VARARGS,
     "Find on what similar regions agree: (votes, thousandths covered, thousandths shown, mirrored)."},
    {NULL, NULL, 0, NULL},
};

int noli_add_regions(PyObject *module) {
    return PyModule_AddFunctions(module, functions);
}
