/* SPDX-License-Identifier: Apache-2.0 */
/* decoder: pickles in the midst of a buffer, in files, one after the other and in pieces: what the Decoders of all formats share
 * (binding/stream.h), over a format whose documents are decoded by a method of the class that is derived from this one
 * (python/quire/pickle/_typed.py). */
#include "binding/attribute.h"
#include "binding/members.h"
#include "binding/pickle/machine.h"
#include "binding/pickle/module.h"
#include "binding/stream.h"
#include "core/format/pickle_scan.h"

static qpy_decoder *decoder_of(const qpy_decode_options *options) { return (qpy_decoder *)((const char *)options - offsetof(qpy_decoder, options)); }

/* How long the first pickle of those is; all of it when that does not end. */
static size_t length_of(const uint8_t *data, size_t length)
{
    qr_scan scan;
    size_t taken;
    qr_scan_init(&scan, 1, &qpy_memory);
    qr_pickle_scan(&scan, data, length, &taken);
    qr_scan_release(&scan); /* it has allocated nothing */
    return taken;
}

/* Of what class the exception is that is set. */
static qr_error_class failure(qpy_state *state)
{
    if (qpy_document_was_interrupted())
        return QR_CLASS_MEMORY;
    PyObject *error = qpy_unpickle_error(state);
    return error && PyErr_ExceptionMatches(error) ? QR_CLASS_MALFORMED : QR_CLASS_SINK;
}

static PyObject *decode_document(qpy_state *state, const qpy_decode_options *options, qpy_document *document)
{
    PyObject *decoder = (PyObject *)decoder_of(options), *value = NULL;
    size_t length = document->open_end ? length_of(document->data, document->length) : document->length;
    PyObject *data = PyBytes_FromStringAndSize((const char *)document->data, (Py_ssize_t)length), *offset = data ? PyLong_FromSize_t(document->origin.offset) : NULL;
    if (offset)
        value = qpy_call_method_two(decoder, "_decode_part", data, offset);
    Py_XDECREF(data);
    Py_XDECREF(offset);
    document->end = length;
    document->failed = value ? QR_CLASS_NONE : failure(state);
    return value;
}

/* Limits of what is gathered, told as those of the loader are. */
static void fail(qpy_decoder *decoder, const qpy_document *document, qr_error error, const uint8_t *at)
{
    PyObject *text = PyUnicode_FromString(qr_error_message(error));
    PyObject *offset = text ? PyLong_FromSize_t(document->origin.offset + (size_t)(at - document->data)) : NULL;
    if (offset)
        Py_XDECREF(qpy_call_method_two((PyObject *)decoder, "_beyond_limit", text, offset));
    Py_XDECREF(text);
    Py_XDECREF(offset);
}

static const qpy_format format = {.name = "pickle"};
static const qpy_codec codec = {
    .format = &format, .scan = qr_pickle_scan, .scan_end = qr_pickle_scan_end, .separator = "", .decode = decode_document, .fail = fail, .styles = QPY_STYLE_NONE,
};

/* Of the keywords only limits= concerns what is here; the derived class looks at all of them. */
static PyObject *decoder_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    qpy_decoder *self = (qpy_decoder *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->codec = &codec;
    if (!(self->state = qpy_state_of_type(type))) {
        Py_DECREF(self);
        return NULL;
    }
    self->module = Py_NewRef(self->state->module);
    self->type = Py_NewRef(PyTuple_GET_SIZE(args) ? PyTuple_GET_ITEM(args, 0) : (PyObject *)&PyBaseObject_Type);
    PyObject *limits = kwargs ? PyDict_GetItemString(kwargs, "limits") : NULL;
    if (!qpy_limits_option("Decoder", limits, &self->options))
        Py_CLEAR(self);
    return (PyObject *)self;
}

static PyObject *decoder_repr(PyObject *op) { return PyUnicode_FromFormat("quire.pickle.Decoder(%R)", ((qpy_decoder *)op)->type); }

static PyMethodDef methods[] = {QPY_DECODER_STREAM_METHODS{NULL, NULL, 0, NULL}};
static PyMemberDef members[] = {
    {"type", QPY_MEMBER_OBJECT, offsetof(qpy_decoder, type), QPY_MEMBER_READONLY, "What is decoded."},
    {NULL, 0, 0, 0, NULL},
};
static PyType_Slot slots[] = {
    {Py_tp_new, decoder_new}, {Py_tp_dealloc, qpy_decoder_dealloc}, {Py_tp_traverse, qpy_decoder_traverse}, {Py_tp_repr, decoder_repr}, {Py_tp_methods, methods}, {Py_tp_members, members},
    {Py_tp_doc, (char *)"What quire.pickle.Decoder has of the Decoders of all formats."}, {0, NULL},
};
static PyType_Spec spec = {
    .name = "quire._core._PickleDecoder", .basicsize = sizeof(qpy_decoder),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE, .slots = slots,
};

int qpy_pickle_decoder_init(PyObject *module, qpy_state *state)
{
    (void)state;
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
    int status = type ? PyModule_AddObjectRef(module, "_PickleDecoder", type) : -1;
    Py_XDECREF(type);
    return status;
}
