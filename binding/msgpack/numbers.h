/* SPDX-License-Identifier: Apache-2.0 */
/* numbers: arrays of numbers alone, as tables and outlines have them, read in loops of their own: no token, no frame, no
 * dispatch for each. They read what they know and stop before anything else, which is then the machine's (msgpack_unpack). */
#ifndef QUIRE_BINDING_MSGPACK_NUMBERS_H
#define QUIRE_BINDING_MSGPACK_NUMBERS_H

#include "binding/sink.h"

enum { QPY_POINT_MOST = 4 }; /* floats of the longest array that counts as a point */

/* Numbers that follow one another in an array, pushed; but for the last of `left`, which the machine reads because it closes the array. 1, or 0 with
 * an exception. */
int qpy_numbers_push(qpy_sink *s, qr_reader *r, uint64_t *left);

/* Is what stands behind the head of an array of `count` a point? Then the list of its floats. NULL: with an exception, or it is something else. */
PyObject *qpy_numbers_point(qpy_sink *s, qr_reader *r, uint32_t count);
/* Points that follow one another, heads and all, as qpy_numbers_push has it. */
int qpy_numbers_push_points(qpy_sink *s, qr_reader *r, uint64_t *left);

#endif
