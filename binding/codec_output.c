/* SPDX-License-Identifier: Apache-2.0 */
/* codec_output: objects into buffers and files.
 *
 * Everything is encoded into memory of its own first. So what cannot be encoded leaves buffer and file as they were, user code that
 * runs meanwhile cannot pull the buffer away, and no writer has to look for an end that is not its own. */
#include "binding/attribute.h"
#include "binding/stream.h"

static int put(qpy_encoder *self, qpy_walker *walker, const qpy_plan *plan, PyObject *object)
{
    if (QR_LIKELY(!self->styled))
        return self->codec->write(walker, plan, 0, object);
    struct qpy_order_memory **kept = self->was_used ? &self->order_memory : NULL;
    self->was_used = 1;
    return self->codec->write_styled(walker, plan, 0, object, &self->style, kept);
}

/* The object behind what the walker has written: 1, or 0 with the exception set. */
static int append(qpy_encoder *self, qpy_walker *walker, PyObject *object)
{
    qpy_plan *plan = self->plan ? qpy_plan_current(self->state, self->plan) : NULL;
    if (QR_UNLIKELY(!plan && self->plan))
        return 0;
    int ok = qr_buffer_reserve(&walker->buffer, QR_BUFFER_SLACK) && put(self, walker, plan, object);
    Py_XDECREF(plan);
    int mismatch = walker->buffer.error == QR_ERROR_TYPE_MISMATCH;
    if (QR_LIKELY(qpy_walker_check(walker, ok)))
        return 1;
    if (mismatch && self->plan)
        qpy_encoder_raise_mismatch(self, object);
    qpy_encoder_raise_all(self, self->plan, object);
    return 0;
}

static void start(qpy_encoder *self, qpy_walker *walker)
{
    qpy_walker_init(walker, self->state, self->codec->format->name, self->hint);
    qpy_walker_use(walker, self->adapters);
    qr_depth_init(&walker->depth, self->limits.depth);
}

PyObject *qpy_encoder_encode(qpy_encoder *self, PyObject *object)
{
    qpy_walker walker;
    start(self, &walker);
    PyObject *bytes = append(self, &walker, object) ? qpy_walker_finish(&walker, 1) : (qpy_walker_release(&walker), NULL);
    if (bytes)
        self->hint = qpy_next_hint(self->hint, (size_t)PyBytes_GET_SIZE(bytes));
    return bytes;
}

/* ---------------------------------------------------------------- encode_into */

static int get_writable(PyObject *buffer, Py_buffer *view)
{
    if (!PyObject_CheckBuffer(buffer)) {
        PyErr_Format(PyExc_TypeError, "encode_into() needs a writable buffer such as a bytearray, got %.100s", Py_TYPE(buffer)->tp_name);
        return 0;
    }
    if (PyObject_GetBuffer(buffer, view, PyBUF_CONTIG) == 0)
        return 1;
    if (PyErr_ExceptionMatches(PyExc_BufferError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_BufferError, "encode_into() needs a buffer that is writable and contiguous, this %.100s is not", Py_TYPE(buffer)->tp_name);
    }
    return 0;
}

static void raise_no_room(qpy_encoder *self, size_t needed, size_t length, size_t offset)
{
    PyObject *text = PyUnicode_FromFormat("the buffer is too small: %zu bytes are needed, %zu are left at offset %zu", needed, length - offset, offset);
    PyObject *cause = text ? PyObject_CallOneArg(PyExc_BufferError, text) : NULL;
    Py_XDECREF(text);
    if (cause)
        qpy_raise_write(self->state, QR_ERROR_NO_ROOM, NULL, NULL, cause);
}

static PyObject *copy_into(qpy_encoder *self, const qpy_walker *walker, PyObject *buffer, size_t offset)
{
    Py_buffer view;
    size_t n = qr_buffer_length(&walker->buffer);
    if (!get_writable(buffer, &view))
        return NULL;
    size_t length = (size_t)view.len;
    PyObject *end = NULL;
    if (offset > length)
        PyErr_Format(PyExc_ValueError, "encode_into(): offset %zu is beyond the end of a buffer of %zu bytes", offset, length);
    else if (n > length - offset)
        raise_no_room(self, n, length, offset);
    else if ((end = PyLong_FromSize_t(offset + n)))
        memcpy((uint8_t *)view.buf + offset, walker->buffer.base, n);
    PyBuffer_Release(&view);
    return end;
}

PyObject *qpy_encoder_encode_into(PyObject *op, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_encoder *self = (qpy_encoder *)op;
    qpy_walker walker;
    size_t offset;
    if (count < 2) {
        PyErr_SetString(PyExc_TypeError, "encode_into() takes an object and a buffer");
        return NULL;
    }
    if (!qpy_offset_argument("encode_into", args + 1, count - 1, names, &offset))
        return NULL;
    start(self, &walker);
    PyObject *end = append(self, &walker, args[0]) ? copy_into(self, &walker, args[1], offset) : NULL;
    if (end)
        self->hint = qpy_next_hint(self->hint, qr_buffer_length(&walker.buffer));
    qpy_walker_release(&walker);
    return end;
}

