/* SPDX-License-Identifier: Apache-2.0 */
/* input: from a file, as much as the next opcode needs and no more, unless the file lets itself be peeked at.
 *
 *   view or own:   done with | p .. not used yet .. end
 *                       ahead ^ what is behind it was only peeked at: the file still stands there
 *
 * A declared length is no reason to allocate: what is longer than CHUNK comes in pieces that double. */
#include "binding/pickle/machine.h"

#include "binding/attribute.h"
#include "binding/bytearray.h"

enum { PEEK = 128 * 1024, CHUNK = 1024 * 1024 };

/* ---------------------------------------------------------------- what there is */

void qpy_unpickle_drop_input(qpy_unpickle *m)
{
    Py_buffer view = m->view;
    uint8_t *own = m->own;
    m->view.obj = NULL;
    m->own = NULL;
    m->p = m->end = m->ahead = NULL;
    if (view.obj)
        PyBuffer_Release(&view);
    PyMem_Free(own);
}

/* Input is this object's bytes now; those that were there are done with. */
static int set_view(qpy_unpickle *m, PyObject *data)
{
    Py_buffer view;
    if (PyObject_GetBuffer(data, &view, PyBUF_CONTIG_RO) < 0)
        return 0;
    qpy_unpickle_drop_input(m);
    m->view = view;
    m->p = view.buf;
    m->end = m->ahead = m->p + view.len;
    return 1;
}

int qpy_unpickle_set_data(qpy_unpickle *self, PyObject *data) { return set_view(self, data); }

int qpy_unpickle_set_file(qpy_unpickle *self, PyObject *file)
{
    static const struct { const char *name; size_t offset; } methods[] = {
        {"peek", offsetof(qpy_unpickle, peek)}, {"readinto", offsetof(qpy_unpickle, readinto)},
        {"read", offsetof(qpy_unpickle, read)}, {"readline", offsetof(qpy_unpickle, readline)},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(methods); i++) {
        PyObject **place = (PyObject **)(void *)((char *)self + methods[i].offset);
        if (!(*place = qpy_attribute(file, methods[i].name))) {
            if (!PyErr_ExceptionMatches(PyExc_AttributeError))
                return 0;
            PyErr_Clear();
        }
    }
    if (self->read && self->readline)
        return 1;
    PyErr_SetString(PyExc_TypeError, "file must have 'read' and 'readline' attributes");
    return 0;
}

/* ---------------------------------------------------------------- the file */

static PyObject *call_with_size(PyObject *function, size_t n)
{
    PyObject *size = PyLong_FromSize_t(n), *result = size ? PyObject_CallOneArg(function, size) : NULL;
    Py_XDECREF(size);
    return result;
}

int qpy_unpickle_skip_peeked(qpy_unpickle *m)
{
    if (m->p <= m->ahead)
        return 1;
    PyObject *skipped = call_with_size(m->read, (size_t)(m->p - m->ahead));
    if (!skipped)
        return 0;
    Py_DECREF(skipped);
    m->ahead = m->p;
    return 1;
}

/* What was read and is not used, and then `data`. */
static int append(qpy_unpickle *m, PyObject *data)
{
    size_t left = m->ahead == m->end ? (size_t)(m->end - m->p) : 0; /* what was peeked at comes again */
    Py_buffer view;
    if (left == 0)
        return set_view(m, data);
    if (PyObject_GetBuffer(data, &view, PyBUF_CONTIG_RO) < 0)
        return 0;
    left = m->ahead == m->end ? (size_t)(m->end - m->p) : 0;
    uint8_t *own = PyMem_Malloc(left + (size_t)view.len + 1);
    if (own) {
        if (left)
            memcpy(own, m->p, left);
        memcpy(own + left, view.buf, (size_t)view.len);
        size_t length = left + (size_t)view.len;
        qpy_unpickle_drop_input(m);
        m->own = own;
        m->p = own;
        m->end = m->ahead = own + length;
    }
    else
        PyErr_NoMemory();
    PyBuffer_Release(&view);
    return own != NULL;
}

