/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/raw.h"

/* Steals bytes and format, either of which may be NULL after a failure. */
static PyObject *make_steal(PyTypeObject *type, PyObject *bytes, PyObject *format, Py_ssize_t offset)
{
    qpy_raw *raw = bytes == NULL || format == NULL ? NULL : PyObject_New(qpy_raw, type);
    if (raw == NULL) {
        Py_XDECREF(bytes);
        Py_XDECREF(format);
        return NULL;
    }
    raw->bytes = bytes;
    raw->format = format;
    raw->offset = offset;
    return (PyObject *)raw;
}

PyObject *qpy_raw_new(qpy_state *state, PyObject *bytes, Py_ssize_t offset, const char *format)
{
    PyObject *name = format == NULL ? Py_NewRef(Py_None) : PyUnicode_InternFromString(format);
    return make_steal(state->raw_type, Py_NewRef(bytes), name, offset);
}

int qpy_raw_is(PyObject *raw, const char *name)
{
    PyObject *format = ((qpy_raw *)raw)->format;
    return format == Py_None ? -1 : PyUnicode_CompareWithASCIIString(format, name) == 0;
}

static PyObject *raw_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"", "offset", "format", NULL};
    PyObject *data, *offset = Py_None, *format = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OO:Raw", (char **)names, &data, &offset, &format))
        return NULL;
    if (PyUnicode_Check(data) || !PyObject_CheckBuffer(data))
        return PyErr_Format(PyExc_TypeError, "Raw needs bytes, not %.200s", Py_TYPE(data)->tp_name);
    if (format != Py_None && !PyUnicode_CheckExact(format))
        return PyErr_Format(PyExc_TypeError, "Raw: format must be a str or None, not %.200s", Py_TYPE(format)->tp_name);
    Py_ssize_t at = -1;
    if (offset != Py_None) {
        at = PyNumber_AsSsize_t(offset, PyExc_OverflowError);
        if (at == -1 && PyErr_Occurred())
            return NULL;
        if (at < 0)
            return PyErr_Format(PyExc_ValueError, "Raw: offset must not be negative");
    }
    PyObject *bytes = PyBytes_CheckExact(data) ? Py_NewRef(data) : PyBytes_FromObject(data);
    return make_steal(type, bytes, Py_NewRef(format), at);
}

static void raw_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_DECREF(((qpy_raw *)self)->bytes);
    Py_DECREF(((qpy_raw *)self)->format);
    type->tp_free(self);
    Py_DECREF(type);
}

static int raw_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    PyObject *bytes = ((qpy_raw *)self)->bytes;
    return PyBuffer_FillInfo(view, self, PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes), 1, flags);
}

static PyObject *raw_richcompare(PyObject *a, PyObject *b, int operation)
{
    if (Py_TYPE(a) != Py_TYPE(b) || (operation != Py_EQ && operation != Py_NE))
        Py_RETURN_NOTIMPLEMENTED;
    return PyObject_RichCompare(((qpy_raw *)a)->bytes, ((qpy_raw *)b)->bytes, operation);
}

static Py_hash_t raw_hash(PyObject *self) { return PyObject_Hash(((qpy_raw *)self)->bytes); }

static PyObject *raw_repr(PyObject *self) { return PyUnicode_FromFormat("Raw(%R)", ((qpy_raw *)self)->bytes); }

static PyObject *raw_bytes(PyObject *self, PyObject *ignored) { return Py_NewRef(((qpy_raw *)self)->bytes); }

static PyObject *raw_same(PyObject *self, PyObject *ignored) { return Py_NewRef(self); }

static PyObject *raw_offset(PyObject *self, void *ignored)
{
    Py_ssize_t offset = ((qpy_raw *)self)->offset;
    return offset < 0 ? Py_NewRef(Py_None) : PyLong_FromSsize_t(offset);
}

static PyObject *raw_format(PyObject *self, void *ignored) { return Py_NewRef(((qpy_raw *)self)->format); }

static PyObject *raw_reduce(PyObject *self, PyObject *ignored)
{
    qpy_raw *raw = (qpy_raw *)self;
    return Py_BuildValue("O(ONO)", Py_TYPE(self), raw->bytes, raw_offset(self, NULL), raw->format);
}

static PyMethodDef raw_methods[] = {
    {"__bytes__", raw_bytes, METH_NOARGS, NULL},
    {"__copy__", raw_same, METH_NOARGS, NULL},
    {"__deepcopy__", raw_same, METH_O, NULL},
    {"__reduce__", raw_reduce, METH_NOARGS, NULL},
    {NULL},
};

static PyGetSetDef raw_getset[] = {
    {"offset", raw_offset, NULL, "where in the document it began, in bytes; None when unknown", NULL},
    {"format", raw_format, NULL, "the format it is written in; None when unknown", NULL},
    {NULL},
};

PyDoc_STRVAR(raw_doc, "Raw(data, /, offset=None, format=None)\n--\n\n"
                      "A value of a document as it was written: bytes(raw), memoryview(raw). Encoding writes it unchanged.");

static PyType_Slot raw_slots[] = {
    {Py_tp_doc, (void *)raw_doc},
    {Py_tp_new, raw_new},
    {Py_tp_dealloc, raw_dealloc},
    {Py_tp_richcompare, raw_richcompare},
    {Py_tp_hash, raw_hash},
    {Py_tp_repr, raw_repr},
    {Py_tp_methods, raw_methods},
    {Py_tp_getset, raw_getset},
    {Py_bf_getbuffer, raw_getbuffer},
    {0, NULL},
};

static PyType_Spec raw_spec = {
    .name = "quire.Raw",
    .basicsize = sizeof(qpy_raw),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = raw_slots,
};

int qpy_raw_init(PyObject *module, qpy_state *state)
{
    state->raw_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &raw_spec, NULL);
    return state->raw_type == NULL ? -1 : PyModule_AddObjectRef(module, "Raw", (PyObject *)state->raw_type);
}
