/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/codec.h"
int qpy_objects_check(qpy_state *state, qpy_plan *plan, PyObject *value) { (void)state, (void)plan, (void)value; return 1; }
int qpy_format_objects_init(PyObject *module, qpy_state *state) { (void)module, (void)state;
 PyModule_AddObjectRef(module,"convert",Py_None);PyModule_AddObjectRef(module,"to_builtins",Py_None);PyModule_AddObjectRef(module,"validate",Py_None);return 0; }
