/* SPDX-License-Identifier: Apache-2.0 */
/* module: what the rooms of pickle add to the extension, and how they let go. */
#ifndef QUIRE_BINDING_PICKLE_MODULE_H
#define QUIRE_BINDING_PICKLE_MODULE_H

#include "binding/state.h"

int qpy_pickle_init(PyObject *module, qpy_state *state); /* dumps.c */
int qpy_pickle_data_init(PyObject *module, qpy_state *state); /* data.c */
int qpy_pickle_decoder_init(PyObject *module, qpy_state *state); /* decoder.c */
void qpy_pickle_plans_free(qpy_state *state);            /* classes.c */

#endif
