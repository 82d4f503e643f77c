/* SPDX-License-Identifier: Apache-2.0 */
/* Python's way to pdq.h: checks arguments, lends memory, releases the GIL. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "pdq.h"

int noli_add_pdq(PyObject *module);

static int side_is_bad(Py_ssize_t side, const char *name) {
    if (side >= 1 && (size_t)side <= NOLI_PDQ_MAX_SIDE) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "%s must lie between 1 and %zu, not %zd.", name, NOLI_PDQ_MAX_SIDE, side);
    return 1;
}

static int size_is_bad(const Py_buffer *pixels, Py_ssize_t height, Py_ssize_t width, Py_ssize_t channels) {
    if (pixels->len == height * width * channels) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "%zd x %zd pixels of %zd channels are %zd bytes, but %zd were given.", height, width,
                 channels, height * width * channels, pixels->len);
    return 1;
}

static PyObject *answer(const noli_pdq_result *result) {
    return Py_BuildValue("(y#i)", (const char *)result->hashes, (Py_ssize_t)sizeof result->hashes, result->quality);
}

static PyObject *hash_pixels(const Py_buffer *pixels, size_t height, size_t width, size_t channels, int nearest_512) {
    noli_pdq_result result;
    void *scratch = PyMem_Malloc(noli_pdq_scratch_bytes(height, width));
    if (scratch == NULL) {
        return PyErr_NoMemory();
    }
    Py_BEGIN_ALLOW_THREADS noli_pdq(pixels->buf, height, width, channels, nearest_512, scratch, &result);
    Py_END_ALLOW_THREADS PyMem_Free(scratch);
    return answer(&result);
}

static PyObject *pdq(PyObject *module, PyObject *args) {
    Py_buffer pixels;
    Py_ssize_t height, width, channels;
    int nearest_512 = 0;
    PyObject *found = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*nnn|p:pdq", &pixels, &height, &width, &channels, &nearest_512)) {
        return NULL;
    }
    if (channels != 1 && channels != 3) {
        PyErr_Format(PyExc_ValueError, "channels must be 1 (grey) or 3 (RGB), not %zd.", channels);
    } else if (!side_is_bad(height, "height") && !side_is_bad(width, "width") &&
               !size_is_bad(&pixels, height, width, channels)) {
        found = hash_pixels(&pixels, (size_t)height, (size_t)width, (size_t)channels, nearest_512);
    }
    PyBuffer_Release(&pixels);
    return found;
}

static PyObject *hash_plane(const Py_buffer *plane, size_t height, size_t width, size_t original_height,
                            size_t original_width) {
    noli_pdq_result result;
    const size_t denominator = noli_pdq_denominator(height, width, original_height, original_width);
    if (denominator == 0) {
        return PyErr_Format(PyExc_ValueError, "A plane of %zu x %zu is not 1/1, 1/2, 1/4 or 1/8 of %zu x %zu.", height,
                            width, original_height, original_width);
    }
    void *scratch = PyMem_Malloc(noli_pdq_folded_scratch_bytes(height, width));
    if (scratch == NULL) {
        return PyErr_NoMemory();
    }
    Py_BEGIN_ALLOW_THREADS noli_pdq_folded(plane->buf, height, width, original_height, original_width, denominator,
                                           scratch, &result);
    Py_END_ALLOW_THREADS PyMem_Free(scratch);
    return answer(&result);
}

static PyObject *pdq_folded(PyObject *module, PyObject *args) {
    Py_buffer plane;
    Py_ssize_t height, width, original_height, original_width;
    PyObject *found = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*nnnn:pdq_folded", &plane, &height, &width, &original_height, &original_width)) {
        return NULL;
    }
    if (!side_is_bad(height, "height") && !side_is_bad(width, "width") &&
        !side_is_bad(original_height, "original_height") && !side_is_bad(original_width, "original_width") &&
        !size_is_bad(&plane, height, width, 1)) {
        found = hash_plane(&plane, (size_t)height, (size_t)width, (size_t)original_height, (size_t)original_width);
    }
    PyBuffer_Release(&plane);
    return found;
}

static PyMethodDef functions[] = {
    {"pdq", pdq, METH_VARARGS, "Hash pixels: (8 x 32 bytes in the order of DIHEDRAL, quality)."},
    {"pdq_folded", pdq_folded, METH_VARARGS, "Hash a grey plane decoded at 1/1, 1/2, 1/4 or 1/8 of the picture."},
    {NULL, NULL, 0, NULL},
};

int noli_add_pdq(PyObject *module) {
    return PyModule_AddFunctions(module, functions);
}
