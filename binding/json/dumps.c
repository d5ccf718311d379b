/* SPDX-License-Identifier: Apache-2.0 */
/* dumps: the output as a str, the options of a call or of an encoder, and the functions themselves. */
#include "binding/json/dumps.h"

#include "binding/attribute.h"
#include "binding/codec.h"
#include "binding/json/names.h"
#include "core/base/utf8.h"

/* ---------------------------------------------------------------- the output */

static int grow(qr_buffer *buffer, size_t need)
{
    qpy_json_writer *self = buffer->owner;
    return qpy_output_grow(&self->output, buffer, need);
}

void qpy_json_writer_init(qpy_json_writer *self, qpy_state *state, const qpy_json_style *style)
{
    self->buffer = (qr_buffer){.grow = grow, .owner = self};
    qpy_output_begin(&self->output, &self->buffer, self->room, sizeof self->room, state->json_hint, 1);
    self->state = state;
    self->style = style;
    self->deeper = NULL;
    self->depth = self->level = 0;
    qr_depth_init(&self->stack, QPY_JSON_DEPTH);
    self->wide = self->lone = 0;
    self->calls = 0;
    self->pairs = NULL;
}

/* UTF-8, perhaps with lone surrogates, as a str of the width that it needs. */
static PyObject *wide_text(const uint8_t *text, size_t n, int lone)
{
    size_t count;
    if (lone)
        return PyUnicode_DecodeUTF8((const char *)text, (Py_ssize_t)n, "surrogatepass");
    qr_text_class widest = qr_utf8_measure(text, n, &count);
    PyObject *str = PyUnicode_New((Py_ssize_t)count, qr_text_maximum(widest));
    if (str && QR_UNLIKELY(!qr_utf8_decode(text, n, PyUnicode_DATA(str), (unsigned)PyUnicode_KIND(str), count))) {
        Py_DECREF(str);
        PyErr_BadInternalCall();
        return NULL;
    }
    return str;
}

static PyObject *finished(qpy_json_writer *self)
{
    size_t length = qr_buffer_length(&self->buffer);
    self->state->json_hint = qpy_next_hint(self->state->json_hint, length);
    if (self->wide)
        return wide_text(self->buffer.base, length, self->lone);
    if (length >= self->state->str_least && !self->output.object)
        return qpy_str_from_ascii(&self->state->str_header, self->buffer.base, length);
    return qpy_output_take(&self->output, &self->buffer);
}

PyObject *qpy_json_writer_finish(qpy_json_writer *self, int ok)
{
    PyObject *result = ok ? finished(self) : NULL;
    if (!ok && self->style->cautious && !(PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_MemoryError))) {
        PyErr_Clear();
        result = Py_NewRef(Py_NotImplemented);
    }
    qpy_output_release(&self->output);
    Py_XDECREF(self->deeper);
    return result;
}

static PyObject *write_all(qpy_state *state, PyObject *object, const qpy_json_style *style)
{
    qpy_json_writer writer;
    qpy_json_writer_init(&writer, state, style);
    int ok = qpy_json_write(&writer, object);
    return qpy_json_writer_finish(&writer, ok);
}

/* ---------------------------------------------------------------- options */

static void set_mark(qpy_json_mark *mark, const void *text, size_t length)
{
    mark->text = text;
    mark->length = length;
    memset(mark->few, 0, sizeof mark->few);
    memcpy(mark->few, text, length < sizeof mark->few ? length : sizeof mark->few);
}

/* The text belongs to the caller. 0: not a str of ASCII. */
static int read_mark(PyObject *value, qpy_json_mark *mark)
{
    if (!PyUnicode_CheckExact(value) || !PyUnicode_IS_COMPACT_ASCII(value))
        return 0;
    set_mark(mark, PyUnicode_1BYTE_DATA(value), (size_t)PyUnicode_GET_LENGTH(value));
    return 1;
}

static const uint8_t spaces[] = "                ";

/* None, a number of spaces, or a text. */
static int read_indent(PyObject *value, qpy_json_style *style)
{
    style->indents = value != Py_None;
    if (value == Py_None)
        return 1;
    if (!PyLong_CheckExact(value) && !PyBool_Check(value))
        return read_mark(value, &style->indent);
    int overflow;
    long n = PyLong_AsLongAndOverflow(value, &overflow);
    n = n < 0 || overflow < 0 ? 0 : n; /* ' ' * -1 is nothing */
    if (overflow > 0 || n >= (long)sizeof spaces)
        return 0;
    set_mark(&style->indent, spaces, (size_t)n);
    return 1;
}

