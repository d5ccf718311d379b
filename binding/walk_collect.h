/* SPDX-License-Identifier: Apache-2.0 */
/* walk_collect: errors="all" for an Encoder: what could not be written is walked once more, part by part.
 *
 * One cold walk for all formats: it goes down the containers whose parts are known (lists, tuples, dicts, objects with fields), and what is
 * none of them is written by the format, alone, to see whether it can be. What is not of its type is looked at by the check of
 * objects, which finds all faults in it. User code runs again, for a container that is told by a union more than once. */
#ifndef QUIRE_BINDING_WALK_COLLECT_H
#define QUIRE_BINDING_WALK_COLLECT_H

#include "binding/codec.h"

/* An exception is set, of writing the object. When it is an EncodeError: in its place one with all faults; or another that came up,
 * MemoryError for one; when no fault is found the first stands. plan, adapters, style (of an output with options): may be
 * NULL. */
void qpy_walk_collect(qpy_state *state, const qpy_codec *codec, const qr_style *style, qpy_plan *plan, PyObject *adapters, const qpy_write_limits *limits,
                      PyObject *object);

#endif
