/* SPDX-License-Identifier: Apache-2.0 */
/* Python's way to looks.h: checks arguments, lends memory, releases the GIL. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "looks.h"
#include "pdq.h"

int noli_add_looks(PyObject *module);

static PyObject *look(const Py_buffer *grey, Py_ssize_t width, Py_ssize_t height) {
    PyObject *answer = NULL;
    uint8_t (*hashes)[NOLI_LOOKS_BYTES] = PyMem_Malloc(sizeof *hashes * NOLI_LOOKS_MOST);
    void *scratch = PyMem_Malloc(noli_looks_scratch_bytes());
    if (hashes == NULL || scratch == NULL) {
        PyErr_NoMemory();
    } else {
        size_t count;
        Py_BEGIN_ALLOW_THREADS count = noli_looks(grey->buf, (float)width, (float)height, scratch, hashes);
        Py_END_ALLOW_THREADS answer =
            PyBytes_FromStringAndSize((const char *)hashes, (Py_ssize_t)(count * NOLI_LOOKS_BYTES));
    }
    PyMem_Free(scratch);
    PyMem_Free(hashes);
    return answer;
}

static PyObject *looks(PyObject *module, PyObject *args) {
    Py_buffer grey;
    Py_ssize_t width, height;
    PyObject *answer = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*nn:looks", &grey, &width, &height)) {
        return NULL;
    }
    if (grey.len != (Py_ssize_t)NOLI_LOOKS_SIDE * NOLI_LOOKS_SIDE) {
        PyErr_Format(PyExc_ValueError, "%zd bytes are not a square of %d x %d.", grey.len, NOLI_LOOKS_SIDE,
                     NOLI_LOOKS_SIDE);
    } else if (width < 1 || height < 1 || (size_t)width > NOLI_PDQ_MAX_SIDE || (size_t)height > NOLI_PDQ_MAX_SIDE) {
        PyErr_Format(PyExc_ValueError, "A picture of %zd x %zd is none.", width, height);
    } else {
        answer = look(&grey, width, height);
    }
    PyBuffer_Release(&grey);
    return answer;
}

static PyMethodDef functions[] = {
    {"looks", looks, METH_VARARGS, "Hash the windows of a second look at a picture: 32 bytes each."},
    {NULL, NULL, 0, NULL},
};

int noli_add_looks(PyObject *module) {
    return PyModule_AddFunctions(module, functions);
}
