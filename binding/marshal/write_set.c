/* SPDX-License-Identifier: Apache-2.0 */
/* write_set: the elements of a set stand in the order of what each would be on its own (bpo-37596): that does not depend on hashes. */
#include "binding/marshal/write.h"

/* While what an element is on its own is written, the standard library holds it from 3.13 on, and does not before. */
enum { EXTRA_ALONE = PY_VERSION_HEX >= 0x030D0000 ? 0 : -1 };

typedef struct element {
    PyObject *object; /* strong */
    const uint8_t *text;
    size_t offset, length;
    size_t place;     /* in the set */
} element;

static int compare(const void *left, const void *right)
{
    const element *a = left, *b = right;
    int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
    if (order)
        return order;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

/* The n elements: 1, or 0 with an exception. Iterating makes an object, and with it the collector may run. */
static int take(PyObject *set, element *elements, size_t n)
{
    PyObject *iterator = PyObject_GetIter(set), *object;
    size_t i = 0;
    while (i < n && iterator && (object = PyIter_Next(iterator)))
        elements[i++] = (element){.object = object, .place = i};
    Py_XDECREF(iterator);
    if (i < n && !PyErr_Occurred())
        PyErr_SetString(PyExc_RuntimeError, "set changed size during iteration");
    return i == n;
}

/* What each is on its own, into the buffer that stands for the output meanwhile. */
static int write_alone(qpy_marshal_writer *w, element *elements, size_t n)
{
    qr_buffer *b = &w->walker.buffer;
    for (size_t i = 0; i < n; i++) {
        elements[i].offset = qr_buffer_length(b);
        if (!(w->canon ? qpy_marshal_write_canonically(w, elements[i].object) : qpy_marshal_write(w, elements[i].object, EXTRA_ALONE)))
            return 0;
        elements[i].length = qr_buffer_length(b) - elements[i].offset;
        qpy_marshal_refs_clear(w->refs, w->holding);
    }
    for (size_t i = 0; i < n; i++)
        elements[i].text = b->base + elements[i].offset;
    return 1;
}

static int sort(qpy_marshal_writer *w, element *elements, size_t n)
{
    qr_buffer output = w->walker.buffer;
    qpy_marshal_refs *refs = PyMem_Malloc(sizeof *refs);
    if (!refs)
        return qr_buffer_fail(&w->walker.buffer, QR_ERROR_MEMORY);
    qpy_marshal_refs_init(refs, w->refs);
    w->refs = refs;
    qr_buffer_init(&w->walker.buffer, &qpy_memory);
    int ok = write_alone(w, elements, n);
    if (ok)
        qsort(elements, n, sizeof *elements, compare);
    qr_error error = w->walker.buffer.error;
    qr_buffer_release(&w->walker.buffer);
    w->refs = refs->outer;
    qpy_marshal_refs_release(refs, w->holding);
    PyMem_Free(refs);
    w->walker.buffer = output;
    return error == QR_ERROR_NONE ? ok : qr_buffer_fail(&w->walker.buffer, error);
}

/* In their order. There a reference more than they have counts: the standard library holds them while it sorts. */
static int write_elements(qpy_marshal_writer *w, PyObject *o, element *elements, size_t n)
{
    if (!take(o, elements, n))
        return 0;
    if (!qpy_marshal_canon_is_looking(w) && !sort(w, elements, n))
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!qpy_marshal_write(w, elements[i].object, 0))
            return 0;
    return qr_buffer_reserve(&w->walker.buffer, QR_BUFFER_SLACK);
}

int qpy_marshal_write_set(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    QPY_MARSHAL_ENTER(qpy_marshal_write_set);
    size_t n = (size_t)PySet_GET_SIZE(o);
    int ok = 0;
    if (n > INT32_MAX)
        qr_buffer_fail(&w->walker.buffer, QR_ERROR_UNSUPPORTED_TYPE);
    else if (n && w->level >= QPY_MARSHAL_DEPTH)
        qr_buffer_fail(&w->walker.buffer, QR_ERROR_DEPTH);
    else {
        qr_marshal_put_int(&w->walker.buffer, (PyFrozenSet_CheckExact(o) ? QR_MARSHAL_FROZENSET : QR_MARSHAL_SET) | flag, (int32_t)n);
        ok = 1;
    }
    if (ok && n) {
        element *elements = PyMem_Calloc(n, sizeof *elements);
        qpy_marshal_hold(w);
        ok = elements ? write_elements(w, o, elements, n) : qr_buffer_fail(&w->walker.buffer, QR_ERROR_MEMORY);
        for (size_t i = 0; elements && i < n; i++)
            Py_XDECREF(elements[i].object);
        PyMem_Free(elements);
    }
    qpy_marshal_leave(w, o);
    return ok;
}
