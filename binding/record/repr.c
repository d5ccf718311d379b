/* SPDX-License-Identifier: Apache-2.0 */
/* Point(x=1, y=2): the pieces are collected first, so that the text is written once, at its final width. */
#include "binding/record/internal.h"

enum { ON_STACK = 32 };

#define SECRET_TEXT "<secret>"

static PyObject *value_text(const qpy_record_field *field, PyObject *value)
{
    if (value == NULL)
        return PyUnicode_FromString("<not set>");
    if (field->secret)
        return PyUnicode_FromString(SECRET_TEXT);
    PyTypeObject *type = Py_TYPE(value);
    if (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type)
        return type->tp_repr(value);
    Py_INCREF(value); /* user code may replace it in the record meanwhile */
    PyObject *text = PyObject_Repr(value);
    Py_DECREF(value);
    return text;
}

/* Writes `piece` at *at, advancing it. `ascii` is the destination when everything is ASCII. */
static int put(PyObject *text, Py_UCS1 *ascii, Py_ssize_t *at, PyObject *piece)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(piece);
    if (ascii != NULL)
        memcpy(ascii + *at, PyUnicode_1BYTE_DATA(piece), (size_t)length);
    else if (PyUnicode_CopyCharacters(text, *at, piece, 0, length) < 0)
        return -1;
    *at += length;
    return 0;
}

static void put_char(PyObject *text, Py_ssize_t *at, char c)
{
    PyUnicode_WRITE(PyUnicode_KIND(text), PyUnicode_DATA(text), *at, (Py_UCS4)c);
    *at += 1;
}

/* head(name=text, name=text): texts[i] is NULL for a field that is not shown. */
static PyObject *assemble(qpy_record_class *cls, PyObject *head, PyObject **texts)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(head) + 2, shown = 0, at = 0;
    Py_UCS4 widest = PyUnicode_MAX_CHAR_VALUE(head);
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        if (texts[i] == NULL)
            continue;
        PyObject *name = cls->fields[i].name;
        widest |= PyUnicode_MAX_CHAR_VALUE(name) | PyUnicode_MAX_CHAR_VALUE(texts[i]);
        length += PyUnicode_GET_LENGTH(name) + 1 + PyUnicode_GET_LENGTH(texts[i]) + (shown++ ? 2 : 0);
    }
    PyObject *text = PyUnicode_New(length, widest > 0x10FFFF ? 0x10FFFF : widest);
    if (text == NULL)
        return NULL;
    Py_UCS1 *ascii = PyUnicode_IS_ASCII(text) ? PyUnicode_1BYTE_DATA(text) : NULL;
    if (put(text, ascii, &at, head) < 0)
        goto fail;
    put_char(text, &at, '(');
    for (Py_ssize_t i = 0, seen = 0; i < cls->count; i++) {
        if (texts[i] == NULL)
            continue;
        if (seen++) {
            put_char(text, &at, ',');
            put_char(text, &at, ' ');
        }
        if (put(text, ascii, &at, cls->fields[i].name) < 0)
            goto fail;
        put_char(text, &at, '=');
        if (put(text, ascii, &at, texts[i]) < 0)
            goto fail;
    }
    put_char(text, &at, ')');
    return text;
fail:
    Py_DECREF(text);
    return NULL;
}

static PyObject *repr_fields(PyObject *self)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    PyObject *inline_texts[ON_STACK], **texts = inline_texts, *result = NULL;
    Py_ssize_t made = 0;
    if (cls->count > ON_STACK && (texts = PyMem_Malloc((size_t)cls->count * sizeof *texts)) == NULL)
        return PyErr_NoMemory();
    PyObject *head = cls->head.ht_name; /* __name__ */
    Py_INCREF(head);
    for (; made < cls->count; made++) {
        const qpy_record_field *field = &cls->fields[made];
        texts[made] = NULL;
        if (field->repr && (texts[made] = value_text(field, *qpy_record_slot(self, field->offset))) == NULL)
            goto done;
    }
    result = assemble(cls, head, texts);
done:
    while (made > 0)
        Py_XDECREF(texts[--made]);
    Py_DECREF(head);
    if (texts != inline_texts)
        PyMem_Free(texts);
    return result;
}

PyObject *qpy_record_repr(PyObject *self)
{
    if (!PyObject_GC_IsTracked(self))
        return repr_fields(self); /* atoms only: no cycle, no depth */
    int entered = Py_ReprEnter(self);
    if (entered != 0)
        return entered < 0 ? NULL : PyUnicode_FromFormat("%U(...)", qpy_record_class_of(self)->head.ht_name);
    PyObject *result = NULL;
    if (!Py_EnterRecursiveCall(" while getting the repr of a record")) {
        result = repr_fields(self);
        Py_LeaveRecursiveCall();
    }
    Py_ReprLeave(self);
    return result;
}

PyObject *qpy_record_rich_repr(PyObject *self, PyObject *ignored)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    PyObject *pairs = PyList_New(0), *result = NULL;
    if (pairs == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        const qpy_record_field *field = &cls->fields[i];
        PyObject *value = *qpy_record_slot(self, field->offset);
        if (!field->repr || value == NULL)
            continue;
        PyObject *pair = field->secret ? Py_BuildValue("Os", field->name, SECRET_TEXT) : PyTuple_Pack(2, field->name, value);
        if (pair == NULL || PyList_Append(pairs, pair) < 0) {
            Py_XDECREF(pair);
            goto done;
        }
        Py_DECREF(pair);
    }
    result = PyObject_GetIter(pairs);
done:
    Py_DECREF(pairs);
    return result;
}
