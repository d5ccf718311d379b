/* SPDX-License-Identifier: Apache-2.0 */
/* codec: encode, decode, Encoder and Decoder of one format.
 *
 * A C template, included after read.tmpl.h and walk.tmpl.h were for the format. Needs besides their macros:
 *   QPY_FORMAT_NAME  "json"      QPY_FORMAT_MODULE  "quire.json"      QPY_FORMAT_IS_TEXT  0 or 1
 *   QPY_FORMAT_READ_SIGNATURE  options of reading that other formats do not have
 *   QPY_FORMAT_STYLES, QPY_FORMAT_WRITE_STYLED, QPY_FORMAT_STYLE_SIGNATURE  options of the output, who heeds them, how they read
 *   QPY_FORMAT_HINT  the state's member for the size of the last result      QPY_FORMAT_SEPARATOR  behind each document of many: "\n" or "" */
#include "binding/stream.h"

/* ---------------------------------------------------------------- errors: what stands at a place of the input */

static PyObject *QR_T(value_at)(qpy_state *state, const qr_reader *r, const uint8_t *at, const char **got)
{
    qr_reader again;
    qr_token token;
    qpy_sink sink = {.state = state};
    PyObject *value = NULL;
    if (at < r->start || at >= r->end)
        return NULL;
    qr_reader_init(&again, at, (size_t)(r->end - at), NULL, r->options);
    qr_token_kind kind = QR_F(next)(&again, &token);
    if (kind == QR_TOKEN_ERROR)
        return NULL;
    *got = qr_token_kind_name(kind);
    switch (kind) {
    case QR_TOKEN_STR: value = object_str(&sink, &again, &token); break;
    case QR_TOKEN_INT: value = PyLong_FromLongLong(token.i); break;
    case QR_TOKEN_UINT: value = PyLong_FromUnsignedLongLong(token.u); break;
    case QR_TOKEN_BIG: value = qpy_sink_big_integer(&token); break;
    case QR_TOKEN_FLOAT: value = PyFloat_FromDouble(token.d); break;
    case QR_TOKEN_BOOL: value = PyBool_FromLong((long)token.i); break;
    default: break;
    }
    if (!value)
        PyErr_Clear();
    return value;
}

static PyObject *QR_T(key_at)(qpy_state *state, const qr_reader *r, const void *at)
{
    const char *got;
    return QR_T(value_at)(state, r, at, &got);
}

static const qpy_format QR_T(format) = {.name = QPY_FORMAT_NAME, .is_text = QPY_FORMAT_IS_TEXT, .value_at = QR_T(value_at), .key_at = QR_T(key_at)};

/* ---------------------------------------------------------------- decoding */

/* owner: the bytes object that holds the data, or NULL. part: NULL, and the input is one document and nothing else. */
QR_INLINE PyObject *QR_T(decode_bytes)(qpy_state *state, PyObject *owner, const uint8_t *data, size_t length, const qpy_decode_options *options, qpy_document *part)
{
    qr_reader reader;
    qr_path path;
    qpy_sink sink;
    qpy_plan *plan = options->plan, *newer = NULL;
    qr_origin origin;
    uint8_t *copy = NULL;
    if (QR_UNLIKELY(plan && plan->watch) && !(plan = newer = qpy_plan_current(state, plan))) { /* there may be more subclasses now */
        if (part)
            part->failed = QR_CLASS_MEMORY; /* of no class: nothing was read */
        return NULL;
    }
    qr_reader_init(&reader, data, length, &options->limits, options->read_options);
    if (part)
        reader.origin = &part->origin;
    path.count = path.lost = 0;
    reader.path = &path;
    reader.memory = &qpy_memory;
    qpy_sink_init(&sink, state, plan, QPY_FORMAT_NAME);
    sink.source = owner;
    sink.strict_keys = (int)options->limits.reject_duplicate_keys;
    sink.user_context = options->context;
    if (QR_UNLIKELY(options->read_options & QPY_READ_RARE)) {
        if (options->read_options & QPY_READ_SHORT_LIMIT)
            sink.context = NULL; /* a key that is only compared is not measured */
        if (options->read_options & QPY_READ_COMMENTS) {
            copy = qpy_decode_without_comments(&reader, &origin);
            sink.source = NULL;
        }
    }
    PyObject *result = NULL;
    if (QR_LIKELY(reader.error == QR_ERROR_NONE))
        result = plan ? QR_T(read_node)(&reader, &sink, plan->core, 0) : QR_T(read_any)(&reader, &sink);
    if (QR_UNLIKELY(!result && reader.error == QR_ERROR_NONE))
        qr_reader_fail(&reader, QR_ERROR_SINK, reader.p);
    if (part)
        part->end = (size_t)(reader.p - reader.start);
    if (QR_LIKELY(result) && !(part && part->open_end) && QR_UNLIKELY(!QR_F(finish)(&reader)))
        Py_CLEAR(result);
    if (part)
        part->failed = qr_error_class_of(reader.error);
    if (QR_UNLIKELY(!result)) {
        qpy_decode_name_comment(&reader, copy);
        PyObject *type, *value, *traceback; /* what is dropped must not see it */
        PyErr_Fetch(&type, &value, &traceback);
        qpy_sink_release(&sink);
        PyErr_Restore(type, value, traceback);
        qpy_raise_read(state, &reader, plan, &QR_T(format));
        if (options->all_errors && qr_error_class_of(reader.error) == QR_CLASS_VALIDATION)
            qpy_collect_read(&sink, &reader, options, !(part && part->open_end), &QR_T(format), &QR_F(dynamic));
    }
    else
        qpy_sink_release(&sink);
    qr_reader_release(&reader);
    if (QR_UNLIKELY(copy != NULL))
        qr_memory_free(&qpy_memory, copy);
    Py_XDECREF(newer);
    return result;
}

