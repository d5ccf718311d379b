/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/codec.h"
#include "binding/attribute.h"
#include "binding/walk_collect.h"
#include "binding/walk_order.h"
#include "core/format/json_comments.h"

/* ---------------------------------------------------------------- input */

/* The data of an owner that is bytes, or that could not be made. */
static int owns_bytes(qpy_input *self)
{
    if (!self->owner)
        return 0;
    self->data = (const uint8_t *)PyBytes_AS_STRING(self->owner);
    self->length = (size_t)PyBytes_GET_SIZE(self->owner);
    return 1;
}

int qpy_input_copy(qpy_input *self, Py_buffer *view, char order)
{
    self->owner = PyBytes_FromStringAndSize(NULL, view->len);
    if (self->owner && PyBuffer_ToContiguous(PyBytes_AS_STRING(self->owner), view, view->len, order) < 0)
        Py_CLEAR(self->owner);
    PyBuffer_Release(view);
    return owns_bytes(self);
}

int qpy_input_init(qpy_input *self, PyObject *data, int is_text)
{
    if (PyBytes_CheckExact(data) || PyBytes_Check(data)) {
        self->data = (const uint8_t *)PyBytes_AS_STRING(data);
        self->length = (size_t)PyBytes_GET_SIZE(data);
        self->owner = Py_NewRef(data);
        return 1;
    }
    if (is_text && PyUnicode_Check(data)) {
#if PY_VERSION_HEX < 0x030C0000
        if (PyUnicode_READY(data) < 0)
            return 0;
#endif
        if (PyUnicode_IS_COMPACT_ASCII(data)) {
            self->data = PyUnicode_1BYTE_DATA(data);
            self->length = (size_t)PyUnicode_GET_LENGTH(data);
            self->owner = Py_NewRef(data);
            return 1;
        }
        /* Not kept in the str, as AsUTF8 would. A lone surrogate is found where it stands: as bytes that are no UTF-8. */
        self->owner = PyUnicode_AsEncodedString(data, "utf-8", "surrogatepass");
    }
    else {
        Py_buffer view;
        if (!PyObject_CheckBuffer(data)) {
            PyErr_Format(PyExc_TypeError, "expected bytes%s or another buffer to decode, got %.100s", is_text ? ", str" : "", Py_TYPE(data)->tp_name);
            return 0;
        }
        if (PyObject_GetBuffer(data, &view, PyBUF_FULL_RO) < 0)
            return 0;
        return qpy_input_copy(self, &view, 'C');
    }
    return owns_bytes(self);
}

/* ---------------------------------------------------------------- options */

/* None: no limit (0). */
static int read_limit(PyObject *limits, const char *name, size_t *to)
{
    PyObject *value = qpy_attribute(limits, name);
    if (!value)
        return 0;
    *to = value == Py_None ? 0 : PyLong_AsSize_t(value);
    Py_DECREF(value);
    return !(*to == (size_t)-1 && PyErr_Occurred());
}

static int read_limits(PyObject *limits, qpy_decode_options *options)
{
    qr_limits *to = &options->limits;
    size_t depth;
    if (!limits || limits == Py_None)
        return 1;
    if (!read_limit(limits, "depth", &depth) || !read_limit(limits, "bytes", &to->bytes) || !read_limit(limits, "items", &to->items) ||
        !read_limit(limits, "str_bytes", &to->str_bytes) || !read_limit(limits, "int_digits", &to->int_digits) || !read_limit(limits, "errors", &options->most_errors))
        return 0;
    to->depth = depth < 1 ? 1 : depth > QR_DEPTH_MAX ? QR_DEPTH_MAX : (uint32_t)depth;
    PyObject *policy = qpy_attribute(limits, "duplicate_keys");
    if (!policy)
        return 0;
    to->reject_duplicate_keys = PyUnicode_Check(policy) && PyUnicode_CompareWithASCIIString(policy, "error") == 0;
    Py_DECREF(policy);
    return 1;
}

static int set_type(qpy_decode_options *self, qpy_state *state, PyObject *adapters, PyObject *type)
{
    if (self->limits.str_bytes && self->limits.str_bytes <= QR_IMAGE_ROOM)
        self->read_options |= QPY_READ_SHORT_LIMIT;
    if (!type || type == (PyObject *)&PyBaseObject_Type)
        return 1;
    self->plan = qpy_plan_get(state, adapters, type);
    return self->plan != NULL;
}

