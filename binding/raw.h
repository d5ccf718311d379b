/* SPDX-License-Identifier: Apache-2.0 */
/* raw: quire.Raw, a value of a document left as it was written.
 *
 * Immutable: bytes, the format they are in ("json", None when unknown) and where in the document they began (None when unknown).
 * It has a copy of the bytes, so it does not keep the document alive. Equality and hash are those of the bytes. */
#ifndef QUIRE_BINDING_RAW_H
#define QUIRE_BINDING_RAW_H

#include "binding/state.h"

typedef struct qpy_raw {
    PyObject_HEAD
    PyObject *bytes;    /* exact bytes */
    PyObject *format;   /* str or None */
    Py_ssize_t offset;  /* -1: unknown */
} qpy_raw;

static inline int qpy_raw_check(const qpy_state *state, PyObject *object) { return Py_IS_TYPE(object, state->raw_type); }

/* A new Raw: takes a reference to `bytes` (exact bytes); offset -1 and format NULL mean unknown. NULL with an exception. */
PyObject *qpy_raw_new(qpy_state *state, PyObject *bytes, Py_ssize_t offset, const char *format);
/* The bytes, borrowed: valid as long as the Raw. */
static inline const char *qpy_raw_data(PyObject *raw) { return PyBytes_AS_STRING(((qpy_raw *)raw)->bytes); }
static inline Py_ssize_t qpy_raw_length(PyObject *raw) { return PyBytes_GET_SIZE(((qpy_raw *)raw)->bytes); }
/* Is it known to be in the format `name`? 1 yes, 0 no, -1 not known. */
int qpy_raw_is(PyObject *raw, const char *name);

/* Makes the type and adds it to the module: 0 or -1. */
int qpy_raw_init(PyObject *module, qpy_state *state);

#endif