/* Only values whose truth is plain: everything else is the standard library's to judge, in its order. */
static int read_flag(PyObject *value, int *flag)
{
    if (PyLong_CheckExact(value) || PyBool_Check(value)) {
        *flag = PyObject_IsTrue(value);
        return 1;
    }
    return 0;
}

static void style_init(qpy_json_style *style)
{
    *style = (qpy_json_style){.ascii = 1, .check_circular = 1, .allow_nan = 1};
    set_mark(&style->item, ", ", 2);
    set_mark(&style->key, ": ", 2);
}

/* What of it the standard library does in Python has other ways with what is not plain. */
static void style_done(qpy_json_style *style, int is_dump) { style->cautious = is_dump || (QPY_JSON_INDENTS_IN_PYTHON && style->indents); }

static int read_separators(PyObject *value, qpy_json_style *style)
{
    return PyTuple_CheckExact(value) && PyTuple_GET_SIZE(value) == 2 && read_mark(PyTuple_GET_ITEM(value, 0), &style->item) &&
           read_mark(PyTuple_GET_ITEM(value, 1), &style->key);
}

/* 0: not for us. */
static int read_option(qpy_state *state, PyObject *name, PyObject *value, qpy_json_style *style, PyObject **separators)
{
    switch (qpy_json_name(state, name)) {
    case QPY_JSON_SKIPKEYS: return read_flag(value, &style->skip_keys);
    case QPY_JSON_ENSURE_ASCII: return read_flag(value, &style->ascii);
    case QPY_JSON_CHECK_CIRCULAR: return read_flag(value, &style->check_circular);
    case QPY_JSON_ALLOW_NAN: return read_flag(value, &style->allow_nan);
    case QPY_JSON_SORT_KEYS: return read_flag(value, &style->sort_keys);
    case QPY_JSON_INDENT: return read_indent(value, style);
    case QPY_JSON_CLS: return value == Py_None;
    case QPY_JSON_SEPARATORS: /* read last: what they are by default depends on the indentation */
        *separators = value;
        return 1;
    case QPY_JSON_DEFAULT:
        style->default_ = value == Py_None ? NULL : value;
        return 1;
    default: return 0;
    }
}

static int read_options(qpy_state *state, PyObject *const *values, PyObject *names, qpy_json_style *style)
{
    PyObject *separators = Py_None;
    Py_ssize_t n = names ? PyTuple_GET_SIZE(names) : 0;
    style_init(style);
    for (Py_ssize_t i = 0; i < n; i++)
        if (!read_option(state, PyTuple_GET_ITEM(names, i), values[i], style, &separators))
            return 0;
    if (separators != Py_None)
        return read_separators(separators, style);
    if (style->indents)
        set_mark(&style->item, ",", 1);
    return 1;
}

/* ---------------------------------------------------------------- dumps and dump */

static PyObject *dumps(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_state *state = qpy_state_of(module);
    qpy_json_style style;
    if (QR_LIKELY(count == 1) && QR_LIKELY(read_options(state, args + 1, names, &style))) {
        style_done(&style, 0);
        PyObject *text = write_all(state, args[0], &style);
        if (QR_LIKELY(text != Py_NotImplemented))
            return text;
        Py_DECREF(text);
    }
    return qpy_json_standard("dumps", args, count, names);
}

static PyObject *dump(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_state *state = qpy_state_of(module);
    qpy_json_style style;
    if (QR_LIKELY(count == 2) && QR_LIKELY(read_options(state, args + 2, names, &style))) {
        style_done(&style, 1);
        PyObject *text = write_all(state, args[0], &style), *done = NULL;
        if (QR_LIKELY(text != Py_NotImplemented)) {
            done = text ? qpy_call_method(args[1], "write", text) : NULL;
            Py_XDECREF(text);
            Py_XDECREF(done);
            return done ? Py_NewRef(Py_None) : NULL;
        }
        Py_DECREF(text);
    }
    return qpy_json_standard("dump", args, count, names);
}