static PyObject *QR_T(decode_data)(qpy_state *state, PyObject *data, const qpy_decode_options *options)
{
    qpy_input input;
    if (!qpy_input_init(&input, data, QPY_FORMAT_IS_TEXT))
        return NULL;
    PyObject *result = QR_T(decode_bytes)(state, input.owner, input.data, input.length, options, NULL);
    qpy_input_release(&input);
    return result;
}

static PyObject *QR_T(decode_document)(qpy_state *state, const qpy_decode_options *options, qpy_document *document)
{
    return QR_T(decode_bytes)(state, NULL, document->data, document->length, options, document);
}

static PyObject *QR_T(decode)(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_state *state = qpy_state_of(module);
    qpy_decode_options options;
    if (count < 1) {
        PyErr_SetString(PyExc_TypeError, "decode() takes data and a type, nothing was given");
        return NULL;
    }
    PyObject *result = qpy_decode_options_init(&options, state, QPY_FORMAT_STYLES, "decode", args + 1, count - 1, names) ? QR_T(decode_data)(state, args[0], &options) : NULL;
    Py_XDECREF(options.plan);
    return result;
}

/* ---------------------------------------------------------------- encoding */

static PyObject *QR_T(encode_object)(qpy_state *state, PyObject *object, PyObject *adapters, size_t *hint)
{
    qpy_walker walker;
    qpy_walker_init(&walker, state, QPY_FORMAT_NAME, *hint);
    qpy_walker_use(&walker, adapters);
    int ok = QR_T(write_value)(&walker, object);
    PyObject *bytes = qpy_walker_finish(&walker, ok);
    if (QR_LIKELY(bytes))
        *hint = qpy_next_hint(*hint, (size_t)PyBytes_GET_SIZE(bytes));
    return bytes;
}

/* Checked while it is written; when something is of another type, the check is done again by itself, to say what and where. */
static PyObject *QR_T(encode_typed)(qpy_encoder *self, PyObject *object)
{
    qpy_walker walker;
    qpy_plan *plan = qpy_plan_current(self->state, self->plan);
    if (QR_UNLIKELY(!plan))
        return NULL;
    qpy_walker_init(&walker, self->state, QPY_FORMAT_NAME, self->hint);
    qpy_walker_use(&walker, self->adapters);
    int ok = QR_T(write_node)(&walker, plan, 0, object), mismatch = walker.buffer.error == QR_ERROR_TYPE_MISMATCH;
    PyObject *bytes = qpy_walker_finish(&walker, ok);
    if (QR_LIKELY(bytes))
        self->hint = qpy_next_hint(self->hint, (size_t)PyBytes_GET_SIZE(bytes));
    else if (mismatch)
        qpy_encoder_raise_mismatch(self, object);
    Py_DECREF(plan);
    return bytes;
}

static int QR_T(write)(qpy_walker *walker, const qpy_plan *plan, uint32_t node, PyObject *object)
{
    return plan ? QR_T(write_node)(walker, plan, node, object) : QR_T(write_value)(walker, object);
}

