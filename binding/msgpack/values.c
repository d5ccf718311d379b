/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack_unpack: what is rare: text that is no UTF-8, extensions, hooks; and the classes of quire.msgpack that the engine uses. */
#include "binding/attribute.h"
#include "binding/members.h"
#include "binding/msgpack/unpack.h"
#include "binding/scalar.h"

/* ---------------------------------------------------------------- exceptions */

static PyObject *exception_class(const char *name)
{
    PyObject *module = PyImport_ImportModule("quire.msgpack.exceptions"), *cls = module ? qpy_attribute(module, name) : NULL;
    Py_XDECREF(module);
    return cls;
}

PyObject *qpy_msgpack_raise(const char *name, const char *message)
{
    PyObject *cls = exception_class(name);
    if (cls && message)
        PyErr_SetString(cls, message);
    else if (cls)
        PyErr_SetNone(cls);
    Py_XDECREF(cls);
    return NULL;
}

PyObject *qpy_msgpack_raise_extra(PyObject *value, const uint8_t *data, size_t length)
{
    PyObject *cls = exception_class("ExtraData"), *rest = cls ? PyBytes_FromStringAndSize((const char *)data, (Py_ssize_t)length) : NULL;
    PyObject *error = rest ? PyObject_CallFunctionObjArgs(cls, value, rest, NULL) : NULL;
    if (error)
        PyErr_SetObject(cls, error);
    Py_XDECREF(error);
    Py_XDECREF(rest);
    Py_XDECREF(cls);
    Py_DECREF(value);
    return NULL;
}

/* ---------------------------------------------------------------- ExtType and Timestamp */

/* Where a slot of the class is in its instances: 0 or -1. */
static int find_slot(PyObject *cls, const char *name, Py_ssize_t *offset)
{
    PyObject *member = qpy_attribute(cls, name);
    int found = member && Py_IS_TYPE(member, &PyMemberDescr_Type);
    if (found)
        *offset = ((PyMemberDescrObject *)member)->d_member->offset;
    else if (member)
        PyErr_Format(PyExc_TypeError, "%s must be a slot", name);
    Py_XDECREF(member);
    return found ? 0 : -1;
}

PyObject *qpy_msgpack_set_types(PyObject *module, PyObject *args)
{
    qpy_state *state = qpy_state_of(module);
    PyTypeObject *ext, *timestamp;
    if (!PyArg_ParseTuple(args, "O!O!:_msgpack_types", &PyType_Type, &ext, &PyType_Type, &timestamp))
        return NULL;
    if (!PyType_IsSubtype(ext, &PyTuple_Type)) {
        PyErr_SetString(PyExc_TypeError, "ExtType must be a tuple");
        return NULL;
    }
    if (find_slot((PyObject *)timestamp, "seconds", &state->msgpack_slots[0]) < 0 || find_slot((PyObject *)timestamp, "nanoseconds", &state->msgpack_slots[1]) < 0)
        return NULL;
    Py_XSETREF(state->msgpack_ext, (PyTypeObject *)Py_NewRef(ext));
    Py_XSETREF(state->msgpack_timestamp, (PyTypeObject *)Py_NewRef(timestamp));
    Py_RETURN_NONE;
}

/* Importing the module hands them over. */
static int find_types(qpy_state *state)
{
    if (QR_LIKELY(state->msgpack_timestamp))
        return 0;
    PyObject *module = PyImport_ImportModule("quire.msgpack.ext");
    if (module && !state->msgpack_timestamp)
        PyErr_SetString(PyExc_ImportError, "quire.msgpack.ext has not made its classes known");
    Py_XDECREF(module);
    return state->msgpack_timestamp ? 0 : -1;
}

PyTypeObject *qpy_msgpack_ext_type(qpy_state *state) { return find_types(state) < 0 ? NULL : state->msgpack_ext; }
PyTypeObject *qpy_msgpack_timestamp_type(qpy_state *state) { return find_types(state) < 0 ? NULL : state->msgpack_timestamp; }

/* As the class makes it, but for the checks, which are done. */
static PyObject *new_timestamp(qpy_state *state, int64_t seconds, uint32_t nanoseconds)
{
    PyTypeObject *type = qpy_msgpack_timestamp_type(state);
    PyObject *self = type ? type->tp_alloc(type, 0) : NULL, *first, *second;
    if (!self)
        return NULL;
    first = PyLong_FromLongLong(seconds);
    second = PyLong_FromUnsignedLong(nanoseconds);
    *(PyObject **)((char *)self + state->msgpack_slots[0]) = first;
    *(PyObject **)((char *)self + state->msgpack_slots[1]) = second;
    if (!first || !second)
        Py_CLEAR(self);
    return self;
}

static PyObject *new_ext(qpy_state *state, PyObject *code, PyObject *data)
{
    PyTypeObject *type = qpy_msgpack_ext_type(state);
    if (!type)
        return NULL;
    if (PyLong_AsLong(code) < 0) { /* it says why not */
        return PyObject_CallFunctionObjArgs((PyObject *)type, code, data, NULL);
    }
    PyObject *pair = PyTuple_Pack(2, code, data), *args = pair ? PyTuple_Pack(1, pair) : NULL;
    PyObject *self = args ? PyTuple_Type.tp_new(type, args, NULL) : NULL;
    Py_XDECREF(args);
    Py_XDECREF(pair);
    return self;
}

/* ---------------------------------------------------------------- user code */