/* ---------------------------------------------------------------- an encoder's encode */

enum { ATTRIBUTES = 9 };
static const qpy_json_keyword attributes[ATTRIBUTES] = {
    QPY_JSON_SKIPKEYS, QPY_JSON_ENSURE_ASCII, QPY_JSON_CHECK_CIRCULAR, QPY_JSON_ALLOW_NAN, QPY_JSON_SORT_KEYS,
    QPY_JSON_INDENT, QPY_JSON_ITEM_SEPARATOR, QPY_JSON_KEY_SEPARATOR, QPY_JSON_DEFAULT,
};

/* The attributes of an encoder, held in `held` in the order above: 1; 0: not for us, -1 with an exception. */
static int read_encoder(qpy_state *state, PyObject *encoder, PyObject **held, qpy_json_style *style)
{
    int ok = 1;
    style_init(style);
    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (!(held[i] = PyObject_GetAttr(encoder, PyTuple_GET_ITEM(state->json_keywords, attributes[i]))))
            return -1;
    int *const flags[] = {&style->skip_keys, &style->ascii, &style->check_circular, &style->allow_nan, &style->sort_keys};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(flags); i++)
        ok = ok && read_flag(held[i], flags[i]);
    style->default_ = held[8];
    return ok && read_indent(held[5], style) && read_mark(held[6], &style->item) && read_mark(held[7], &style->key);
}

/* As a JSONEncoder whose iterencode is the standard one encodes; NotImplemented: ask that one. */
static PyObject *encode_like(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_state *state = qpy_state_of(module);
    PyObject *held[ATTRIBUTES] = {NULL}, *text = NULL;
    qpy_json_style style;
    if (count != 2 || names) {
        PyErr_SetString(PyExc_TypeError, "encode_like() takes an encoder and an object");
        return NULL;
    }
    int ok = read_encoder(state, args[0], held, &style);
    if (ok < 0 && PyErr_ExceptionMatches(PyExc_Exception)) { /* that one asks in its own order */
        PyErr_Clear();
        ok = 0;
    }
    if (ok >= 0) {
        style_done(&style, 0);
        text = ok ? write_all(state, args[1], &style) : Py_NewRef(Py_NotImplemented);
    }
    for (size_t i = 0; i < ATTRIBUTES; i++)
        Py_XDECREF(held[i]);
    return text;
}

/* ---------------------------------------------------------------- into the module */

#define KEYWORDS "skipkeys=False, ensure_ascii=True, check_circular=True, allow_nan=True, cls=None, indent=None, separators=None, default=None, sort_keys=False, **kw"
#define OPTIONS                                                                                                                        \
    "skipkeys: leave out pairs whose key is no str, int, float, bool or None. ensure_ascii: escape everything beyond ASCII.\n"         \
    "check_circular=False: do not look for containers within themselves. allow_nan=False: refuse NaN and the infinities.\n"            \
    "indent: None, a number of spaces or a text; separators: a pair (between items, behind keys); sort_keys: by key.\n"                \
    "default: called with what cannot be written, returns something that can. cls: a subclass of JSONEncoder.\n"                       \
    "Raises TypeError for what cannot be written, ValueError for a circle or for NaN that is refused."
static PyMethodDef functions[] = {
    {"dumps", (PyCFunction)(void (*)(void))dumps, METH_FASTCALL | METH_KEYWORDS,
     "dumps($module, /, obj, *, " KEYWORDS ")\n--\n\nThe object as JSON text, as json.dumps writes it.\n\n" OPTIONS},
    {"dump", (PyCFunction)(void (*)(void))dump, METH_FASTCALL | METH_KEYWORDS,
     "dump($module, /, obj, fp, *, " KEYWORDS ")\n--\n\nWrites the object as JSON text with fp.write(str), as json.dump does.\n\n" OPTIONS},
    {"encode_like", (PyCFunction)(void (*)(void))encode_like, METH_FASTCALL | METH_KEYWORDS,
     "encode_like($module, encoder, obj, /)\n--\n\nWhat the encoder's encode() returns, or NotImplemented where only the standard library knows."},
    {NULL, NULL, 0, NULL},
};

int qpy_json_dumps_init(PyObject *module, qpy_state *Py_UNUSED(state)) { return qpy_json_add(module, functions); }
