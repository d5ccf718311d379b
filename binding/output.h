/* SPDX-License-Identifier: Apache-2.0 */
/* output: the object that a writer's buffer grows into, bytes or a str of ASCII, which ends as the result without another copy.
 *
 * A writer begins in a room of its own, on the C stack; what outgrows that moves into an object that nobody else knows and that may
 * therefore be resized. The writer owns the buffer and the room, and gives the object back with release. */
#ifndef QUIRE_BINDING_OUTPUT_H
#define QUIRE_BINDING_OUTPUT_H

#include <Python.h>

#include "core/base/buffer.h"

typedef struct qpy_output {
    PyObject *object; /* strong; NULL while all of it is in the room */
    uint8_t *room;
    size_t hint;      /* bytes that the first object has at least: what results were like before */
    int text;         /* a str, not bytes */
} qpy_output;

/* An object of `hint` bytes to begin with. */
QR_COLD void qpy_output_begin_large(qpy_output *self, qr_buffer *buffer);

/* Sets up what the buffer writes into, not its grow and owner. What was that large will be so again: it begins in the object. */
QR_INLINE void qpy_output_begin(qpy_output *self, qr_buffer *buffer, uint8_t *room, size_t length, size_t hint, int text)
{
    *self = (qpy_output){.room = room, .hint = hint, .text = text};
    buffer->p = buffer->base = room;
    buffer->end = room + length;
    if (hint > length)
        qpy_output_begin_large(self, buffer);
}

/* For the buffer's grow: 1, or 0 after qr_buffer_fail; then the buffer is empty and no exception is set. */
int qpy_output_grow(qpy_output *self, qr_buffer *buffer, size_t need);

/* What was written: a new reference, or NULL with an exception. The buffer must be set up again, or not be used. */
PyObject *qpy_output_take(qpy_output *self, const qr_buffer *buffer);

QR_INLINE void qpy_output_release(qpy_output *self) { Py_CLEAR(self->object); }

#endif