int qpy_errors_option(const char *function, PyObject *value, int *all)
{
    *all = PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, "all") == 0;
    if (*all || (PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, "first") == 0))
        return 1;
    PyErr_Format(PyUnicode_Check(value) ? PyExc_ValueError : PyExc_TypeError, "errors of %s() must be \"first\" or \"all\", got %R", function, value);
    return 0;
}

static int set_flag(qpy_decode_options *self, uint32_t flag, int value)
{
    if (value < 0)
        return 0;
    self->read_options = value ? self->read_options | flag : self->read_options & ~flag;
    return 1;
}

/* What only text has: 1 when it was read, 0 when it is none of these, -1 with an exception. */
static int set_text_keyword(qpy_decode_options *self, const char *function, PyObject *name, PyObject *value)
{
    if (PyUnicode_CompareWithASCIIString(name, "jsonc") == 0)
        return set_flag(self, QPY_READ_COMMENTS, PyObject_IsTrue(value)) ? 1 : -1;
    if (PyUnicode_CompareWithASCIIString(name, "nan") != 0)
        return 0;
    int allow = PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, "allow") == 0;
    if (allow || (PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, "error") == 0))
        return set_flag(self, QR_READ_NON_FINITE, allow);
    PyErr_Format(PyUnicode_Check(value) ? PyExc_ValueError : PyExc_TypeError, "nan of %s() must be \"error\" or \"allow\", got %R", function, value);
    return -1;
}

static int read_limits_option(const char *function, PyObject *value, qpy_decode_options *to)
{
    int read = read_limits(value, to);
    if (!read && PyErr_ExceptionMatches(PyExc_AttributeError))
        PyErr_Format(PyExc_TypeError, "limits of %s() must be a quire.Limits or None, got %.100s", function, Py_TYPE(value)->tp_name);
    return read;
}

static int set_keyword(qpy_decode_options *self, qpy_style_set set, PyObject **adapters, const char *function, PyObject *name, PyObject *value)
{
    if (PyUnicode_CompareWithASCIIString(name, "limits") == 0)
        return read_limits_option(function, value, self);
    if (PyUnicode_CompareWithASCIIString(name, "errors") == 0)
        return qpy_errors_option(function, value, &self->all_errors);
    if (PyUnicode_CompareWithASCIIString(name, "strict") == 0) {
        int strict = PyObject_IsTrue(value);
        return set_flag(self, QR_READ_LAX, strict < 0 ? strict : !strict);
    }
    if (PyUnicode_CompareWithASCIIString(name, "adapters") == 0)
        return qpy_plan_use(value, adapters);
    if (PyUnicode_CompareWithASCIIString(name, "context") == 0) {
        self->context = value;
        return 1;
    }
    int taken = set == QPY_STYLE_TEXT ? set_text_keyword(self, function, name, value) : 0;
    if (taken == 0)
        PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument %R (it takes strict, errors, limits, adapters%s and context)", function, name,
                     set == QPY_STYLE_TEXT ? ", nan, jsonc" : "");
    return taken > 0;
}

static void options_start(qpy_decode_options *self)
{
    static const qr_limits defaults = QR_LIMITS_DEFAULT;
    *self = (qpy_decode_options){.limits = defaults, .most_errors = QPY_ERRORS_DEFAULT};
}

int qpy_limits_option(const char *function, PyObject *value, qpy_decode_options *to)
{
    options_start(to);
    return read_limits_option(function, value, to);
}

int qpy_write_limits_option(const char *function, PyObject *value, qpy_write_limits *to)
{
    qpy_decode_options read;
    if (!qpy_limits_option(function, value, &read))
        return 0;
    const qr_limits *limits = &read.limits;
    if (limits->bytes || limits->items || limits->str_bytes || limits->int_digits != QR_INT_DIGITS_DEFAULT || limits->reject_duplicate_keys) {
        PyErr_Format(PyExc_ValueError, "%s() reads no document: of the limits only depth and errors mean something there", function);
        return 0;
    }
    *to = (qpy_write_limits){.depth = limits->depth, .errors = read.most_errors ? read.most_errors : SIZE_MAX};
    return 1;
}

/* all_errors: of an Encoder, or NULL. */
static int set_encode_keyword(qpy_encode_options *self, qpy_style_set set, const char *function, PyObject *name, PyObject *value, int *all_errors)
{
    if (PyUnicode_CompareWithASCIIString(name, "adapters") == 0)
        return qpy_plan_use(value, &self->adapters);
    if (PyUnicode_CompareWithASCIIString(name, "limits") == 0)
        return qpy_write_limits_option(function, value, &self->limits);
    if (all_errors && PyUnicode_CompareWithASCIIString(name, "errors") == 0)
        return qpy_errors_option(function, value, all_errors);
    int taken = qpy_style_keyword(&self->style, set, function, name, value);
    if (taken == 0)
        PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument %R (it takes %slimits, adapters%s)", function, name, all_errors ? "errors, " : "", qpy_style_names(set));
    return taken > 0;
}