static const qpy_codec QR_T(codec) = {
    .format = &QR_T(format), .scan = QR_F(scan), .scan_end = QR_F(scan_end), .partial = QR_F(partial), .separator = QPY_FORMAT_SEPARATOR, .decode = QR_T(decode_document), .write = QR_T(write),
    .styles = QPY_FORMAT_STYLES, .write_styled = QPY_BUILD(QPY_FORMAT_WRITE_STYLED),
};

static PyObject *QR_T(encode)(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_state *state = qpy_state_of(module);
    PyObject *adapters = NULL;
    if (count != 1) {
        PyErr_Format(PyExc_TypeError, "encode() takes one object, %zd positional arguments were given", count);
        return NULL;
    }
    if (QR_UNLIKELY(names != NULL)) {
        qpy_encode_options options;
        if (!qpy_encode_options_init(&options, QPY_FORMAT_STYLES, "encode", args + count, names))
            return NULL;
        if (!qpy_style_is_plain(&options.style) || options.limits.depth != QR_DEPTH_DEFAULT)
            return qpy_encode_with(state, &QR_T(codec), &options, args[0], &state->QPY_FORMAT_HINT, &state->order_memory[QR_FORMAT]);
        adapters = options.adapters;
    }
    return QR_T(encode_object)(state, args[0], adapters, &state->QPY_FORMAT_HINT);
}

/* ---------------------------------------------------------------- Encoder and Decoder */

static PyObject *QR_T(encoder_new)(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    qpy_encoder *self = (qpy_encoder *)type->tp_alloc(type, 0);
    if (self && !qpy_encoder_init(self, &QR_T(codec), qpy_state_of(PyType_GetModule(type)), args, kwargs))
        Py_CLEAR(self);
    return (PyObject *)self;
}

static PyObject *QR_T(decoder_new)(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    qpy_decoder *self = (qpy_decoder *)type->tp_alloc(type, 0);
    if (self && !qpy_decoder_init(self, &QR_T(codec), qpy_state_of(PyType_GetModule(type)), args, kwargs))
        Py_CLEAR(self);
    return (PyObject *)self;
}

static PyObject *QR_T(encode_one)(qpy_encoder *self, PyObject *object)
{
    return self->plan ? QR_T(encode_typed)(self, object) : QR_T(encode_object)(self->state, object, self->adapters, &self->hint);
}

/* With errors="all", options of the output or limits. */
static QR_COLD PyObject *QR_T(encode_rare)(qpy_encoder *self, PyObject *object)
{
    if (self->aside)
        return qpy_encoder_encode(self, object);
    PyObject *bytes = QR_T(encode_one)(self, object);
    if (!bytes)
        qpy_encoder_raise_all(self, self->plan, object);
    return bytes;
}

static PyObject *QR_T(encoder_encode)(PyObject *op, PyObject *object)
{
    qpy_encoder *self = (qpy_encoder *)op;
    return QR_UNLIKELY(self->rare) ? QR_T(encode_rare)(self, object) : QR_T(encode_one)(self, object);
}

static PyObject *QR_T(decoder_decode)(PyObject *op, PyObject *data)
{
    qpy_decoder *self = (qpy_decoder *)op;
    return QR_T(decode_data)(self->state, data, &self->options);
}

