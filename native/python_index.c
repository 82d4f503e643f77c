/* SPDX-License-Identifier: Apache-2.0 */
/* `noli.hashing._native.Index`: checks arguments, lets other threads run, calls index.c, raises. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>

#include "hamming.h"
#include "index.h"

int noli_add_index(PyObject *module);

/* Neighbours of a query are counted in 32 bits, and one more than asked for must fit. */
#define MOST_NEIGHBOURS 0x7fffffff

typedef struct {
    PyObject_HEAD struct noli_index *index;
} IndexObject;

typedef struct {
    PyObject_HEAD struct snapshot *rows;
} HeldObject;

/* Made once, when the module is first imported. */
static PyTypeObject *held_type;

/* Whole items of a caller's buffer, as 64-bit words. */
struct words {
    Py_buffer buffer;
    uint64_t *copy; /* where the caller's buffer does not start at a multiple of 8 bytes */
    const uint64_t *data;
    size_t items;
};

static void give_back(struct words *words) {
    free(words->copy);
    PyBuffer_Release(&words->buffer);
}

static int get_words(PyObject *object, struct words *words, size_t item_bytes, const char *name) {
    words->copy = NULL;
    if (PyObject_GetBuffer(object, &words->buffer, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    const size_t bytes = (size_t)words->buffer.len;
    if (bytes % item_bytes != 0 || bytes / item_bytes >= UINT32_MAX) {
        PyErr_Format(PyExc_ValueError, "%s must have a multiple of %zu bytes, below 2**32 of them; it has %zu bytes.",
                     name, item_bytes, bytes);
        PyBuffer_Release(&words->buffer);
        return -1;
    }
    words->items = bytes / item_bytes;
    words->data = words->buffer.buf;
    if ((uintptr_t)words->buffer.buf % sizeof(uint64_t) != 0) {
        words->copy = malloc(bytes + 1);
        if (words->copy == NULL) {
            PyBuffer_Release(&words->buffer);
            PyErr_NoMemory();
            return -1;
        }
        memcpy(words->copy, words->buffer.buf, bytes);
        words->data = words->copy;
    }
    return 0;
}

static PyObject *none_or_memory_error(int status) {
    if (status < 0) {
        return PyErr_NoMemory();
    }
    Py_RETURN_NONE;
}

static PyObject *index_append(IndexObject *self, PyObject *args) {
    PyObject *hashes_object;
    PyObject *ids_object;
    struct words hashes;
    struct words ids;
    if (!PyArg_ParseTuple(args, "OO:append", &hashes_object, &ids_object) ||
        get_words(hashes_object, &hashes, NOLI_HASH_BYTES, "hashes") < 0) {
        return NULL;
    }
    if (get_words(ids_object, &ids, sizeof(uint64_t), "ids") < 0) {
        give_back(&hashes);
        return NULL;
    }
    PyObject *result = NULL;
    if (hashes.items != ids.items) {
        PyErr_Format(PyExc_ValueError, "There must be one id for each hash; got %zu hashes and %zu ids.", hashes.items,
                     ids.items);
    } else {
        int status;
        Py_BEGIN_ALLOW_THREADS;
        status = noli_index_append(self->index, hashes.data, ids.data, ids.items);
        Py_END_ALLOW_THREADS;
        result = none_or_memory_error(status);
    }
    give_back(&ids);
    give_back(&hashes);
    return result;
}

static PyObject *index_tombstone(IndexObject *self, PyObject *object) {
    struct words ids;
    int status;
    if (get_words(object, &ids, sizeof(uint64_t), "ids") < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS;
    status = noli_index_tombstone(self->index, ids.data, ids.items);
    Py_END_ALLOW_THREADS;
    give_back(&ids);
    return none_or_memory_error(status);
}

static PyObject *index_compact(IndexObject *self, PyObject *unused) {
    int status;
    (void)unused;
    Py_BEGIN_ALLOW_THREADS;
    status = noli_index_compact(self->index);
    Py_END_ALLOW_THREADS;
    return status < 0 ? PyErr_NoMemory() : PyBool_FromLong(status);
}

static PyObject *image_result(int status) {
    if (status == -2) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    if (status == -3) {
        PyErr_SetString(PyExc_ValueError, "This is no image that this build of the kernel reads.");
        return NULL;
    }
    return none_or_memory_error(status);
}

static PyObject *index_write(IndexObject *self, PyObject *object) {
    const int file = PyObject_AsFileDescriptor(object);
    int status;
    if (file < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS;
    status = noli_index_write(self->index, file);
    Py_END_ALLOW_THREADS;
    return image_result(status);
}

static PyObject *index_hold(IndexObject *self, PyObject *unused) {
    (void)unused;
    const allocfunc allocate = (allocfunc)PyType_GetSlot(held_type, Py_tp_alloc);
    HeldObject *held = (HeldObject *)allocate(held_type, 0);
    if (held != NULL) {
        held->rows = noli_index_hold(self->index);
    }
    return (PyObject *)held;
}

static void held_dealloc(HeldObject *self) {
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    const freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    noli_index_let_go(self->rows);
    release(self);
    Py_DECREF(type);
}

static PyObject *held_write(HeldObject *self, PyObject *object) {
    const int file = PyObject_AsFileDescriptor(object);
    int status;
    if (file < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS;
    status = noli_index_write_held(self->rows, file);
    Py_END_ALLOW_THREADS;
    return image_result(status);
}

static PyObject *index_map(IndexObject *self, PyObject *args) {
    PyObject *object;
    unsigned long long offset;
    unsigned long long bytes;
    int status;
    if (!PyArg_ParseTuple(args, "OKK:map", &object, &offset, &bytes)) {
        return NULL;
    }
    const int file = PyObject_AsFileDescriptor(object);
    if (file < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS;
    status = noli_index_map(self->index, file, offset, bytes);
    Py_END_ALLOW_THREADS;
    return image_result(status);
}

/* ---- Searching ---- */

typedef int (*find)(struct noli_index *, const uint64_t *, size_t, struct noli_reach, size_t, struct noli_found *);

struct request {
    struct words queries;
    struct noli_reach reach;
    Py_ssize_t most;
};

static int check_request(const struct request *request) {
    if (request->reach.limit < 0 || request->reach.limit > NOLI_MAX_LIMIT) {
        PyErr_Format(PyExc_ValueError, "limit_bits must lie between 0 and %d; it is %d.", NOLI_MAX_LIMIT,
                     request->reach.limit);
        return -1;
    }
    if (request->reach.exact < 0) {
        PyErr_Format(PyExc_ValueError, "exact_bits must be 0 or more; it is %d.", request->reach.exact);
        return -1;
    }
    if (request->most < 1) {
        PyErr_Format(PyExc_ValueError, "max_neighbours must be 1 or more; it is %zd.", request->most);
        return -1;
    }
    return 0;
}

static int get_request(PyObject *args, struct request *request) {
    PyObject *queries;
    request->reach.exact = NOLI_MAX_LIMIT;
    if (!PyArg_ParseTuple(args, "Oin|i", &queries, &request->reach.limit, &request->most, &request->reach.exact) ||
        check_request(request) < 0) {
        return -1;
    }
    if (request->most > MOST_NEIGHBOURS) {
        request->most = MOST_NEIGHBOURS;
    }
    return get_words(queries, &request->queries, NOLI_HASH_BYTES, "queries");
}

static int run_request(IndexObject *self, const struct request *request, find find, struct noli_found *found) {
    int status;
    memset(found, 0, sizeof *found);
    Py_BEGIN_ALLOW_THREADS;
    status =
        find(self->index, request->queries.data, request->queries.items, request->reach, (size_t)request->most, found);
    Py_END_ALLOW_THREADS;
    if (status < 0) {
        PyErr_NoMemory();
    }
    return status;
}

static PyObject *list_of(const struct noli_found *found) {
    PyObject *list = PyList_New((Py_ssize_t)found->count);
    for (size_t i = 0; list != NULL && i < found->count; i++) {
        PyObject *pair =
            Py_BuildValue("KI", (unsigned long long)found->neighbours[i].id, (unsigned)found->neighbours[i].distance);
        if (pair == NULL || PyList_SetItem(list, (Py_ssize_t)i, pair) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static PyObject *index_search(IndexObject *self, PyObject *args) {
    struct request request;
    struct noli_found found;
    PyObject *result = NULL;
    if (get_request(args, &request) < 0) {
        return NULL;
    }
    if (request.queries.items != 1) {
        PyErr_Format(PyExc_ValueError, "query must have %d bytes; it has %zd.", NOLI_HASH_BYTES,
                     request.queries.buffer.len);
    } else {
        if (run_request(self, &request, noli_index_search, &found) == 0) {
            PyObject *list = list_of(&found);
            result = list == NULL ? NULL : Py_BuildValue("NO", list, found.capped_count > 0 ? Py_True : Py_False);
        }
        noli_found_free(&found);
    }
    give_back(&request.queries);
    return result;
}

/* The columns of the result, each as bytes. */
static PyObject *columns_of(const struct noli_found *found) {
    PyObject *queries = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(found->count * sizeof(uint32_t)));
    PyObject *ids = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(found->count * sizeof(uint64_t)));
    PyObject *distances = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)found->count);
    PyObject *capped =
        PyBytes_FromStringAndSize((const char *)found->capped, (Py_ssize_t)(found->capped_count * sizeof(uint32_t)));
    if (queries == NULL || ids == NULL || distances == NULL || capped == NULL) {
        Py_XDECREF(queries);
        Py_XDECREF(ids);
        Py_XDECREF(distances);
        Py_XDECREF(capped);
        return NULL;
    }
    char *query_bytes = PyBytes_AsString(queries);
    char *id_bytes = PyBytes_AsString(ids);
    char *distance_bytes = PyBytes_AsString(distances);
    for (size_t i = 0; i < found->count; i++) {
        const struct noli_neighbour *row = found->neighbours + i;
        memcpy(query_bytes + i * sizeof row->query, &row->query, sizeof row->query);
        memcpy(id_bytes + i * sizeof row->id, &row->id, sizeof row->id);
        distance_bytes[i] = (char)row->distance;
    }
    return Py_BuildValue("NNNN", queries, ids, distances, capped);
}

static PyObject *find_many(IndexObject *self, PyObject *args, find find) {
    struct request request;
    struct noli_found found;
    if (get_request(args, &request) < 0) {
        return NULL;
    }
    PyObject *result = run_request(self, &request, find, &found) == 0 ? columns_of(&found) : NULL;
    noli_found_free(&found);
    give_back(&request.queries);
    return result;
}

static PyObject *index_search_batch(IndexObject *self, PyObject *args) {
    return find_many(self, args, noli_index_search);
}

static PyObject *index_join(IndexObject *self, PyObject *args) {
    return find_many(self, args, noli_index_join);
}

/* ---- The type ---- */

static PyObject *index_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    if (PyTuple_Size(args) != 0 || (keywords != NULL && PyDict_Size(keywords) != 0)) {
        PyErr_SetString(PyExc_TypeError, "Index() takes no arguments.");
        return NULL;
    }
    const allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    IndexObject *self = (IndexObject *)allocate(type, 0);
    if (self != NULL) {
        self->index = noli_index_new();
        if (self->index == NULL) {
            Py_DECREF(self);
            return PyErr_NoMemory();
        }
    }
    return (PyObject *)self;
}

static void index_dealloc(IndexObject *self) {
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    const freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    noli_index_free(self->index);
    release(self);
    Py_DECREF(type);
}

static Py_ssize_t index_length(IndexObject *self) {
    return (Py_ssize_t)noli_index_length(self->index);
}

static PyObject *index_memory_bytes(IndexObject *self, void *unused) {
    (void)unused;
    return PyLong_FromSize_t(noli_index_bytes(self->index));
}

static PyMethodDef methods[] = {
    {"append", (PyCFunction)index_append, METH_VARARGS, "Add rows; all of them become visible at once."},
    {"tombstone", (PyCFunction)index_tombstone, METH_O, "End every row that now has one of these ids, at once."},
    {"compact", (PyCFunction)index_compact, METH_NOARGS, "Do one step of maintenance; False: none was due."},
    {"search", (PyCFunction)index_search, METH_VARARGS, "Nearest rows of one query, and whether more exist."},
    {"search_batch", (PyCFunction)index_search_batch, METH_VARARGS, "Nearest rows of many queries, as columns."},
    {"join", (PyCFunction)index_join, METH_VARARGS, "search_batch(), faster from ten thousand queries on."},
    {"hold", (PyCFunction)index_hold, METH_NOARGS, "The rows of this moment, to be written while the index changes."},
    {"write", (PyCFunction)index_write, METH_O, "Write all rows as an image to a file, from its position on."},
    {"map", (PyCFunction)index_map, METH_VARARGS, "Add the rows of an image in a file, sharing its pages."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"memory_bytes", (getter)index_memory_bytes, NULL, "Bytes held by rows and their postings.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Exact Hamming range index over 256-bit hashes; any thread may call anything at any time."},
    {Py_tp_new, index_new},
    {Py_tp_dealloc, index_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_sq_length, index_length},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "noli.hashing._native.Index",
    .basicsize = sizeof(IndexObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

static PyMethodDef held_methods[] = {
    {"write", (PyCFunction)held_write, METH_O, "Write the rows as an image to a file, from its position on."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot held_slots[] = {
    {Py_tp_doc, "All rows of an index at one moment; made by Index.hold()."},
    {Py_tp_dealloc, held_dealloc},
    {Py_tp_methods, held_methods},
    {0, NULL},
};

static PyType_Spec held_spec = {
    .name = "noli.hashing._native.Held",
    .basicsize = sizeof(HeldObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = held_slots,
};

int noli_add_index(PyObject *module) {
    if (held_type == NULL) {
        held_type = (PyTypeObject *)PyType_FromSpec(&held_spec);
        if (held_type == NULL) {
            return -1;
        }
    }
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
    const int status = type == NULL ? -1 : PyModule_AddObjectRef(module, "Index", type);
    Py_XDECREF(type);
    return status;
}
