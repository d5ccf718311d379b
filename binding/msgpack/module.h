/* SPDX-License-Identifier: Apache-2.0 */
/* module: the drop-in half of quire.msgpack in the engine: packb, Packer, unpackb, Unpacker. */
#ifndef QUIRE_BINDING_MSGPACK_MODULE_H
#define QUIRE_BINDING_MSGPACK_MODULE_H

#include "binding/state.h"

int qpy_msgpack_init(PyObject *module, qpy_state *state); /* unpacker.c */
int qpy_msgpack_pack_init(PyObject *module);              /* packer.c */

#endif
