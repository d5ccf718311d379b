/* SPDX-License-Identifier: Apache-2.0 */
/* The reader over objects, the half that is out of line: which token an object is, what a container holds that has no items to point
 * to, and what a fault points to. */
#include "binding/objects.h"

#include "binding/containers.h"
#include "binding/walk.h"

/* ---------------------------------------------------------------- tokens */

static qr_token_kind big_token(qr_reader *r, PyObject *object, qr_token *token)
{
    Py_INCREF(object);
    qpy_objects_of(r)->calls++; /* from 3.12 very long ones are the affair of a Python module */
    PyObject *digits = PyLong_Type.tp_repr(object);
    Py_DECREF(object);
    if (!digits) {
        qr_error error = PyErr_ExceptionMatches(PyExc_ValueError) ? QR_ERROR_INT_DIGITS : QR_ERROR_MEMORY; /* sys.set_int_max_str_digits */
        PyErr_Clear();
        return qr_reader_fail(r, error, token->at), QR_TOKEN_ERROR;
    }
    token->length = (size_t)PyUnicode_GET_LENGTH(digits);
    uint8_t *room = qr_reader_scratch(r, token->length);
    if (room)
        memcpy(room, PyUnicode_1BYTE_DATA(digits), token->length);
    token->text = room;
    Py_DECREF(digits);
    return room ? QR_TOKEN_BIG : QR_TOKEN_ERROR;
}

static qr_token_kind integer_token(qr_reader *r, PyObject *object, qr_token *token)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (!overflow) {
        token->i = value;
        return QR_TOKEN_INT;
    }
    if (overflow > 0) {
        unsigned long long wide = PyLong_AsUnsignedLongLong(object);
        if (!(wide == (unsigned long long)-1 && PyErr_Occurred())) {
            token->u = wide;
            return QR_TOKEN_UINT;
        }
        PyErr_Clear();
    }
    return big_token(r, object, token);
}

static qr_token_kind bytes_token(const void *data, Py_ssize_t length, qr_token *token)
{
    token->text = data;
    token->length = (size_t)length;
    return QR_TOKEN_BYTES;
}

qr_token_kind qpy_objects_token(qr_reader *r, PyObject *object, qr_token *token)
{
    token->at = (const uint8_t *)object;
    if (PyUnicode_Check(object)) {
#if PY_VERSION_HEX < 0x030C0000
        if (PyUnicode_READY(object) < 0) {
            PyErr_Clear();
            return qr_reader_fail(r, QR_ERROR_MEMORY, token->at), QR_TOKEN_ERROR;
        }
#endif
        return qr_objects_text(object, token) ? QR_TOKEN_STR : QR_TOKEN_ERROR;
    }
    if (PyBool_Check(object)) {
        token->i = object == Py_True;
        return QR_TOKEN_BOOL;
    }
    if (PyLong_Check(object))
        return integer_token(r, object, token);
    if (PyFloat_Check(object)) {
        token->d = PyFloat_AS_DOUBLE(object);
        return QR_TOKEN_FLOAT;
    }
    if (object == Py_None)
        return QR_TOKEN_NULL;
    if (PyDict_Check(object))
        return QR_TOKEN_MAP;
    if (PyList_Check(object) || PyTuple_Check(object) || PyAnySet_Check(object))
        return QR_TOKEN_ARRAY;
    if (PyBytes_Check(object))
        return bytes_token(PyBytes_AS_STRING(object), PyBytes_GET_SIZE(object), token);
    if (PyByteArray_Check(object))
        return bytes_token(PyByteArray_AS_STRING(object), PyByteArray_GET_SIZE(object), token);
    if (PyMemoryView_Check(object) && qpy_walk_is_flat(object) && PyBuffer_IsContiguous(PyMemoryView_GET_BUFFER(object), 'C'))
        return bytes_token(PyMemoryView_GET_BUFFER(object)->buf, PyMemoryView_GET_BUFFER(object)->len, token);
    if (qpy_containers_is_deque(qpy_objects_of(r)->sink.state, object))
        return QR_TOKEN_ARRAY;
    token->object = object;
    token->count = 0; /* not a key */
    return QR_TOKEN_OBJECT;
}

/* A lone surrogate becomes three bytes that are equal to no valid text. */
size_t qpy_objects_utf8(const qr_token *token, uint8_t *to)
{
    PyObject *str = (PyObject *)token->at;
    int kind = (int)PyUnicode_KIND(str);
    const void *data = PyUnicode_DATA(str);
    uint8_t *p = to;
    for (Py_ssize_t i = 0, n = PyUnicode_GET_LENGTH(str); i < n; i++) {
        Py_UCS4 c = PyUnicode_READ(kind, data, i);
        if (c < 0x80)
            *p++ = (uint8_t)c;
        else if (c < 0x800) {
            *p++ = (uint8_t)(0xC0 | c >> 6);
            *p++ = (uint8_t)(0x80 | (c & 0x3F));
        }
        else if (c < 0x10000) {
            *p++ = (uint8_t)(0xE0 | c >> 12);
            *p++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
            *p++ = (uint8_t)(0x80 | (c & 0x3F));
        }
        else {
            *p++ = (uint8_t)(0xF0 | c >> 18);
            *p++ = (uint8_t)(0x80 | (c >> 12 & 0x3F));
            *p++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
            *p++ = (uint8_t)(0x80 | (c & 0x3F));
        }
    }
    return (size_t)(p - to);
}