int qpy_encode_options_init(qpy_encode_options *self, qpy_style_set set, const char *function, PyObject *const *values, PyObject *names)
{
    *self = (qpy_encode_options){.limits = QPY_WRITE_LIMITS_DEFAULT};
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++)
        if (!set_encode_keyword(self, set, function, PyTuple_GET_ITEM(names, i), values[i], NULL))
            return 0;
    return qpy_style_check(&self->style, function);
}

int qpy_decode_options_init(qpy_decode_options *self, qpy_state *state, qpy_style_set set, const char *function, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    PyObject *adapters = NULL;
    options_start(self);
    if (count > 1) {
        PyErr_Format(PyExc_TypeError, "%s() takes data and a type, %zd positional arguments were given", function, count + 1);
        return 0;
    }
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++)
        if (!set_keyword(self, set, &adapters, function, PyTuple_GET_ITEM(names, i), args[count + i]))
            return 0;
    return set_type(self, state, adapters, count ? args[0] : NULL);
}

/* ---------------------------------------------------------------- comments */

uint8_t *qpy_decode_without_comments(qr_reader *reader, qr_origin *origin)
{
    if (reader->error != QR_ERROR_NONE)
        return NULL;
    size_t n = qr_reader_left(reader);
    uint8_t *copy = n < PTRDIFF_MAX ? qr_memory_array(&qpy_memory, NULL, n + 1, 1) : NULL;
    if (!copy) {
        qr_reader_fail(reader, QR_ERROR_MEMORY, reader->p);
        return NULL;
    }
    qr_json_blank_comments(copy, reader->start, n);
    copy[n] = 0;
    *origin = reader->origin ? *reader->origin : (qr_origin){.offset = 0};
    origin->text = reader->start;
    reader->origin = origin;
    reader->p = reader->start = copy;
    reader->end = copy + n;
    return copy;
}

/* A '/' outside of strings is nothing else: where none of a comment begins, it is followed by neither '/' nor '*'. */
void qpy_decode_name_comment(qr_reader *reader, const uint8_t *copy)
{
    const uint8_t *at = reader->error_at;
    int at_token = qr_error_class_of(reader->error) == QR_CLASS_MALFORMED || qr_error_class_of(reader->error) == QR_CLASS_VALIDATION;
    if (copy && at_token && at >= reader->start && reader->end - at >= 2 && at[0] == '/' && at[1] == '*')
        reader->error = QR_ERROR_UNTERMINATED_COMMENT;
}

/* ---------------------------------------------------------------- Encoder and Decoder */

/* The one positional argument, a type. */
static int read_type(const char *name, PyObject *args, PyObject **type)
{
    Py_ssize_t n = PyTuple_GET_SIZE(args);
    if (n > 1) {
        PyErr_Format(PyExc_TypeError, "%s() takes one type, %zd positional arguments were given", name, n);
        return 0;
    }
    *type = n ? PyTuple_GET_ITEM(args, 0) : NULL;
    return 1;
}

int qpy_encoder_init(qpy_encoder *self, const qpy_codec *codec, qpy_state *state, PyObject *args, PyObject *kwargs)
{
    PyObject *type;
    self->codec = codec;
    self->state = state;
    self->module = Py_NewRef(state->module);
    PyObject *name, *value;
    qpy_encode_options options = {.limits = QPY_WRITE_LIMITS_DEFAULT};
    Py_ssize_t i = 0;
    while (kwargs && PyDict_Next(kwargs, &i, &name, &value))
        if (!set_encode_keyword(&options, codec->styles, "Encoder", name, value, &self->all_errors))
            return 0;
    if (!qpy_style_check(&options.style, "Encoder") || !read_type("Encoder", args, &type))
        return 0;
    self->adapters = Py_XNewRef(options.adapters);
    self->style = options.style;
    self->type = Py_NewRef(type ? type : (PyObject *)&PyBaseObject_Type);
    int is_typed = type && type != (PyObject *)&PyBaseObject_Type;
    self->styled = !qpy_style_is_plain(&self->style);
    self->limits = options.limits;
    self->aside = self->styled || self->limits.depth != QR_DEPTH_DEFAULT;
    self->rare = self->aside || self->all_errors;
    if (is_typed)
        self->plan = qpy_plan_get(state, self->adapters, type);
    return self->plan || !is_typed;
}

