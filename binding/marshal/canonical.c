/* SPDX-License-Identifier: Apache-2.0 */
/* canonical: bytes that depend on the value alone, not on who else holds its parts.
 *
 * What can be referred to is what recurs: of text, bytes and numbers those that are equal (of the same type, to the bit), of anything
 * else the same object. A number of five bytes is written again: a reference is no shorter. Text is interned when it is ASCII and could
 * be part of a name, as the compiler has it. The standard library reads the result. */
#include "binding/marshal/write.h"

enum { SEEN_ONCE = 1, SEEN_AGAIN };

typedef struct qpy_marshal_canon {
    PyObject *values;  /* dict: a str, bytes or int -> the first of its value */
    PyObject *numbers; /* dict: the bytes of a float or complex -> the same */
    qpy_marshal_refs seen; /* object -> SEEN_ */
    int looking;
} qpy_marshal_canon;

int qpy_marshal_canon_is_looking(const qpy_marshal_writer *w) { return w->canon && w->canon->looking; }

int qpy_marshal_canon_interned(PyObject *text)
{
    if (!PyUnicode_IS_ASCII(text))
        return 0;
    const uint8_t *p = PyUnicode_DATA(text), *end = p + PyUnicode_GET_LENGTH(text);
    for (; p < end; p++)
        if (!(*p == '_' || (*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')))
            return 0;
    return 1;
}

/* The first of an equal value: borrowed, or NULL with an exception. The keys are of exact types: no user code runs. */
static PyObject *first_of(PyObject *dict, PyObject *key, PyObject *object)
{
    PyObject *first = PyDict_GetItemWithError(dict, key);
    return first || PyErr_Occurred() ? first : PyDict_SetItem(dict, key, object) < 0 ? NULL : object;
}

static PyObject *first_number(qpy_marshal_canon *canon, PyObject *object)
{
    Py_complex c = PyComplex_AsCComplex(object); /* of a float: imag 0 */
    if (c.real != c.real || c.imag != c.imag) /* two that are no numbers can be keys beside each other */
        return object;
    PyObject *key = PyBytes_FromStringAndSize((const char *)&c, PyFloat_CheckExact(object) ? sizeof c.real : sizeof c);
    PyObject *first = key ? first_of(canon->numbers, key, object) : NULL;
    Py_XDECREF(key);
    return first;
}

/* Is it an int of at most 32 bits? */
static int is_short(PyObject *o)
{
    int overflow;
    long long value = PyLong_CheckExact(o) ? PyLong_AsLongLongAndOverflow(o, &overflow) : 1LL << 40;
    return value == (int32_t)value && !(PyLong_CheckExact(o) && overflow);
}

qpy_canon_result qpy_marshal_canon_look(qpy_marshal_writer *w, PyObject **object)
{
    qpy_marshal_canon *canon = w->canon;
    PyObject *o = *object;
    if (is_short(o))
        return QPY_CANON_ONCE;
    if (PyUnicode_CheckExact(o) || PyBytes_CheckExact(o) || PyLong_CheckExact(o))
        o = first_of(canon->values, o, o);
    else if (PyFloat_CheckExact(o) || PyComplex_CheckExact(o))
        o = first_number(canon, o);
    if (!o)
        return QPY_CANON_FAILED;
    *object = o;
    qpy_marshal_ref *ref = qpy_marshal_refs_find(&canon->seen, o);
    int known = qpy_marshal_ref_is(&canon->seen, ref);
    if (!canon->looking)
        return known && ref->index == SEEN_AGAIN ? QPY_CANON_RECURS : QPY_CANON_ONCE;
    if (known) {
        ref->index = SEEN_AGAIN;
        return QPY_CANON_KNOWN;
    }
    *ref = (qpy_marshal_ref){Py_NewRef(o), SEEN_ONCE, canon->seen.round};
    if ((size_t)++canon->seen.count * 2 > canon->seen.room && !qpy_marshal_refs_grow(&canon->seen)) {
        qr_buffer_fail(&w->walker.buffer, QR_ERROR_MEMORY);
        return QPY_CANON_FAILED;
    }
    return QPY_CANON_ONCE;
}

int qpy_marshal_write_canonically(qpy_marshal_writer *w, PyObject *o)
{
    qpy_marshal_canon *outer = w->canon, *canon = PyMem_Malloc(sizeof *canon);
    qr_buffer *b = &w->walker.buffer;
    size_t start = qr_buffer_length(b);
    if (!canon)
        return qr_buffer_fail(b, QR_ERROR_MEMORY);
    qpy_marshal_refs_init(&canon->seen, NULL);
    canon->values = PyDict_New();
    canon->numbers = PyDict_New();
    canon->looking = w->version >= 3;
    w->canon = canon;
    int ok = canon->values && canon->numbers;
    if (ok && canon->looking) {
        ok = qpy_marshal_write(w, o, 0);
        canon->looking = 0;
        b->p = b->base + (b->error == QR_ERROR_NONE ? start : 0);
    }
    ok = ok && qpy_marshal_write(w, o, 0);
    qpy_marshal_refs_release(&canon->seen, 1);
    Py_XDECREF(canon->values);
    Py_XDECREF(canon->numbers);
    PyMem_Free(canon);
    w->canon = outer;
    return ok;
}
