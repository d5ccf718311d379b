/* SPDX-License-Identifier: Apache-2.0 */
/* scalar: datetime, date, time, timedelta, Decimal, UUID as Python objects, once for all formats.
 *
 * The core reads and checks their text (core/plan/scalar.h); here the objects are made from the parts, and taken apart
 * again for writing. The types are imported when the first of them is needed, not before: importing quire stays cheap. */
#ifndef QUIRE_BINDING_SCALAR_H
#define QUIRE_BINDING_SCALAR_H

#include "binding/state.h"
#include "core/plan/scalar.h"

enum { QPY_SCALAR_ROOM = 128 }; /* enough for the text of every kind but Decimal and zone names beyond 64 bytes */

/* The object of that kind (QR_KIND_DATETIME ... QR_KIND_UUID): a new reference, or NULL with an exception. A ValueError stands for
 * input that the Python type refuses (an unknown zone name, say), an ArithmeticError for a Decimal whose exponent is too large. */
PyObject *qpy_scalar_new(qpy_state *state, qr_kind kind, const qr_scalar *scalar);

/* Which of the kinds the exact class of an object is, or -1. A class that nobody imported has no instances, so this
 * imports nothing: datetime, decimal and uuid are looked up in sys.modules until they are there. Subclasses count too
 * (a datetime before a date). */
int qpy_scalar_kind(qpy_state *state, PyTypeObject *type);

/* Text as the formats write it, for DATETIME DATE TIME DURATION UUID: fills `room` and returns the length, or -1 with an exception.
 * DECIMAL (and a zone name that does not fit) gives a str object in *object instead and returns 0; the caller owns it. */
Py_ssize_t qpy_scalar_text(qpy_state *state, qr_kind kind, PyObject *value, uint8_t room[QPY_SCALAR_ROOM], PyObject **object);

/* Is the datetime in plain UTC (tzinfo is timezone.utc)? Then its Unix time: 1; 0 when not; -1 with an exception. */
int qpy_scalar_unix(qpy_state *state, PyObject *datetime, int64_t *seconds, uint32_t *nanoseconds);

int qpy_scalar_init(PyObject *module, qpy_state *state);

#endif
