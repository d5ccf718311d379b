/* SPDX-License-Identifier: Apache-2.0 */
/* output: the bytes of a pickle, in a bytes object once they are many, and their way into a file. */
#include "binding/codec.h"
#include "binding/pickle/pickler.h"

static int grow(qr_buffer *buffer, size_t need)
{
    qpy_pickling *self = buffer->owner;
    if (qpy_output_grow(&self->output, buffer, need))
        return 1;
    self->out.frame = QR_PICKLE_NO_FRAME;
    return 0;
}

/* Always in the room: only what outgrows it is as large as what was written before. */
static void begin(qpy_pickling *self)
{
    qr_buffer *b = &self->out.buffer;
    qpy_output_begin(&self->output, b, self->start, sizeof self->start, 0, 0);
    self->output.hint = self->write ? 0 : self->state->pickle_hint;
    b->grow = grow;
    b->owner = self;
}

static int flush(qr_pickle_writer *out) { return qpy_pickle_output_flush(out->buffer.owner); }

void qpy_pickle_output_init(qpy_pickling *self, int protocol)
{
    self->out.buffer.error = QR_ERROR_NONE;
    begin(self);
    qr_pickle_write_init(&self->out, protocol);
    if (self->write)
        self->out.flush = flush;
}

void qpy_pickle_output_restart(qpy_pickling *self)
{
    qpy_output_release(&self->output);
    self->out.buffer.error = QR_ERROR_NONE;
    self->out.frame = QR_PICKLE_NO_FRAME;
    begin(self);
    qr_pickle_moved(&self->out);
}

void qpy_pickle_output_release(qpy_pickling *self) { qpy_output_release(&self->output); }

PyObject *qpy_pickle_output_take(qpy_pickling *self)
{
    PyObject *bytes = qpy_output_take(&self->output, &self->out.buffer);
    begin(self);
    qr_pickle_moved(&self->out);
    return bytes;
}

int qpy_pickle_output_flush(qpy_pickling *self)
{
    if (self->plain) { /* a file's write() may be anybody's */
        self->gave_up = 1;
        return 0;
    }
    PyObject *bytes = qpy_pickle_output_take(self), *done = bytes ? PyObject_CallOneArg(self->write, bytes) : NULL;
    Py_XDECREF(bytes);
    Py_XDECREF(done);
    return done != NULL;
}

int qpy_pickle_output_block(qpy_pickling *self, size_t head_length, const void *bytes, size_t n, PyObject *payload)
{
    if (!self->write)
        return qr_pickle_put_block(&self->out, head_length, bytes, n);
    qr_pickle_unframe(&self->out, head_length);
    if (!qpy_pickle_output_flush(self))
        return 0;
    PyObject *made = payload ? NULL : PyBytes_FromStringAndSize(bytes, (Py_ssize_t)n);
    PyObject *given = payload ? payload : made, *done = given ? PyObject_CallOneArg(self->write, given) : NULL;
    Py_XDECREF(made);
    Py_XDECREF(done);
    return done && (!self->out.framing || qr_pickle_open_frame(&self->out));
}
