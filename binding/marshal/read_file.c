/* SPDX-License-Identifier: Apache-2.0 */
/* read_file: marshal from a file, which is asked for no byte beyond the object.
 *
 * An item is gathered with the sizes that the core says are missing and then read as one in memory. `readinto` gets a memoryview of
 * a bytearray: whoever keeps it has nothing but an old one. */
#include "binding/marshal/read.h"

#include "binding/attribute.h"
#include "binding/bytearray.h"

struct qpy_marshal_file {
    PyObject *readinto; /* the method */
    PyObject *room;     /* bytearray that it fills */
    qr_buffer item;     /* what was read of the item */
    qr_buffer all;      /* what was read of the object: code objects may be for the standard library to make */
};

/* A bytearray of n bytes that nobody else looks into: 1, or 0 with an exception. */
static int make_room(qpy_marshal_file *file, size_t n)
{
    if (file->room && Py_REFCNT(file->room) == 1 && PyByteArray_Resize(file->room, (Py_ssize_t)n) == 0)
        return 1;
    PyErr_Clear();
    Py_XSETREF(file->room, qpy_bytearray_new(NULL, (Py_ssize_t)n));
    return file->room != NULL;
}

static Py_ssize_t call_readinto(qpy_marshal_file *file)
{
    PyObject *view = PyMemoryView_FromObject(file->room), *result = view ? PyObject_CallOneArg(file->readinto, view) : NULL;
    Py_ssize_t read = result ? PyNumber_AsSsize_t(result, PyExc_ValueError) : -1;
    Py_XDECREF(result);
    Py_XDECREF(view);
    return read;
}

static int append(qr_buffer *b, const char *data, size_t n)
{
    if (!qr_buffer_reserve(b, n + 1)) {
        PyErr_NoMemory();
        return 0;
    }
    memcpy(b->p, data, n);
    b->p += n;
    *b->p = 0; /* readers rely on it */
    return 1;
}

/* n more bytes of the item. */
static int read_more(qpy_marshal_reader *m, size_t n)
{
    qpy_marshal_file *file = m->file;
    int begins = qr_buffer_length(&file->item) == 0;
    if (!make_room(file, n))
        return 0;
    Py_ssize_t read = call_readinto(file);
    if (read == (Py_ssize_t)n && PyByteArray_GET_SIZE(file->room) >= read) {
        const char *data = PyByteArray_AS_STRING(file->room);
        return append(&file->item, data, n) && append(&file->all, data, n);
    }
    if (PyErr_Occurred())
        return 0;
    if (read > (Py_ssize_t)n)
        PyErr_Format(PyExc_ValueError, "read() returned too much data: %zd bytes requested, %zd returned", (Py_ssize_t)n, read);
    else
        PyErr_SetString(PyExc_EOFError, begins ? "EOF read where object expected" : "EOF read where not expected");
    return 0;
}

static int fetch(qpy_marshal_reader *m, uint64_t n)
{
    while (n) {
        size_t part = n < QPY_MARSHAL_CHUNK ? (size_t)n : QPY_MARSHAL_CHUNK;
        if (!read_more(m, part))
            return 0;
        n -= part;
    }
    return 1;
}

static void set_reader(qpy_marshal_reader *m)
{
    const qr_buffer *item = &m->file->item;
    m->r.p = m->r.start = item->base;
    m->r.end = item->p;
}

int qpy_marshal_fetch_item(qpy_marshal_reader *m)
{
    qr_buffer *item = &m->file->item;
    uint64_t missing;
    item->p = item->base;
    while ((missing = qr_marshal_missing(item->base, qr_buffer_length(item))))
        if (!fetch(m, missing))
            return 0;
    set_reader(m);
    return 1;
}

int qpy_marshal_fetch(qpy_marshal_reader *m, size_t n)
{
    if (!m->file)
        return 1;
    size_t used = qr_buffer_length(&m->file->item);
    if (!fetch(m, n))
        return 0;
    set_reader(m);
    m->r.p += used;
    return 1;
}

/* Does it read bytes? Asked for none of them. */
static int check_read(PyObject *file)
{
    PyObject *read = qpy_attribute(file, "read"), *data = read ? PyObject_CallFunction(read, "i", 0) : NULL;
    int ok = data && PyBytes_Check(data);
    if (data && !ok)
        PyErr_Format(PyExc_TypeError, "file.read() returned not bytes but %.100s", Py_TYPE(data)->tp_name);
    Py_XDECREF(data);
    Py_XDECREF(read);
    return ok;
}

static PyObject *load_from(qpy_marshal_reader *m)
{
    PyObject *object = qpy_marshal_read_object(m, "object");
    const qr_buffer *all = &m->file->all;
    if (object && m->handed_over)
        Py_SETREF(object, qpy_marshal_standard_loads(all->base, qr_buffer_length(all)));
    return object;
}

PyObject *qpy_marshal_load(qpy_state *state, PyObject *file, int allow_code)
{
    if (PySys_Audit("marshal.load", NULL) < 0 || !check_read(file))
        return NULL;
    qpy_marshal_reader m;
    qpy_marshal_file source = {.readinto = qpy_attribute(file, "readinto")};
    if (!source.readinto)
        return NULL;
    qr_buffer_init(&source.item, &qpy_memory);
    qr_buffer_init(&source.all, &qpy_memory);
    qpy_marshal_reader_init(&m, state, allow_code);
    qr_reader_init(&m.r, (const uint8_t *)"", 0, NULL, 0);
    qr_depth_init(&m.r.depth, 3 * QPY_MARSHAL_DEPTH);
    m.file = &source;
    PyObject *object = load_from(&m);
    qpy_marshal_reader_release(&m);
    qr_buffer_release(&source.item);
    qr_buffer_release(&source.all);
    Py_XDECREF(source.room);
    Py_DECREF(source.readinto);
    return object;
}