static int take(qpy_unpickle *m, PyObject *data)
{
    int ok = data && append(m, data);
    Py_XDECREF(data);
    return ok;
}

static int more_line(qpy_unpickle *m)
{
    if (!qpy_unpickle_skip_peeked(m))
        return 0;
    PyObject *line = PyObject_CallNoArgs(m->readline);
    size_t before = m->ahead == m->end ? (size_t)(m->end - m->p) : 0;
    if (!take(m, line))
        return 0;
    return (size_t)(m->end - m->p) > before && m->end[-1] == '\n' ? 1 : qpy_unpickle_truncated(m);
}

/* 1: n bytes are there; 0: not by peeking; -1 with an exception. */
static int try_to_peek(qpy_unpickle *m, size_t n)
{
    PyObject *data = call_with_size(m->peek, PEEK);
    if (!data) {
        if (!PyErr_ExceptionMatches(PyExc_NotImplementedError))
            return -1;
        PyErr_Clear();
        Py_CLEAR(m->peek);
        return 0;
    }
    int ok = set_view(m, data);
    Py_DECREF(data);
    if (!ok)
        return -1;
    m->ahead = m->p;
    return (size_t)(m->end - m->p) >= n;
}

int qpy_unpickle_more(qpy_unpickle *m, size_t n)
{
    if (!m->read)
        return n != (size_t)QR_PICKLE_WHOLE_LINE && n > (size_t)PY_SSIZE_T_MAX
                   ? (PyErr_Format(PyExc_OverflowError, "BINUNICODE exceeds system's maximum size of %zd bytes", PY_SSIZE_T_MAX), 0)
                   : qpy_unpickle_truncated(m);
    if (n == (size_t)QR_PICKLE_WHOLE_LINE)
        return more_line(m);
    if (n > (size_t)PY_SSIZE_T_MAX) {
        PyErr_Format(PyExc_OverflowError, "BINUNICODE exceeds system's maximum size of %zd bytes", PY_SSIZE_T_MAX);
        return 0;
    }
    if (!qpy_unpickle_skip_peeked(m))
        return 0;
    if (m->peek && n < PEEK && m->ahead == m->p) {
        int peeked = try_to_peek(m, n);
        if (peeked)
            return peeked > 0;
    }
    for (size_t step = CHUNK;; step *= 2) {
        size_t have = m->ahead == m->end ? (size_t)(m->end - m->p) : 0, lacking = n > have ? n - have : 0;
        if (lacking == 0)
            return 1;
        size_t wanted = lacking < step ? lacking : step;
        if (!take(m, call_with_size(m->read, wanted)))
            return 0;
        if ((size_t)(m->end - m->p) < have + wanted)
            return qpy_unpickle_truncated(m);
    }
}

/* ---------------------------------------------------------------- bytes that go straight to their object */

/* The n bytes at `to`, for the file to write to. Of a bytearray it is an export, which keeps it from being moved. */
static PyObject *view_of(PyObject *object, char *to, size_t n)
{
    if (!PyByteArray_Check(object))
        return PyMemoryView_FromMemory(to, (Py_ssize_t)n, PyBUF_WRITE);
    PyObject *whole = PyMemoryView_FromObject(object), *part = NULL;
    Py_ssize_t at = to - PyByteArray_AS_STRING(object);
    if (whole)
        part = PySequence_GetSlice(whole, at, at + (Py_ssize_t)n);
    Py_XDECREF(whole);
    return part;
}

/* The file is done with the view, or has made others of it: then the bytes are kept for ever, so that these never see freed memory. 1, or 0
 * with BufferError. */
static int take_back(PyObject *object, PyObject *view)
{
    PyMemoryViewObject *v = (PyMemoryViewObject *)view;
    int is_released = v->flags & _Py_MEMORYVIEW_RELEASED; /* by the file itself */
    if (PyByteArray_Check(object))
        return 1;
    if (v->exports > 0 || v->mbuf->exports > !is_released) {
        Py_INCREF(object);
        PyErr_SetString(PyExc_BufferError, "readinto() keeps the buffer that it was given");
        return 0;
    }
    PyObject *released = Py_REFCNT(view) > 1 && !is_released ? qpy_call_method(view, "release", NULL) : Py_NewRef(Py_None);
    Py_XDECREF(released);
    return released != NULL;
}

