/* SPDX-License-Identifier: Apache-2.0 */
/* inspect: what stands where in a payload, as a list of events, by the core's readers. Nothing is made of it but numbers, text
 * and bytes. */
#include "binding/inspect.h"

#include "binding/codec.h"
#include "core/format/dynamic.h"
#include "core/format/marshal_walk.h"
#include "core/format/pickle.h"

typedef struct listing {
    qr_reader r;
    PyObject *events;
    Py_ssize_t left; /* events that may still come */
    unsigned python;
} listing;

/* (offset, end, kind, value, flag, field); the value's reference is taken, NULL: failed. 1, or 0 with an exception or the reader's error. */
static int note(listing *self, const uint8_t *at, const uint8_t *end, const char *kind, PyObject *value, int flag, const char *field)
{
    if (!value)
        return 0;
    if (self->left-- <= 0) {
        Py_DECREF(value);
        return qr_reader_fail(&self->r, QR_ERROR_ITEMS, at);
    }
    PyObject *event = Py_BuildValue("(nnsNiz)", (Py_ssize_t)(at - self->r.start), (Py_ssize_t)(end - self->r.start), kind, value, flag, field);
    int ok = event && PyList_Append(self->events, event) == 0;
    Py_XDECREF(event);
    return ok;
}

static PyObject *bytes_of(const uint8_t *text, size_t length) { return PyBytes_FromStringAndSize((const char *)text, (Py_ssize_t)length); }

/* ---------------------------------------------------------------- JSON, MessagePack: tokens */

static int list_value(listing *self);

static PyObject *text_of(listing *self, const qr_token *token)
{
    enum { SLACK = 64 };
    uint8_t *room = token->length < PY_SSIZE_T_MAX / 2 ? PyMem_Malloc(token->length + SLACK) : NULL;
    if (!room)
        return PyErr_NoMemory();
    size_t n = qr_dynamic_copy_utf8(&self->r, token, room);
    PyObject *text = n == (size_t)-1 ? NULL : PyUnicode_DecodeUTF8((const char *)room, (Py_ssize_t)n, "surrogatepass");
    PyMem_Free(room);
    if (!text && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        PyErr_Clear();
        qr_reader_fail(&self->r, QR_ERROR_INVALID_UTF8, token->at);
    }
    return text;
}

static int list_scalar(listing *self, qr_token_kind kind, const qr_token *token)
{
    const uint8_t *at = token->at, *end = self->r.p;
    switch (kind) {
    case QR_TOKEN_NULL: return note(self, at, end, "null", Py_NewRef(Py_None), 0, NULL);
    case QR_TOKEN_BOOL: return note(self, at, end, "bool", PyBool_FromLong((long)token->i), 0, NULL);
    case QR_TOKEN_INT: return note(self, at, end, "int", PyLong_FromLongLong(token->i), 0, NULL);
    case QR_TOKEN_UINT: return note(self, at, end, "int", PyLong_FromUnsignedLongLong(token->u), 0, NULL);
    case QR_TOKEN_BIG: return note(self, at, end, "int", bytes_of(token->text, token->length), 0, NULL); /* its digits */
    case QR_TOKEN_FLOAT: return note(self, at, end, "float", PyFloat_FromDouble(token->d), 0, NULL);
    case QR_TOKEN_STR: return note(self, at, end, "str", text_of(self, token), 0, NULL);
    case QR_TOKEN_BYTES: return note(self, at, end, "bytes", bytes_of(token->text, token->length), 0, NULL);
    case QR_TOKEN_EXT: return note(self, at, end, "ext", Py_BuildValue("(iN)", token->ext, bytes_of(token->text, token->length)), 0, NULL);
    default: return 0;
    }
}

static int list_array(listing *self, qr_dynamic_iter iter, const uint8_t *at)
{
    qr_reader *r = &self->r;
    QR_READER_ENTER(r, list_array(self, iter, at));
    int ok = note(self, at, r->p, "array", Py_NewRef(Py_None), 0, NULL);
    while (ok && qr_dynamic_more_array(r, &iter))
        ok = list_value(self);
    qr_reader_leave(r);
    return ok && r->error == QR_ERROR_NONE && note(self, r->p, r->p, "end", Py_NewRef(Py_None), 0, NULL);
}

static int list_token(listing *self, qr_token_kind kind, qr_token *token);