/* ---------------------------------------------------------------- encode_lines */

/* Which of many objects it was: a note, for their paths start at the object itself. */
static void note_item(Py_ssize_t index)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *text = PyUnicode_FromFormat("in item %zd of encode_lines()", index);
    PyObject *result = text && value ? qpy_call_method(value, "add_note", text) : NULL;
    Py_XDECREF(text);
    Py_XDECREF(result);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}

PyObject *qpy_encoder_encode_lines(PyObject *op, PyObject *objects)
{
    qpy_encoder *self = (qpy_encoder *)op;
    const char *separator = self->codec->separator;
    qpy_walker walker;
    if (self->style.indents && *separator) {
        PyErr_SetString(PyExc_ValueError, "encode_lines() writes a line for each object: indent does not go with it");
        return NULL;
    }
    PyObject *iterator = PyObject_GetIter(objects), *object;
    if (!iterator)
        return NULL;
    qpy_walker_init(&walker, self->state, self->codec->format->name, 0); /* the hint is of one object */
    qpy_walker_use(&walker, self->adapters);
    qr_depth_init(&walker.depth, self->limits.depth);
    int ok = 1;
    for (Py_ssize_t i = 0; ok && (object = PyIter_Next(iterator)); i++) {
        ok = append(self, &walker, object);
        Py_DECREF(object);
        if (!ok)
            note_item(i);
        else if (*separator) {
            if (!qr_buffer_reserve(&walker.buffer, 1))
                ok = qpy_walker_check(&walker, 0);
            else
                *walker.buffer.p++ = (uint8_t)*separator;
        }
    }
    Py_DECREF(iterator);
    if (ok && !PyErr_Occurred())
        return qpy_walker_finish(&walker, 1);
    qpy_walker_release(&walker);
    return NULL;
}

/* ---------------------------------------------------------------- write */

/* What fp.write returned for n bytes, as how many it took: 1, or 0 with an exception. None is all of them but for a raw file, which
 * says so that it would block. */
static int bytes_taken(PyObject *fp, PyObject *result, size_t n, size_t *taken)
{
    if (result == Py_None) {
        PyObject *io = PyImport_ImportModule("io"), *raw = io ? qpy_attribute(io, "RawIOBase") : NULL;
        int is_raw = raw ? PyObject_IsInstance(fp, raw) : -1;
        Py_XDECREF(io);
        Py_XDECREF(raw);
        if (is_raw > 0)
            PyErr_SetString(PyExc_BlockingIOError, "write(): the file would block");
        *taken = n;
        return is_raw == 0;
    }
    *taken = PyLong_Check(result) ? PyLong_AsSize_t(result) : n + 1;
    if (*taken > n || *taken == 0) {
        PyErr_Clear();
        PyErr_Format(PyExc_OSError, "write(): the file says that it took %R of %zu bytes", result, n);
        return 0;
    }
    return 1;
}

/* All of the bytes, in as many writes as it takes. */
static int write_all(PyObject *fp, PyObject *bytes)
{
    size_t length = (size_t)PyBytes_GET_SIZE(bytes), at = 0;
    PyObject *view = NULL;
    while (at < length) {
        size_t taken;
        PyObject *part = Py_NewRef(bytes), *result = NULL;
        if (at > 0) {
            Py_DECREF(part);
            part = view || (view = PyMemoryView_FromObject(bytes)) ? PySequence_GetSlice(view, (Py_ssize_t)at, (Py_ssize_t)length) : NULL;
        }
        if (part)
            result = qpy_call_method(fp, "write", part);
        Py_XDECREF(part);
        int ok = result && bytes_taken(fp, result, length - at, &taken);
        Py_XDECREF(result);
        if (!ok)
            break;
        at += taken;
    }
    Py_XDECREF(view);
    return at == length;
}

PyObject *qpy_encoder_write(PyObject *op, PyObject *const *args, Py_ssize_t count)
{
    qpy_encoder *self = (qpy_encoder *)op;
    qpy_walker walker;
    if (count != 2) {
        PyErr_Format(PyExc_TypeError, "write() takes an object and a binary file, %zd arguments were given", count);
        return NULL;
    }
    start(self, &walker);
    PyObject *bytes = NULL, *result = NULL;
    if (append(self, &walker, args[0]))
        bytes = qpy_walker_finish(&walker, 1);
    else
        qpy_walker_release(&walker);
    if (!bytes)
        return NULL;
    self->hint = qpy_next_hint(self->hint, (size_t)PyBytes_GET_SIZE(bytes));
    if (write_all(args[1], bytes))
        result = PyLong_FromSsize_t(PyBytes_GET_SIZE(bytes));
    Py_DECREF(bytes);
    return result;
}
