/* SPDX-License-Identifier: Apache-2.0 */
/* The module `noli.hashing._native`: its constants, and the parts that add themselves to it.
 * It computes nothing; arguments are checked in the other python_*.c. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>

#include "hamming.h"

int noli_add_pdq(PyObject *module);
int noli_add_crops(PyObject *module);
int noli_add_jpeg(PyObject *module);
int noli_add_index(PyObject *module);
int noli_add_regions(PyObject *module);
int noli_add_looks(PyObject *module);

/* Environment variable that demands one code path. */
#define DEMAND "NOLI_KERNEL"

static PyObject *available_names(void) {
    const char *names[NOLI_KERNELS];
    const size_t count = noli_kernels_available(names);
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; tuple != NULL && i < count; i++) {
        PyObject *name = PyUnicode_FromString(names[i]);
        if (name == NULL || PyTuple_SetItem(tuple, (Py_ssize_t)i, name) < 0) {
            Py_CLEAR(tuple);
        }
    }
    return tuple;
}

static int refuse(const char *demand) {
    PyObject *errors = PyImport_ImportModule("noli.base.errors");
    PyObject *type = errors == NULL ? NULL : PyObject_GetAttrString(errors, "KernelUnavailable");
    Py_XDECREF(errors);
    if (type != NULL) {
        PyErr_Format(type, "%s=%s demands a code path that this build or CPU does not have.", DEMAND, demand);
        Py_DECREF(type);
    }
    return -1;
}

static int add_constants(PyObject *module) {
    const char *demand = getenv(DEMAND);
    if (demand != NULL && *demand == '\0') {
        demand = NULL;
    }
    if (noli_kernel_choose(demand) != 0) {
        return refuse(demand);
    }
    noli_hamming_prepare();
    if (PyModule_AddStringConstant(module, "KERNEL", noli_kernel_name()) < 0) {
        return -1;
    }
    PyObject *names = available_names();
    const int status = names == NULL ? -1 : PyModule_AddObjectRef(module, "AVAILABLE", names);
    Py_XDECREF(names);
    return status;
}

static int execute(PyObject *module) {
    if (add_constants(module) < 0 || noli_add_pdq(module) < 0 || noli_add_crops(module) < 0 ||
        noli_add_jpeg(module) < 0 || noli_add_regions(module) < 0 || noli_add_looks(module) < 0) {
        return -1;
    }
    return noli_add_index(module);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "noli.hashing._native",
    .m_doc = "Compiled kernel: PDQ hashing and exact Hamming range search.",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__native(void) {
    return PyModuleDef_Init(&definition);
}
