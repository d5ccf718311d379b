/* SPDX-License-Identifier: Apache-2.0 */
/* output: the bytes of a pickle, in a bytes object once they are many, and their way into a file. */
#include "binding/codec.h"
#include "binding/pickle/pickler.h"

static int grow(qr_buffer *buffer, size_t need)
{
    qpy_pickling *self = buffer->owner;
    size_t used = qr_buffer_length(buffer), capacity = qr_buffer_next_capacity(used, need);
    if (buffer->error != QR_ERROR_NONE)
        return 0;
    if (capacity == 0 || capacity > PY_SSIZE_T_MAX - 64)
        return qr_buffer_fail(buffer, QR_ERROR_MEMORY);
    if (!self->bytes) {
        if (!self->write && capacity < self->state->pickle_hint && self->state->pickle_hint < (size_t)1 << 30)
            capacity = self->state->pickle_hint;
        self->bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)capacity);
        if (self->bytes)
            memcpy(PyBytes_AS_STRING(self->bytes), self->start, used);
    }
    else
        _PyBytes_Resize(&self->bytes, (Py_ssize_t)capacity);
    if (!self->bytes) {
        buffer->base = buffer->p = buffer->end = self->start;
        self->out.frame = QR_PICKLE_NO_FRAME;
        return qr_buffer_fail(buffer, QR_ERROR_MEMORY);
    }
    buffer->base = (uint8_t *)PyBytes_AS_STRING(self->bytes);
    buffer->p = buffer->base + used;
    buffer->end = buffer->base + capacity;
    return 1;
}

static void start_again(qpy_pickling *self)
{
    qr_buffer *b = &self->out.buffer;
    b->p = b->base = self->start;
    b->end = self->start + sizeof self->start;
    b->grow = grow;
    b->owner = self;
    self->bytes = NULL;
}

static int flush(qr_pickle_writer *out) { return qpy_pickle_output_flush(out->buffer.owner); }

void qpy_pickle_output_init(qpy_pickling *self, int protocol)
{
    self->out.buffer.error = QR_ERROR_NONE;
    start_again(self);
    qr_pickle_write_init(&self->out, protocol);
    if (self->write)
        self->out.flush = flush;
}

void qpy_pickle_output_restart(qpy_pickling *self)
{
    Py_CLEAR(self->bytes);
    self->out.buffer.error = QR_ERROR_NONE;
    self->out.frame = QR_PICKLE_NO_FRAME;
    start_again(self);
    qr_pickle_moved(&self->out);
}

void qpy_pickle_output_release(qpy_pickling *self) { Py_CLEAR(self->bytes); }

PyObject *qpy_pickle_output_take(qpy_pickling *self)
{
    size_t length = qr_buffer_length(&self->out.buffer);
    PyObject *bytes = self->bytes;
    if (!bytes)
        bytes = PyBytes_FromStringAndSize((const char *)self->start, (Py_ssize_t)length);
    else
        _PyBytes_Resize(&bytes, (Py_ssize_t)length);
    start_again(self);
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
