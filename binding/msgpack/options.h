/* SPDX-License-Identifier: Apache-2.0 */
/* options: the keywords of packb, Packer, unpackb and Unpacker, once for call and class. */
#ifndef QUIRE_BINDING_MSGPACK_OPTIONS_H
#define QUIRE_BINDING_MSGPACK_OPTIONS_H

#include "binding/msgpack/pack.h"
#include "binding/msgpack/unpack.h"

/* Each takes one keyword, borrowing its value: 1, or 0 with an exception (TypeError for a name that is none; `function` is called so there). */
int qpy_pack_keyword(qpy_pack_options *self, const char *function, PyObject *name, PyObject *value);
int qpy_unpack_keyword(qpy_unpack_options *self, const char *function, PyObject *name, PyObject *value);
/* What Unpacker has besides. */
typedef struct qpy_unpacker_options {
    qpy_unpack_options base;
    PyObject *file_like; /* NULL: none */
    Py_ssize_t read_size, max_buffer_size;
} qpy_unpacker_options;
int qpy_unpacker_keyword(qpy_unpacker_options *self, PyObject *name, PyObject *value);

/* The one argument of a method, given by its place or by its name: borrowed, or NULL with TypeError. */
PyObject *qpy_one_argument(const char *function, const char *argument, PyObject *const *args, Py_ssize_t count, PyObject *names);

/* Once all are there: are they callable, do they go together? An ext_hook that is our ExtType is as none given. 1, or 0 with an exception. */
int qpy_unpack_options_check(qpy_unpack_options *self, const qpy_state *state);

#endif
