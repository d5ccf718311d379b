/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/output.h"

enum { LARGEST_HINT = 1 << 30 };

static PyObject *make(int text, size_t length)
{
    return text ? PyUnicode_New((Py_ssize_t)length, 127) : PyBytes_FromStringAndSize(NULL, (Py_ssize_t)length);
}

/* NULL afterwards: it failed, with an exception. */
static void resize(PyObject **object, int text, size_t length)
{
    if (!text)
        _PyBytes_Resize(object, (Py_ssize_t)length);
    else if (PyUnicode_Resize(object, (Py_ssize_t)length) < 0)
        Py_CLEAR(*object);
}

static void point(const qpy_output *self, qr_buffer *buffer, size_t used, size_t capacity)
{
    buffer->base = self->text ? PyUnicode_1BYTE_DATA(self->object) : (uint8_t *)PyBytes_AS_STRING(self->object);
    buffer->p = buffer->base + used;
    buffer->end = buffer->base + capacity;
}

void qpy_output_begin_large(qpy_output *self, qr_buffer *buffer)
{
    if (self->hint >= LARGEST_HINT)
        return;
    self->object = make(self->text, self->hint);
    if (self->object)
        point(self, buffer, 0, self->hint);
    else
        PyErr_Clear();
}

int qpy_output_grow(qpy_output *self, qr_buffer *buffer, size_t need)
{
    size_t used = qr_buffer_length(buffer), capacity = qr_buffer_next_capacity(used, need);
    if (buffer->error != QR_ERROR_NONE)
        return 0;
    if (capacity == 0 || capacity > PY_SSIZE_T_MAX - 64)
        return qr_buffer_fail(buffer, QR_ERROR_MEMORY);
    if (self->object)
        resize(&self->object, self->text, capacity);
    else {
        if (capacity < self->hint && self->hint < LARGEST_HINT)
            capacity = self->hint;
        self->object = make(self->text, capacity);
        if (self->object)
            memcpy(self->text ? PyUnicode_DATA(self->object) : PyBytes_AS_STRING(self->object), self->room, used);
    }
    if (!self->object) {
        PyErr_Clear();
        buffer->base = buffer->p = buffer->end = self->room;
        return qr_buffer_fail(buffer, QR_ERROR_MEMORY);
    }
    point(self, buffer, used, capacity);
    return 1;
}

PyObject *qpy_output_take(qpy_output *self, const qr_buffer *buffer)
{
    size_t length = qr_buffer_length(buffer);
    PyObject *object = self->object;
    if (object && length > 1) { /* the interpreter has the shorter ones already */
        self->object = NULL;
        resize(&object, self->text, length);
        return object;
    }
    object = self->text ? PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, buffer->base, (Py_ssize_t)length)
                        : PyBytes_FromStringAndSize((const char *)buffer->base, (Py_ssize_t)length);
    Py_CLEAR(self->object);
    return object;
}