static int call_readinto(qpy_unpickle *m, PyObject *object, char *to, size_t n)
{
    PyObject *view = view_of(object, to, n), *type, *error, *traceback;
    if (!view)
        return 0;
    PyObject *count = PyObject_CallOneArg(m->readinto, view);
    Py_ssize_t got = count ? PyNumber_AsSsize_t(count, PyExc_OverflowError) : -1;
    Py_XDECREF(count);
    PyErr_Fetch(&type, &error, &traceback);
    int ok = take_back(object, view);
    Py_DECREF(view);
    if (type && !ok)
        PyErr_Clear();
    if (type)
        PyErr_Restore(type, error, traceback);
    if (type || !ok)
        return 0;
    if (got < 0)
        return qpy_unpickle_truncated(m);
    return (size_t)got >= n ? 1 : qpy_unpickle_truncated(m);
}

static int call_read(qpy_unpickle *m, char *to, size_t n)
{
    PyObject *data = call_with_size(m->read, n);
    int ok = 0;
    if (data && !PyBytes_Check(data))
        PyErr_Format(PyExc_ValueError, "read() returned non-bytes object (%R)", Py_TYPE(data));
    else if (data && (size_t)PyBytes_GET_SIZE(data) < n)
        qpy_unpickle_truncated(m);
    else if (data) {
        memcpy(to, PyBytes_AS_STRING(data), n);
        ok = 1;
    }
    Py_XDECREF(data);
    return ok;
}

/* n bytes from the input to `to`, which lies in the object. */
static int read_into(qpy_unpickle *m, PyObject *object, char *to, size_t n)
{
    size_t have = (size_t)(m->end - m->p), taken = have < n ? have : n;
    if (taken) {
        memcpy(to, m->p, taken);
        m->p += taken;
        to += taken;
        n -= taken;
    }
    if (n == 0)
        return 1;
    if (!qpy_unpickle_skip_peeked(m))
        return 0;
    return m->readinto ? call_readinto(m, object, to, n) : call_read(m, to, n);
}

PyObject *qpy_unpickle_read_bytes(qpy_unpickle *m, unsigned size, int mutable_)
{
    if ((size_t)(m->end - m->p) < size && !qpy_unpickle_more(m, size))
        return NULL;
    uint64_t length = qr_pickle_little_endian(m->p, size);
    if (length > (uint64_t)PY_SSIZE_T_MAX)
        return PyErr_Format(PyExc_OverflowError, "%s exceeds system's maximum size of %zd bytes", mutable_ ? "BYTEARRAY8" : "BINBYTES", PY_SSIZE_T_MAX);
    m->p += size;
    if (!m->read && length > (uint64_t)(m->end - m->p)) {
        qpy_unpickle_truncated(m);
        return NULL;
    }
    size_t done = 0, room = length < CHUNK ? (size_t)length : CHUNK;
    PyObject *object = mutable_ ? qpy_bytearray_new(NULL, (Py_ssize_t)room) : PyBytes_FromStringAndSize(NULL, (Py_ssize_t)room);
    while (object) {
        char *to = mutable_ ? PyByteArray_AS_STRING(object) : PyBytes_AS_STRING(object);
        if (!read_into(m, object, to + done, room - done)) {
            Py_CLEAR(object);
            break;
        }
        done = room;
        if (done == length)
            break;
        room = length - done < done ? (size_t)length : 2 * done;
        if (mutable_) {
            if (PyByteArray_Resize(object, (Py_ssize_t)room) < 0)
                Py_CLEAR(object);
        }
        else
            _PyBytes_Resize(&object, (Py_ssize_t)room);
    }
    return object;
}
