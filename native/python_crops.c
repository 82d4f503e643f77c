/* SPDX-License-Identifier: Apache-2.0 */
/* Python's way to pdq_crops.h: checks arguments, lends memory, releases the GIL. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "pdq_crops.h"

int noli_add_crops(PyObject *module);

static int sides_are_bad(Py_ssize_t height, Py_ssize_t width) {
    if (height >= 1 && width >= 1 && (size_t)height <= NOLI_PDQ_MAX_SIDE && (size_t)width <= NOLI_PDQ_MAX_SIDE) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "height and width must lie between 1 and %zu, not %zd and %zd.", NOLI_PDQ_MAX_SIDE,
                 height, width);
    return 1;
}

static int length_is_bad(const Py_buffer *given, Py_ssize_t wanted) {
    if (given->len == wanted) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "These sides make %zd bytes, but %zd were given.", wanted, given->len);
    return 1;
}

static PyObject *shrink(const Py_buffer *pixels, size_t height, size_t width, size_t channels) {
    const size_t denominator = noli_pdq_shrink_denominator(height, width);
    const size_t down = (height + denominator - 1) / denominator, along = (width + denominator - 1) / denominator;
    PyObject *plane = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(down * along));
    if (plane == NULL) {
        return NULL;
    }
    uint8_t *out = (uint8_t *)PyBytes_AsString(plane);
    Py_BEGIN_ALLOW_THREADS noli_pdq_shrink(pixels->buf, height, width, channels, denominator, out);
    Py_END_ALLOW_THREADS return Py_BuildValue("(Nnn)", plane, (Py_ssize_t)down, (Py_ssize_t)along);
}

static PyObject *pdq_shrink(PyObject *module, PyObject *args) {
    Py_buffer pixels;
    Py_ssize_t height, width, channels;
    PyObject *found = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*nnn:pdq_shrink", &pixels, &height, &width, &channels)) {
        return NULL;
    }
    if (channels != 1 && channels != 3) {
        PyErr_Format(PyExc_ValueError, "channels must be 1 (grey) or 3 (RGB), not %zd.", channels);
    } else if (!sides_are_bad(height, width) && !length_is_bad(&pixels, height * width * channels)) {
        found = shrink(&pixels, (size_t)height, (size_t)width, (size_t)channels);
    }
    PyBuffer_Release(&pixels);
    return found;
}

typedef struct {
    Py_ssize_t height, width, original_height, original_width;
    Py_ssize_t left, top, right, bottom;
} crop_request;

static PyObject *crop(const Py_buffer *plane, const crop_request *r) {
    const noli_pdq_rectangle part = {(size_t)r->left, (size_t)r->top, (size_t)r->right, (size_t)r->bottom};
    const size_t denominator = noli_pdq_denominator((size_t)r->height, (size_t)r->width, (size_t)r->original_height,
                                                    (size_t)r->original_width);
    noli_pdq_result result;
    if (denominator == 0) {
        return PyErr_Format(PyExc_ValueError, "A plane of %zd x %zd is not 1/1, 1/2, 1/4 or 1/8 of %zd x %zd.",
                            r->height, r->width, r->original_height, r->original_width);
    }
    void *scratch = PyMem_Malloc(noli_pdq_crop_scratch_bytes((size_t)r->height, (size_t)r->width));
    if (scratch == NULL) {
        return PyErr_NoMemory();
    }
    Py_BEGIN_ALLOW_THREADS noli_pdq_crop(plane->buf, (size_t)r->original_height, (size_t)r->original_width, denominator,
                                         &part, scratch, &result);
    Py_END_ALLOW_THREADS PyMem_Free(scratch);
    return Py_BuildValue("(y#i)", (const char *)result.hashes, (Py_ssize_t)sizeof result.hashes, result.quality);
}

static int rectangle_is_bad(const crop_request *r) {
    if (r->left >= 0 && r->top >= 0 && r->left < r->right && r->top < r->bottom && r->right <= r->original_width &&
        r->bottom <= r->original_height) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "The rectangle (%zd, %zd, %zd, %zd) is empty or lies outside %zd x %zd pixels.",
                 r->left, r->top, r->right, r->bottom, r->original_width, r->original_height);
    return 1;
}

static PyObject *pdq_crop(PyObject *module, PyObject *args) {
    Py_buffer plane;
    crop_request r;
    PyObject *found = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*nnnn(nnnn):pdq_crop", &plane, &r.height, &r.width, &r.original_height,
                          &r.original_width, &r.left, &r.top, &r.right, &r.bottom)) {
        return NULL;
    }
    if (!sides_are_bad(r.height, r.width) && !sides_are_bad(r.original_height, r.original_width) &&
        !length_is_bad(&plane, r.height * r.width) && !rectangle_is_bad(&r)) {
        found = crop(&plane, &r);
    }
    PyBuffer_Release(&plane);
    return found;
}

static PyMethodDef functions[] = {
    {"pdq_shrink", pdq_shrink, METH_VARARGS, "Shrink pixels to a grey plane for pdq_crop: (plane, height, width)."},
    {"pdq_crop", pdq_crop, METH_VARARGS, "Hash a rectangle (left, top, right, bottom) of a shrunk picture."},
    {NULL, NULL, 0, NULL},
};

int noli_add_crops(PyObject *module) {
    return PyModule_AddFunctions(module, functions);
}