PyObject *qpy_unpack_hook(qpy_unpack *self, PyObject *hook, PyObject *value)
{
    qpy_outside saved = qpy_sink_go_outside(&self->sink);
    PyObject *result = PyObject_CallOneArg(hook, value);
    Py_DECREF(value);
    qpy_sink_come_back(&self->sink, saved);
    return result;
}

int qpy_unpack_check_key(qpy_unpack *self, PyObject *key)
{
    if (self->options->strict_map_key) {
        PyErr_Format(PyExc_ValueError, "%.100s is not allowed for map key when strict_map_key=True", Py_TYPE(key)->tp_name);
        return 0;
    }
    if (self->options->object_pairs_hook)
        return 1;
    qpy_outside saved = qpy_sink_go_outside(&self->sink);
    Py_INCREF(key);
    Py_hash_t hash = PyObject_Hash(key);
    Py_DECREF(key);
    qpy_sink_come_back(&self->sink, saved);
    return hash != -1;
}

PyObject *qpy_unpack_text(qpy_unpack *self, const qr_token *token)
{
    qpy_outside saved = qpy_sink_go_outside(&self->sink);
    PyObject *text = PyUnicode_DecodeUTF8((const char *)token->text, (Py_ssize_t)token->length, self->options->errors);
    qpy_sink_come_back(&self->sink, saved);
    return text;
}

/* ---------------------------------------------------------------- extensions */

static PyObject *as_integer(int64_t seconds, uint32_t nanoseconds)
{
    int64_t total;
    if (!__builtin_mul_overflow(seconds, INT64_C(1000000000), &total) && !__builtin_add_overflow(total, (int64_t)nanoseconds, &total))
        return PyLong_FromLongLong(total);
    PyObject *whole = PyLong_FromLongLong(seconds), *giga = PyLong_FromLong(1000000000), *rest = PyLong_FromUnsignedLong(nanoseconds);
    PyObject *product = whole && giga ? PyNumber_Multiply(whole, giga) : NULL, *sum = product && rest ? PyNumber_Add(product, rest) : NULL;
    Py_XDECREF(product);
    Py_XDECREF(rest);
    Py_XDECREF(giga);
    Py_XDECREF(whole);
    return sum;
}

/* Beyond the years of datetime, OverflowError as `epoch + timedelta` has it. */
static PyObject *as_datetime(qpy_state *state, int64_t seconds, uint32_t nanoseconds)
{
    qr_scalar scalar = {.zone = NULL};
    qr_timestamp_result result = qr_timestamp_from_unix(seconds, nanoseconds / 1000 * 1000, &scalar.datetime);
    if (result == QR_TIMESTAMP_OK)
        return qpy_scalar_new(state, QR_KIND_DATETIME, &scalar);
    int64_t days = seconds / 86400;
    if (days < INT_MIN || days > INT_MAX)
        PyErr_Format(PyExc_OverflowError, "days=%lld; too large to convert to C int", (long long)days);
    else if (days < -999999999 || days > 999999999)
        PyErr_Format(PyExc_OverflowError, "days=%d; must have magnitude <= 999999999", (int)days);
    else
        PyErr_SetString(PyExc_OverflowError, "date value out of range");
    return NULL;
}

static PyObject *make_timestamp(qpy_unpack *self, const qr_token *token)
{
    int64_t seconds;
    uint32_t nanoseconds;
    if (!qr_timestamp_read_ext(token->text, token->length, &seconds, &nanoseconds)) {
        if (token->length == 8 || token->length == 12)
            PyErr_SetString(PyExc_ValueError, "nanoseconds must be a non-negative integer not greater than 999999999.");
        else
            PyErr_Format(PyExc_ValueError, "invalid timestamp data (length %u)", (unsigned)token->length);
        return NULL;
    }
    switch (self->options->timestamp) {
    case QPY_TIMESTAMP_FLOAT: return PyFloat_FromDouble((double)nanoseconds / 1e9 + (double)seconds);
    case QPY_TIMESTAMP_INT: return as_integer(seconds, nanoseconds);
    case QPY_TIMESTAMP_DATETIME: return as_datetime(self->sink.state, seconds, nanoseconds);
    default: return new_timestamp(self->sink.state, seconds, nanoseconds);
    }
}

PyObject *qpy_unpack_ext(qpy_unpack *self, const qr_token *token)
{
    PyObject *hook = self->options->ext_hook, *result = NULL;
    if (hook == Py_None) {
        PyErr_SetString(PyExc_AssertionError, "u->ext_hook cannot be NULL");
        return NULL;
    }
    if ((Py_ssize_t)token->length > self->options->max_ext) /* the package counts the code too */
        return PyErr_Format(PyExc_ValueError, "%u exceeds max_ext_len(%zd)", (unsigned)token->length + 1, self->options->max_ext);
    qpy_outside saved = qpy_sink_go_outside(&self->sink);
    if (token->ext == -1)
        result = make_timestamp(self, token);
    else {
        PyObject *code = PyLong_FromLong(token->ext), *data = code ? PyBytes_FromStringAndSize((const char *)token->text, (Py_ssize_t)token->length) : NULL;
        if (data)
            result = hook ? PyObject_CallFunctionObjArgs(hook, code, data, NULL) : new_ext(self->sink.state, code, data);
        Py_XDECREF(data);
        Py_XDECREF(code);
    }
    qpy_sink_come_back(&self->sink, saved);
    return result;
}