/* ---------------------------------------------------------------- containers */

int qpy_objects_changed(qr_reader *r) { return qr_reader_fail(r, QR_ERROR_INPUT_CHANGED, NULL); }

static int fail_user(qr_reader *r) { return qr_reader_fail(r, QR_ERROR_SINK, NULL); }

/* A set has no items to point to: they are read from a list. */
int qpy_objects_set_array(qr_reader *r, qpy_objects_iter *iter)
{
    qpy_objects *self = qpy_objects_of(r);
    PyObject *object = qpy_objects_at(r);
    if (!PyAnySet_Check(object) && !qpy_containers_is_deque(self->sink.state, object))
        return 0;
    Py_INCREF(object);
    self->calls++; /* a subclass may have an __iter__ */
    PyObject *list = PySequence_List(object);
    Py_DECREF(object);
    if (!list)
        return fail_user(r);
    Py_XSETREF(self->made, list);
    iter->source = list;
    iter->i = 0;
    iter->n = PyList_GET_SIZE(list);
    return (size_t)iter->n <= r->item_limit || qr_reader_fail(r, QR_ERROR_ITEMS, qr_objects_at(r));
}

/* A subclass that has its own order. */
PyObject *qpy_objects_plain_dict(qr_reader *r, PyObject *object)
{
    qpy_objects *self = qpy_objects_of(r);
    Py_INCREF(object);
    self->calls++;
    PyObject *items = PyMapping_Items(object), *plain = items ? PyDict_New() : NULL;
    if (plain && PyDict_MergeFromSeq2(plain, items, 1) < 0)
        Py_CLEAR(plain);
    Py_XDECREF(items);
    Py_DECREF(object);
    if (!plain)
        fail_user(r);
    Py_XSETREF(self->made, plain);
    return plain;
}

/* Those that are missing or UNSET are left out. */
int qpy_objects_next_attribute(qr_reader *r, qpy_objects_iter *iter)
{
    qpy_objects *self = qpy_objects_of(r);
    while (iter->i < iter->n) {
        uint32_t number = (uint32_t)iter->i++;
        PyObject *name = iter->plan->fields[number].name;
        if (iter->plan->core->fields[number].flags & QR_FIELD_GAP)
            continue;
        self->calls++;
        PyObject *value = PyObject_GetAttr(iter->source, name);
        if (!value) {
            if (!PyErr_ExceptionMatches(PyExc_AttributeError))
                return fail_user(r);
            PyErr_Clear();
            continue;
        }
        Py_XSETREF(self->record->value, value);
        if (value == self->sink.state->unset)
            continue;
        iter->field = &iter->plan->core->fields[number];
        iter->key_at = (const uint8_t *)name;
        qpy_objects_set(r, value);
        return 1;
    }
    return 0;
}

/* ---------------------------------------------------------------- faults */

int qpy_objects_keep(qpy_objects *self, PyObject *object)
{
    if (object && (self->kept || (self->kept = PyList_New(0))) && PyList_Append(self->kept, object) == 0)
        return 1;
    PyErr_Clear();
    return 0;
}

void qpy_objects_hold(qpy_objects *self)
{
    qr_reader *r = &self->reader;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (!self->failed && r->error_at && qr_error_class_of(r->error) == QR_CLASS_VALIDATION)
        self->failed = Py_NewRef((PyObject *)r->error_at);
    if (r->path->count > self->kept_steps) {
        qr_step *step = &r->path->steps[(r->path->count - 1) % QR_PATH_STEPS];
        self->kept_steps = r->path->count;
        if (step->kind == QR_STEP_KEY && !qpy_objects_keep(self, (PyObject *)step->at))
            step->at = NULL;
    }
    PyErr_Restore(type, value, traceback);
}

/* As in the other formats; what no format has is named by its class. */
static const char *name_of(PyObject *object)
{
    if (object == Py_None)
        return "null";
    if (PyBool_Check(object))
        return "bool";
    if (PyList_CheckExact(object) || PyTuple_CheckExact(object))
        return "array";
    return PyDict_CheckExact(object) ? "object" : qpy_raise_class_name(Py_TYPE(object));
}

static PyObject *value_at(qpy_state *Py_UNUSED(state), const qr_reader *r, const uint8_t *at, const char **got)
{
    PyObject *object = qpy_objects_of(r)->failed;
    if (!object)
        object = (PyObject *)at;
    *got = name_of(object);
    return PyUnicode_CheckExact(object) || PyLong_CheckExact(object) || PyFloat_CheckExact(object) || PyBool_Check(object) || PyBytes_CheckExact(object) ? Py_NewRef(object) : NULL;
}

static PyObject *key_at(qpy_state *Py_UNUSED(state), const qr_reader *Py_UNUSED(r), const void *at) { return Py_XNewRef((PyObject *)at); }

const qpy_format qpy_objects_format = {.name = "objects", .value_at = value_at, .key_at = key_at};
