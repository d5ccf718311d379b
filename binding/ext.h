/* SPDX-License-Identifier: Apache-2.0 */
/* ext: quire.msgpack.Ext, an extension value of MessagePack whose code has no meaning here: a code and its bytes. Immutable. */
#ifndef QUIRE_BINDING_EXT_H
#define QUIRE_BINDING_EXT_H

#include "binding/state.h"

/* The bytes are copied: a new reference, or NULL with an exception. */
PyObject *qpy_ext_new(qpy_state *state, int8_t code, const uint8_t *data, size_t length);

/* The class is final, so this is all there is to ask. */
static inline int qpy_ext_check(const qpy_state *state, const PyTypeObject *type) { return type == state->ext_type; }

/* Of an object that passed qpy_ext_check. The data is an exact bytes object, borrowed. */
int8_t qpy_ext_code(PyObject *ext);
PyObject *qpy_ext_data(PyObject *ext);

/* Makes the class and adds it to the module as Ext: 0 or -1. */
int qpy_ext_init(PyObject *module, qpy_state *state);

#endif
