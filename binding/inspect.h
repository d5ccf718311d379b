/* SPDX-License-Identifier: Apache-2.0 */
/* inspect: what `python -m quire inspect` and quire.marshal.read_pyc ask of the engine. */
#ifndef QUIRE_BINDING_INSPECT_H
#define QUIRE_BINDING_INSPECT_H

#include "binding/state.h"

int qpy_inspect_init(PyObject *module, qpy_state *state);

#endif
