/* SPDX-License-Identifier: Apache-2.0 */
/* scalar_internal: what the files of the scalar room share among themselves.
 *
 *   scalar.c       which kind a class is, finding and importing the classes, Decimal, UUID
 *   scalar_time.c  datetime, date, time, timedelta, time zones
 */
#ifndef QUIRE_BINDING_SCALAR_INTERNAL_H
#define QUIRE_BINDING_SCALAR_INTERNAL_H

#include "binding/scalar.h"

/* The name under which datetime's own module includes its header: without the global pointer to the API and the macros that
 * need it. The API is kept in the state. */
#define _PY_DATETIME_IMPL
#include <datetime.h>

/* scalar.c: a class of a module of the standard library, kept in *slot. qpy_scalar_find looks only whether the module is there:
 * 1 or 0, never with an exception. qpy_scalar_import imports it: 0 or -1. */
int qpy_scalar_find(PyTypeObject **slot, PyObject *module_name, const char *name);
int qpy_scalar_import(PyTypeObject **slot, PyObject *module_name, const char *name);

/* scalar_time.c: datetime's C API, imported when first needed, or NULL with an exception. */
PyDateTime_CAPI *qpy_time_import(qpy_state *state);
/* The same only when datetime is imported already, else NULL without an exception. */
PyDateTime_CAPI *qpy_time_find(qpy_state *state);
/* qpy_scalar_new and qpy_scalar_text for DATETIME DATE TIME DURATION. */
PyObject *qpy_time_new(qpy_state *state, qr_kind kind, const qr_scalar *scalar);
Py_ssize_t qpy_time_text(qpy_state *state, qr_kind kind, PyObject *value, uint8_t room[QPY_SCALAR_ROOM], PyObject **object);

#endif