static int list_map(listing *self, qr_dynamic_iter iter, const uint8_t *at)
{
    qr_reader *r = &self->r;
    QR_READER_ENTER(r, list_map(self, iter, at));
    int ok = note(self, at, r->p, "map", Py_NewRef(Py_None), 0, NULL);
    while (ok && qr_dynamic_more_map(r, &iter)) {
        qr_token key;
        ok = list_token(self, qr_dynamic_key_any(r, &iter, &key), &key) && list_value(self);
    }
    qr_reader_leave(r);
    return ok && r->error == QR_ERROR_NONE && note(self, r->p, r->p, "end", Py_NewRef(Py_None), 0, NULL);
}

static int list_token(listing *self, qr_token_kind kind, qr_token *token)
{
    qr_dynamic_iter iter;
    if (kind != QR_TOKEN_ARRAY && kind != QR_TOKEN_MAP)
        return kind != QR_TOKEN_ERROR && list_scalar(self, kind, token);
    qr_dynamic_open(&self->r, token, &iter);
    return kind == QR_TOKEN_ARRAY ? list_array(self, iter, token->at) : list_map(self, iter, token->at);
}

static int list_value(listing *self)
{
    qr_token token;
    return list_token(self, qr_dynamic_next(&self->r, &token), &token);
}

/* ---------------------------------------------------------------- pickle: instructions */

static PyObject *argument_of(const qr_pickle_instruction *op, unsigned argument)
{
    switch (argument) {
    case QR_PICKLE_ARG_NONE: return Py_NewRef(Py_None);
    case QR_PICKLE_ARG_I4: return PyLong_FromLongLong(op->i);
    case QR_PICKLE_ARG_U1:
    case QR_PICKLE_ARG_U2:
    case QR_PICKLE_ARG_U4:
    case QR_PICKLE_ARG_U8: return PyLong_FromUnsignedLongLong(op->u);
    case QR_PICKLE_ARG_FLOAT8: return PyFloat_FromDouble(op->d);
    case QR_PICKLE_ARG_TWO_LINES: return Py_BuildValue("(NN)", bytes_of(op->text, op->length), bytes_of(op->second, op->second_length));
    default: return bytes_of(op->text, op->length);
    }
}

static int list_pickle(listing *self)
{
    qr_pickle_instruction op = {0};
    while (op.code != QR_PICKLE_STOP) {
        if (!qr_pickle_next(&self->r, &op))
            return 0;
        const qr_pickle_info *info = qr_pickle_info_of(op.code);
        if (!note(self, op.at, self->r.p, info->name, argument_of(&op, info->argument), info->argument == QR_PICKLE_ARG_NONE, NULL))
            return 0;
    }
    return 1;
}

/* ---------------------------------------------------------------- marshal */

static PyObject *number_of_digits(const qr_marshal_item *item)
{
    PyObject *value = PyLong_FromLong(0), *shift = PyLong_FromLong(15);
    for (size_t i = item->length; shift && value && i;) {
        i -= 2;
        PyObject *shifted = PyNumber_Lshift(value, shift), *low = PyLong_FromLong(qr_load16(item->text + i));
        Py_SETREF(value, shifted && low ? PyNumber_Or(shifted, low) : NULL);
        Py_XDECREF(shifted);
        Py_XDECREF(low);
    }
    if (!shift)
        Py_CLEAR(value);
    if (value && item->i < 0)
        Py_SETREF(value, PyNumber_Negative(value));
    Py_XDECREF(shift);
    return value;
}

static PyObject *value_of(const qr_marshal_item *item)
{
    enum { MOST_DIGITS = 4096 }; /* of 15 bits; for more it takes too long */
    switch (qr_marshal_info_of(item->code)->argument) {
    case QR_MARSHAL_ARG_NONE:
    case QR_MARSHAL_ARG_PAIRS:
    case QR_MARSHAL_ARG_FIELDS:
    case QR_MARSHAL_ARG_THREE: return Py_NewRef(Py_None);
    case QR_MARSHAL_ARG_FLOAT8: return PyFloat_FromDouble(item->d[0]);
    case QR_MARSHAL_ARG_TWO_FLOATS: return PyComplex_FromDoubles(item->d[0], item->d[1]);
    case QR_MARSHAL_ARG_DIGITS: return item->length > 2 * MOST_DIGITS ? bytes_of(item->text, item->length) : number_of_digits(item);
    case QR_MARSHAL_ARG_TWO_FLOAT_TEXTS: return Py_BuildValue("(NN)", bytes_of(item->text, item->length), bytes_of(item->second, item->second_length));
    case QR_MARSHAL_ARG_FLOAT_TEXT:
    case QR_MARSHAL_ARG_BYTES4:
    case QR_MARSHAL_ARG_UTF8_4:
    case QR_MARSHAL_ARG_LATIN4:
    case QR_MARSHAL_ARG_LATIN1: return bytes_of(item->text, item->length);
    default: return PyLong_FromLongLong(item->i);
    }
}