static PyMethodDef QR_T(encoder_methods)[] = {
    {"encode", QR_T(encoder_encode), METH_O,
     "encode($self, obj, /)\n--\n\nThe object as bytes of the format.\n\nRaises EncodeError for a value that does not fit the encoder's type or the format."},
    QPY_ENCODER_STREAM_METHODS
    {NULL, NULL, 0, NULL},
};
static PyMethodDef QR_T(decoder_methods)[] = {
    {"decode", QR_T(decoder_decode), METH_O,
     "decode($self, data, /)\n--\n\nThe value of a whole document: bytes, str or any buffer.\n\nRaises DecodeError (MalformedError, TruncatedError, ValidationError, LimitError) with path and offset."},
    QPY_DECODER_STREAM_METHODS
    {NULL, NULL, 0, NULL},
};
static PyMemberDef QR_T(encoder_members)[] = {
    {"type", QPY_MEMBER_OBJECT, offsetof(qpy_encoder, type), QPY_MEMBER_READONLY, "What is encoded."},
    {NULL, 0, 0, 0, NULL},
};
static PyMemberDef QR_T(decoder_members)[] = {
    {"type", QPY_MEMBER_OBJECT, offsetof(qpy_decoder, type), QPY_MEMBER_READONLY, "What is decoded."},
    {NULL, 0, 0, 0, NULL},
};
static PyType_Slot QR_T(encoder_slots)[] = {
    {Py_tp_new, QR_T(encoder_new)}, {Py_tp_dealloc, qpy_encoder_dealloc}, {Py_tp_traverse, qpy_encoder_traverse}, {Py_tp_repr, qpy_encoder_repr},
    {Py_tp_methods, QR_T(encoder_methods)}, {Py_tp_members, QR_T(encoder_members)},
    {Py_tp_doc, (char *)"Encoder(type=Any, /, *, errors=\"first\", limits=None, adapters=None" QPY_FORMAT_STYLE_SIGNATURE ")\n--\n\nEncodes values of one type. Immutable and safe to share between threads."}, {0, NULL},
};
static PyType_Slot QR_T(decoder_slots)[] = {
    {Py_tp_new, QR_T(decoder_new)}, {Py_tp_dealloc, qpy_decoder_dealloc}, {Py_tp_traverse, qpy_decoder_traverse}, {Py_tp_repr, qpy_decoder_repr},
    {Py_tp_methods, QR_T(decoder_methods)}, {Py_tp_members, QR_T(decoder_members)},
    {Py_tp_doc, (char *)"Decoder(type=Any, /, *, strict=True, errors=\"first\", limits=None, adapters=None, context=None" QPY_FORMAT_READ_SIGNATURE ")\n--\n\nDecodes documents of one type. Immutable and safe to share between threads."}, {0, NULL},
};
static PyType_Spec QR_T(encoder_spec) = {
    .name = QPY_FORMAT_MODULE ".Encoder", .basicsize = sizeof(qpy_encoder), .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE, .slots = QR_T(encoder_slots),
};
static PyType_Spec QR_T(decoder_spec) = {
    .name = QPY_FORMAT_MODULE ".Decoder", .basicsize = sizeof(qpy_decoder), .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE, .slots = QR_T(decoder_slots),
};

/* ---------------------------------------------------------------- into the module */

static PyMethodDef QR_T(encode_def) = {
    "encode", (PyCFunction)(void (*)(void))QR_T(encode), METH_FASTCALL | METH_KEYWORDS,
    "encode(obj, /, *, limits=None, adapters=None" QPY_FORMAT_STYLE_SIGNATURE ")\n--\n\nThe object as bytes of the format. Records and what they hold, dataclasses and built-in types.\n\nRaises EncodeError with the path of a value that cannot be written."};
static PyMethodDef QR_T(decode_def) = {
    "decode", (PyCFunction)(void (*)(void))QR_T(decode), METH_FASTCALL | METH_KEYWORDS,
    "decode(data, type=Any, /, *, strict=True, errors=\"first\", limits=None, adapters=None, context=None" QPY_FORMAT_READ_SIGNATURE ")\n--\n\nThe value of a whole document (bytes, str or any buffer), validated against a type.\n\nstrict=False also takes numbers and truth values written as text. errors=\"all\" goes on after a fault. limits: a quire.Limits.\n"
    "adapters: a quire.Adapters; context: what their functions may ask for.\n"
    "Raises DecodeError (MalformedError, TruncatedError, ValidationError, LimitError) with path and offset."};

static int QR_T(add)(PyObject *module, const char *name, PyObject *object)
{
    int status = object ? PyModule_AddObjectRef(module, name, object) : -1;
    Py_XDECREF(object);
    return status;
}

static int QR_T(init)(PyObject *module)
{
    PyObject *name = PyUnicode_FromString(QPY_FORMAT_MODULE);
    if (!name)
        return -1;
    int status = QR_T(add)(module, QPY_FORMAT_NAME "_encode", PyCFunction_NewEx(&QR_T(encode_def), module, name));
    if (status == 0)
        status = QR_T(add)(module, QPY_FORMAT_NAME "_decode", PyCFunction_NewEx(&QR_T(decode_def), module, name));
    if (status == 0)
        status = QR_T(add)(module, QPY_FORMAT_CLASS "Encoder", PyType_FromModuleAndSpec(module, &QR_T(encoder_spec), NULL));
    if (status == 0)
        status = QR_T(add)(module, QPY_FORMAT_CLASS "Decoder", PyType_FromModuleAndSpec(module, &QR_T(decoder_spec), NULL));
    Py_DECREF(name);
    return status;
}
