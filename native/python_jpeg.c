/* SPDX-License-Identifier: Apache-2.0 */
/* Module noli.adapters.decode._jpeg: Python's way to jpeg.h. Not part of the kernel, because only the confined child
 * may load what parses files. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "jpeg.h"

static PyObject *decode(const struct noli_jpeg *jpeg, size_t denominator, int portable) {
    const size_t height = (noli_jpeg_height(jpeg) + denominator - 1) / denominator;
    const size_t width = (noli_jpeg_width(jpeg) + denominator - 1) / denominator;
    PyObject *plane = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(height * width));
    if (plane == NULL) {
        return NULL;
    }
    uint8_t *bytes = (uint8_t *)PyBytes_AsString(plane);
    int whole;
    Py_BEGIN_ALLOW_THREADS whole = noli_jpeg_brightness(jpeg, denominator, portable, bytes);
    Py_END_ALLOW_THREADS if (!whole) {
        Py_DECREF(plane);
        Py_RETURN_NONE;
    }
    return plane;
}

static PyObject *brightness(PyObject *module, PyObject *args) {
    Py_buffer file;
    Py_ssize_t height, width, denominator;
    int portable = 0;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*nnn|p:brightness", &file, &height, &width, &denominator, &portable)) {
        return NULL;
    }
    PyObject *plane = NULL;
    struct noli_jpeg *jpeg = PyMem_Malloc(noli_jpeg_bytes());
    if (jpeg == NULL) {
        PyErr_NoMemory();
    } else if (denominator != 2 && denominator != 4 && denominator != 8) {
        PyErr_Format(PyExc_ValueError, "denominator must be 2, 4 or 8, not %zd.", denominator);
    } else if (!noli_jpeg_open(jpeg, file.buf, (size_t)file.len) || noli_jpeg_height(jpeg) != (size_t)height ||
               noli_jpeg_width(jpeg) != (size_t)width) {
        plane = Py_NewRef(Py_None);
    } else {
        plane = decode(jpeg, (size_t)denominator, portable);
    }
    PyMem_Free(jpeg);
    PyBuffer_Release(&file);
    return plane;
}

static PyMethodDef functions[] = {
    {"brightness", brightness, METH_VARARGS, "The brightness plane of an ordinary JPEG at 1/2, 1/4 or 1/8, or None."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "_jpeg", .m_size = 0, .m_methods = functions};

__attribute__((visibility("default"))) PyObject *PyInit__jpeg(void);

PyObject *PyInit__jpeg(void) {
    return PyModuleDef_Init(&definition);
}
