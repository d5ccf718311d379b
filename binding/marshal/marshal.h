/* SPDX-License-Identifier: Apache-2.0 */
/* marshal: the functions of quire.marshal, as the standard library's marshal has them, to the byte.
 *
 * write.c, write_refs.c, canonical.c: dumps;  read.c, read_file.c, code.c: loads;  module.c: the functions.
 *
 * Code objects are taken apart and put together by what is private to the interpreter. Where that is not known
 * (QPY_PRIVATE, qpy_state.private_ok) the standard library does it: the writer hands over the whole object, the reader
 * reads to the end first, so that its checks have been made. */
#ifndef QUIRE_BINDING_MARSHAL_MARSHAL_H
#define QUIRE_BINDING_MARSHAL_MARSHAL_H

#include "binding/state.h"

/* As there: objects within each other, scalars included. */
enum { QPY_MARSHAL_DEPTH = 2000 };

int qpy_marshal_init(PyObject *module, qpy_state *state); /* module.c */

/* New references, or NULL with an exception. */
PyObject *qpy_marshal_dumps(qpy_state *state, PyObject *value, int version, int allow_code, int canonical);
PyObject *qpy_marshal_loads(qpy_state *state, const uint8_t *data, size_t length, int allow_code);
PyObject *qpy_marshal_load(qpy_state *state, PyObject *file, int allow_code);

/* The standard library's own dumps and loads. */
PyObject *qpy_marshal_standard_dumps(PyObject *value, int version, int allow_code);
PyObject *qpy_marshal_standard_loads(const uint8_t *data, size_t length);

#endif