static int list_event(listing *self, const qr_marshal_event *event)
{
    switch (event->kind) {
    case QR_MARSHAL_EVENT_END: return note(self, event->item.at, event->end, "end", Py_NewRef(Py_None), 0, NULL);
    case QR_MARSHAL_EVENT_NUMBER: return note(self, event->item.at, event->end, "NUMBER", PyLong_FromLongLong(event->item.i), 0, event->field);
    default:
        return note(self, event->item.at, event->end, qr_marshal_info_of(event->item.code)->name, value_of(&event->item), event->item.flag, event->field);
    }
}

static int list_marshal(listing *self)
{
    qr_marshal_walk walk;
    qr_marshal_event event;
    int ok = 1;
    self->r.limits.depth = 2000;
    qr_marshal_walk_init(&walk, &self->r, self->python);
    while (ok && qr_marshal_walk_next(&walk, &event))
        ok = list_event(self, &event);
    qr_marshal_walk_release(&walk);
    return ok && self->r.error == QR_ERROR_NONE;
}

/* ---------------------------------------------------------------- the functions */

static const qr_dynamic *dynamic_of(PyObject *format)
{
#define X(NAME, name)                                                    \
    if (PyUnicode_CompareWithASCIIString(format, #name) == 0)            \
        return &qr_##name##_dynamic;
#include "core/format/formats.def"
#undef X
    return NULL;
}

static int list_any(listing *self, PyObject *format)
{
    if (PyUnicode_CompareWithASCIIString(format, "pickle") == 0)
        return list_pickle(self);
    if (PyUnicode_CompareWithASCIIString(format, "marshal") == 0)
        return list_marshal(self);
    if (!(self->r.dynamic = dynamic_of(format))) {
        PyErr_Format(PyExc_ValueError, "no such format: %R", format);
        return 0;
    }
    return list_value(self);
}

static PyObject *inspect_events(PyObject *module, PyObject *args)
{
    PyObject *data, *format, *error = NULL, *result = NULL;
    Py_ssize_t offset, most;
    qpy_input input;
    int python;
    if (!PyArg_ParseTuple(args, "OUnni:inspect_events", &data, &format, &offset, &most, &python) || !qpy_input_init(&input, data, 0))
        return NULL;
    listing self = {.events = PyList_New(0), .left = most, .python = (unsigned)python};
    qr_reader_init(&self.r, input.data, input.length, NULL, QR_READ_NON_FINITE | QR_READ_LONE_SURROGATES);
    self.r.p += offset < 0 ? 0 : (size_t)offset < input.length ? (size_t)offset : input.length;
    int ok = self.events && list_any(&self, format);
    if (!ok && !PyErr_Occurred())
        error = Py_BuildValue("(ssn)", qr_error_code(self.r.error), qr_error_message(self.r.error), (Py_ssize_t)(self.r.error_at - self.r.start));
    else if (ok)
        error = Py_NewRef(Py_None);
    if (error)
        result = Py_BuildValue("(OOn)", self.events, error, (Py_ssize_t)(self.r.p - self.r.start));
    Py_XDECREF(error);
    Py_XDECREF(self.events);
    qr_reader_release(&self.r);
    qpy_input_release(&input);
    return result;
}

static PyObject *pyc_head(PyObject *module, PyObject *data)
{
    qpy_input input;
    qr_pyc_head head;
    PyObject *result;
    if (!qpy_input_init(&input, data, 0))
        return NULL;
    if (!qr_pyc_read_head(input.data, input.length, &head))
        result = Py_NewRef(Py_None);
    else
        result = Py_BuildValue("(IInIIIN)", head.magic, head.version, (Py_ssize_t)head.length, head.flags, head.mtime, head.size,
                               head.hash ? bytes_of(head.hash, 8) : Py_NewRef(Py_None));
    qpy_input_release(&input);
    return result;
}

static PyMethodDef methods[] = {
    {"inspect_events", inspect_events, METH_VARARGS,
     "inspect_events($module, data, format, offset, most, python, /)\n--\n\nWhat stands where: (events, error or None, end).\n\n"
     "An event is (offset, end, kind, value, flag, field); an error (code, message, offset)."},
    {"pyc_head", pyc_head, METH_O,
     "pyc_head($module, data, /)\n--\n\n(magic, version, length, flags, mtime, size, hash) of a .pyc, or None for anything else."},
    {NULL, NULL, 0, NULL},
};

int qpy_inspect_init(PyObject *module, qpy_state *Py_UNUSED(state)) { return PyModule_AddFunctions(module, methods); }
