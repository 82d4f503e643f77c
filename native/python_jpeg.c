/* SPDX-License-Identifier: Apache-2.0 */
/* Python's way to jpeg.h: checks arguments, lends memory, releases the GIL. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "jpeg.h"

int noli_add_jpeg(PyObject *module);

enum { ORIENTATIONS = 8 };

/* Hash an opened file, with scratch of its own. */
static PyObject *hash_opened(noli_jpeg *jpeg, int orientation) {
    noli_pdq_result result;
    int refused;
    void *scratch = PyMem_Malloc(noli_jpeg_pdq_scratch_bytes(jpeg));
    if (scratch == NULL) {
        return PyErr_NoMemory();
    }
    Py_BEGIN_ALLOW_THREADS refused = noli_jpeg_pdq(jpeg, orientation, scratch, &result);
    Py_END_ALLOW_THREADS PyMem_Free(scratch);
    if (refused) {
        return Py_NewRef(Py_None);
    }
    return Py_BuildValue("(y#i)", (const char *)result.hashes, (Py_ssize_t)sizeof result.hashes, result.quality);
}

static PyObject *hash_file(const Py_buffer *file, int orientation) {
    PyObject *found;
    noli_jpeg *jpeg = PyMem_Malloc(sizeof *jpeg);
    if (jpeg == NULL) {
        return PyErr_NoMemory();
    }
    if (noli_jpeg_open(jpeg, file->buf, (size_t)file->len)) {
        found = Py_NewRef(Py_None);
    } else {
        found = hash_opened(jpeg, orientation);
    }
    PyMem_Free(jpeg);
    return found;
}

static PyObject *jpeg_pdq(PyObject *module, PyObject *args) {
    Py_buffer file;
    int orientation;
    PyObject *found;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*i:jpeg_pdq", &file, &orientation)) {
        return NULL;
    }
    if (orientation >= 1 && orientation <= ORIENTATIONS) {
        found = hash_file(&file, orientation);
    } else {
        found = PyErr_Format(PyExc_ValueError, "An orientation is one of 1 to %d, not %d.", ORIENTATIONS, orientation);
    }
    PyBuffer_Release(&file);
    return found;
}

static PyMethodDef functions[] = {
    {"jpeg_pdq", jpeg_pdq, METH_VARARGS, "Hash a plain JPEG as its EXIF orientation shows it; None for other files."},
    {NULL, NULL, 0, NULL},
};

int noli_add_jpeg(PyObject *module) {
    return PyModule_AddFunctions(module, functions);
}