int qpy_decoder_init(qpy_decoder *self, const qpy_codec *codec, qpy_state *state, PyObject *args, PyObject *kwargs)
{
    PyObject *type, *name, *value, *adapters = NULL;
    Py_ssize_t i = 0;
    self->codec = codec;
    self->state = state;
    self->module = Py_NewRef(state->module);
    options_start(&self->options);
    if (!read_type("Decoder", args, &type))
        return 0;
    self->type = Py_NewRef(type ? type : (PyObject *)&PyBaseObject_Type);
    while (kwargs && PyDict_Next(kwargs, &i, &name, &value))
        if (!set_keyword(&self->options, codec->styles, &adapters, "Decoder", name, value)) {
            self->options.context = NULL; /* is not held */
            return 0;
        }
    Py_XINCREF(self->options.context);
    return set_type(&self->options, state, adapters, type);
}

PyObject *qpy_encode_with(qpy_state *state, const qpy_codec *codec, const qpy_encode_options *options, PyObject *object, size_t *hint, struct qpy_order_memory **kept)
{
    qpy_walker walker;
    qpy_walker_init(&walker, state, codec->format->name, *hint);
    qpy_walker_use(&walker, options->adapters);
    qr_depth_init(&walker.depth, options->limits.depth);
    int ok = qpy_style_is_plain(&options->style) ? codec->write(&walker, NULL, 0, object)
                                                 : codec->write_styled(&walker, NULL, 0, object, &options->style, options->style.canonical ? kept : NULL);
    PyObject *bytes = qpy_walker_finish(&walker, ok);
    if (bytes)
        *hint = qpy_next_hint(*hint, (size_t)PyBytes_GET_SIZE(bytes));
    return bytes;
}

void qpy_encoder_raise_mismatch(qpy_encoder *self, PyObject *object)
{
    PyErr_Clear();
    qpy_plan *plan = qpy_plan_current(self->state, self->plan);
    if (plan && qpy_objects_check(self->state, plan, object, self->limits.depth)) /* now it is right */
        qpy_raise_write(self->state, QR_ERROR_CHANGED, NULL, object, NULL);
    Py_XDECREF(plan);
}

void qpy_encoder_raise_all(qpy_encoder *self, qpy_plan *plan, PyObject *object)
{
    if (!self->all_errors)
        return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    qpy_plan *newer = plan ? qpy_plan_current(self->state, plan) : NULL;
    if (plan && !newer) /* the first error stands */
        PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    if (!plan || newer)
        qpy_walk_collect(self->state, self->codec, self->styled ? &self->style : NULL, newer, self->adapters, &self->limits, object);
    Py_XDECREF(newer);
}

int qpy_encoder_traverse(PyObject *op, visitproc visit, void *arg)
{
    qpy_encoder *self = (qpy_encoder *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->type);
    Py_VISIT(self->plan);
    Py_VISIT(self->adapters);
    Py_VISIT(self->module);
    return 0;
}

int qpy_decoder_traverse(PyObject *op, visitproc visit, void *arg)
{
    qpy_decoder *self = (qpy_decoder *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->type);
    Py_VISIT(self->options.plan);
    Py_VISIT(self->options.context);
    Py_VISIT(self->module);
    return 0;
}

static void free_object(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    type->tp_free(op);
    Py_DECREF(type);
}

/* No tp_clear: what is immutable closes no cycle by itself, a class in the cycle has one. */
void qpy_encoder_dealloc(PyObject *op)
{
    qpy_encoder *self = (qpy_encoder *)op;
    PyObject_GC_UnTrack(op);
    Py_XDECREF(self->type);
    Py_XDECREF(self->plan);
    Py_XDECREF(self->adapters);
    Py_XDECREF(self->module);
    qpy_order_memory_free(self->order_memory);
    free_object(op);
}

void qpy_decoder_dealloc(PyObject *op)
{
    qpy_decoder *self = (qpy_decoder *)op;
    PyObject_GC_UnTrack(op);
    Py_XDECREF(self->type);
    Py_XDECREF(self->options.plan);
    Py_XDECREF(self->options.context);
    Py_XDECREF(self->module);
    free_object(op);
}

PyObject *qpy_encoder_repr(PyObject *op) { return PyUnicode_FromFormat("%s(%R)", Py_TYPE(op)->tp_name, ((qpy_encoder *)op)->type); }
PyObject *qpy_decoder_repr(PyObject *op) { return PyUnicode_FromFormat("%s(%R)", Py_TYPE(op)->tp_name, ((qpy_decoder *)op)->type); }
