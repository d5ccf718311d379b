/* SPDX-License-Identifier: Apache-2.0 */
/* memo_proxy: what the attribute `memo` of a Pickler and of an Unpickler gives: a view that clears and copies the memo of its owner. */
#ifndef QUIRE_BINDING_PICKLE_MEMO_PROXY_H
#define QUIRE_BINDING_PICKLE_MEMO_PROXY_H

#include <Python.h>

typedef struct qpy_memo_proxy {
    PyObject_HEAD
    PyObject *owner; /* strong */
} qpy_memo_proxy;

/* For a static table: `clear` and `copy` are called with the proxy. */
#define QPY_MEMO_PROXY_METHODS(clear, copy)                                                                                   \
    {                                                                                                                         \
        {"clear", clear, METH_NOARGS, "clear($self, /)\n--\n\nRemove all items from memo."},                                  \
        {"copy", copy, METH_NOARGS, "copy($self, /)\n--\n\nCopy the memo to a new object."},                                  \
        {"__reduce__", qpy_memo_proxy_reduce, METH_NOARGS, "__reduce__($self, /)\n--\n\nImplement pickling support."},        \
        {NULL, NULL, 0, NULL},                                                                                                \
    }
PyObject *qpy_memo_proxy_reduce(PyObject *proxy, PyObject *ignored);

/* The type of the proxies of one kind of owner, whose name and methods are static: a new reference, or NULL with an exception. */
PyTypeObject *qpy_memo_proxy_type(PyObject *module, const char *name, PyMethodDef *methods);

/* A new proxy, or NULL with an exception. */
PyObject *qpy_memo_proxy_new(PyTypeObject *type, PyObject *owner);

static inline PyObject *qpy_memo_proxy_owner(PyObject *proxy) { return ((qpy_memo_proxy *)proxy)->owner; }

#endif
