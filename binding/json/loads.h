/* SPDX-License-Identifier: Apache-2.0 */
/* loads: what json.loads, json.JSONDecoder and its scanner do, to the letter of the running interpreter.
 *
 * Two readers share the work. Text without hooks is read as bytes by the template that also serves quire.json.decode
 * (format_json.c): it takes nothing that the standard library refuses, and says nothing of where it stopped. Whatever it does
 * not take - a fault, NaN, a number too large for a double, nesting of a thousand levels - and everything with hooks is read by
 * the scanner of scan.tmpl.h, character by character, which has the standard library's positions, messages and order of calls. */
#ifndef QUIRE_BINDING_JSON_LOADS_H
#define QUIRE_BINDING_JSON_LOADS_H

#include "binding/state.h"

/* What a caller may put in place of the standard ways; NULL: nothing. Borrowed. */
typedef struct qpy_json_hooks {
    PyObject *object_hook, *object_pairs_hook, *parse_float, *parse_int, *parse_constant;
    int strict; /* 0: controls may stand in strings */
} qpy_json_hooks;

/* The value whose first byte is data[start] (spaces may come before it), and in *end where it ended. data[length] is a readable 0. NULL:
 * not taken, without an exception, or memory is out, with one. With `whole`, nothing but space may follow. */
QR_INLINE PyObject *qpy_json_read(qpy_state *state, const uint8_t *data, size_t length, size_t start, int whole, size_t *end)
{
    return state->json_read(state, data, length, start, whole, end); /* as it was compiled for this machine: format_json.c */
}

/* The value at that character, and in *end the one behind it; NULL with StopIteration(index) where no value stands, with
 * JSONDecodeError, or with what a hook raised. */
PyObject *qpy_json_scan(qpy_state *state, PyObject *text, Py_ssize_t start, const qpy_json_hooks *hooks, Py_ssize_t *end);

/* The scanner as it was compiled for any machine and for one with AVX-512. */
PyObject *qpy_json_scan_units(qpy_state *state, PyObject *text, Py_ssize_t start, const qpy_json_hooks *hooks, Py_ssize_t *end);
PyObject *qpy_json_scan_units_avx512(qpy_state *state, PyObject *text, Py_ssize_t start, const qpy_json_hooks *hooks, Py_ssize_t *end);

/* A JSONDecodeError. Returns NULL. */
PyObject *qpy_json_fail(const char *message, PyObject *text, Py_ssize_t at);
/* StopIteration(at). Returns NULL. */
PyObject *qpy_json_no_value(Py_ssize_t at);
/* NaN, Infinity or -Infinity as json.decoder has them: a new reference, or NULL with an exception. */
PyObject *qpy_json_constant(qpy_state *state, const qpy_json_hooks *hooks, const char *name);
/* From the ASCII text of a number: a new reference, or NULL with an exception. The text is followed by something that is no part of it. */
PyObject *qpy_json_number(const uint8_t *text, size_t length, int is_float);

int qpy_json_loads_init(PyObject *module, qpy_state *state);

#endif
