/* SPDX-License-Identifier: Apache-2.0 */
/* data: encode and Encoder of quire.pickle: one more instance of the writing template, whose documents are pickles of plain data
 * (core/format/pickle_data.h). There is no reading one: pickles are loaded by the machine (typed.c). */
#include "core/format/pickle_data.h"

#include "binding/adapt.h"
#include "binding/cpython_private.h"
#include "binding/ext.h"
#include "binding/members.h"
#include "binding/pickle/module.h"
#include "binding/pickle/pickler.h"
#include "binding/raw.h"
#include "binding/scalar.h"
#include "binding/stream.h"
#include "binding/union.h"
#include "binding/walk_order.h"

/* Bytes are bytes; datetimes are text, as to_builtins has them; keys are of any kind. */
enum { QR_PICKLE_DATA_BINARY = 1, QR_PICKLE_DATA_TIMESTAMPS = 0, QR_PICKLE_DATA_TEXT_KEYS = 0, QR_PICKLE_DATA_STYLED = 0 };

QR_INLINE qr_pickle_keys *keys_of(qr_buffer *b) { return ((qpy_walker *)(void *)b)->keys; }
QR_INLINE int cannot(qr_buffer *b) { return qr_buffer_fail(b, QR_ERROR_UNSUPPORTED_TYPE); }

QR_INLINE void out_sep(qr_buffer *b) { (void)b; }
QR_INLINE void out_put_null(qr_buffer *b) { qr_pickle_data_put_null(b); }
QR_INLINE void out_put_bool(qr_buffer *b, int value) { qr_pickle_data_put_bool(b, value); }
QR_INLINE int out_put_int(qr_buffer *b, int64_t value) { return qr_pickle_data_put_int(b, value); }
QR_INLINE int out_put_float(qr_buffer *b, double value) { return qr_pickle_data_put_float(b, value); }
QR_INLINE int out_put_str(qr_buffer *b, const uint8_t *s, size_t n) { return qr_pickle_data_put_str(b, s, n); }
QR_INLINE int out_put_str_units(qr_buffer *b, const void *units, size_t n, unsigned width) { return qr_pickle_data_put_str_units(b, units, n, width); }
QR_INLINE int out_put_key(qr_buffer *b, const uint8_t *s, size_t n) { return qr_pickle_data_put_key(b, keys_of(b), s, n); }
QR_INLINE int out_put_image(qr_buffer *b, const qr_image *image) { return (void)b, (void)image, 0; } /* keys have numbers */
QR_INLINE int out_key_done(qr_buffer *b) { return (void)b, 1; }
QR_INLINE int out_put_bytes(qr_buffer *b, const uint8_t *s, size_t n) { return qr_pickle_data_put_bytes(b, s, n); }
QR_INLINE int out_put_raw(qr_buffer *b, const uint8_t *s, size_t n) { return (void)s, (void)n, cannot(b); }
QR_INLINE int out_put_ext(qr_buffer *b, int8_t type, const uint8_t *s, size_t n) { return (void)type, (void)s, (void)n, cannot(b); }
QR_INLINE int out_put_timestamp(qr_buffer *b, int64_t seconds, uint32_t nanoseconds) { return (void)seconds, (void)nanoseconds, cannot(b); }
QR_INLINE int out_put_array(qr_buffer *b, size_t n) { return qr_pickle_data_put_array(b, keys_of(b), n); }
QR_INLINE int out_put_map(qr_buffer *b, size_t n) { return qr_pickle_data_put_map(b, keys_of(b), n); }
QR_INLINE int out_end_array(qr_buffer *b) { return qr_pickle_data_end_array(b, keys_of(b)); }
QR_INLINE int out_end_map(qr_buffer *b) { return qr_pickle_data_end_map(b, keys_of(b)); }

static QR_NOINLINE int put_long(qpy_walker *w, PyObject *op)
{
    Py_ssize_t n = qpy_pickle_long_bytes(op);
    if (n >= 0 && n <= 8)
        return out_put_int(&w->buffer, PyLong_AsLongLong(op));
    if (n < 0 || !qr_buffer_reserve(&w->buffer, (size_t)n + 5 + QR_BUFFER_SLACK))
        return 0;
    uint8_t *end = qpy_pickle_store_long(w->buffer.p, op, (size_t)n);
    if (!end)
        return 0;
    w->buffer.p = end;
    return 1;
}

#define QR_T(name) pickle_data_##name
#define QR_F(name) out_##name
#define QR_TRAIT(name) QR_PICKLE_DATA_##name
#define QR_FORMAT QR_FORMAT_MSGPACK /* images, which are not used */
#define QPY_WALK_LONG(w, op) put_long(w, op)
#define QPY_WALK_OPENS(byte) ((byte) == QR_PICKLE_EMPTY_LIST || (byte) == QR_PICKLE_EMPTY_DICT)
#define QPY_WALK_COMPARES(w, on) ((w)->keys->off = (on))
#include "binding/walk.tmpl.h"

static int write_pickle(qpy_walker *w, const qpy_plan *plan, uint32_t node, PyObject *object)
{
    qr_pickle_keys keys;
    w->keys = &keys;
    int ok = qr_pickle_data_start(&w->buffer, &keys) && (plan ? pickle_data_write_node(w, plan, node, object) : pickle_data_write_value(w, object)) &&
             qr_pickle_data_stop(&w->buffer, &keys);
    w->keys = NULL;
    return ok;
}

static const qpy_format pickle_format = {.name = "pickle"};
static const qpy_codec pickle_codec = {.format = &pickle_format, .separator = "", .write = write_pickle, .styles = QPY_STYLE_NONE};

/* ---------------------------------------------------------------- into the module */

static PyObject *encode(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_state *state = qpy_state_of(module);
    qpy_encode_options options;
    qpy_walker walker;
    if (count != 1) {
        PyErr_Format(PyExc_TypeError, "encode() takes one object, %zd positional arguments were given", count);
        return NULL;
    }
    if (!qpy_encode_options_init(&options, QPY_STYLE_NONE, "encode", args + count, names))
        return NULL;
    qpy_walker_init(&walker, state, pickle_format.name, state->pickle_data_hint);
    qpy_walker_use(&walker, options.adapters);
    qr_depth_init(&walker.depth, options.limits.depth);
    PyObject *bytes = qpy_walker_finish(&walker, write_pickle(&walker, NULL, 0, args[0]));
    if (bytes)
        state->pickle_data_hint = qpy_next_hint(state->pickle_data_hint, (size_t)PyBytes_GET_SIZE(bytes));
    return bytes;
}

static PyObject *encoder_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    qpy_encoder *self = (qpy_encoder *)type->tp_alloc(type, 0);
    if (self && !qpy_encoder_init(self, &pickle_codec, qpy_state_of(PyType_GetModule(type)), args, kwargs))
        Py_CLEAR(self);
    return (PyObject *)self;
}

static PyObject *encoder_encode(PyObject *op, PyObject *object) { return qpy_encoder_encode(((qpy_encoder *)op), object); }

static PyMethodDef encoder_methods[] = {
    {"encode", encoder_encode, METH_O,
     "encode($self, obj, /)\n--\n\nThe object as a pickle of plain data.\n\nRaises EncodeError for a value that is not of the encoder's type or cannot be written."},
    QPY_ENCODER_STREAM_METHODS
    {NULL, NULL, 0, NULL},
};
static PyMemberDef encoder_members[] = {
    {"type", QPY_MEMBER_OBJECT, offsetof(qpy_encoder, type), QPY_MEMBER_READONLY, "What is encoded."},
    {NULL, 0, 0, 0, NULL},
};
static PyType_Slot encoder_slots[] = {
    {Py_tp_new, encoder_new}, {Py_tp_dealloc, qpy_encoder_dealloc}, {Py_tp_traverse, qpy_encoder_traverse}, {Py_tp_repr, qpy_encoder_repr},
    {Py_tp_methods, encoder_methods}, {Py_tp_members, encoder_members},
    {Py_tp_doc, (char *)"Encoder(type=Any, /, *, errors=\"first\", limits=None, adapters=None)\n--\n\nEncodes values of one type as pickles of plain data, which the Decoder of the type reads. Immutable and safe to share between threads."},
    {0, NULL},
};
static PyType_Spec encoder_spec = {
    .name = "quire.pickle.Encoder", .basicsize = sizeof(qpy_encoder), .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE, .slots = encoder_slots,
};

static PyMethodDef encode_def = {
    "encode", (PyCFunction)(void (*)(void))encode, METH_FASTCALL | METH_KEYWORDS,
    "encode(obj, /, *, limits=None, adapters=None)\n--\n\nThe object as a pickle of plain data, which `decode` reads as its type and every unpickler as dicts and lists.\n\n"
    "Records and other classes with fields are {name: value}, dates and other values text as in a document. Nothing in it names a class or\n"
    "a function, so loading it runs nothing. What is shared is written each time it is met. Protocol 4.\n\n"
    "Raises EncodeError with the path of a value that cannot be written."};

static int add(PyObject *module, const char *name, PyObject *object)
{
    int status = object ? PyModule_AddObjectRef(module, name, object) : -1;
    Py_XDECREF(object);
    return status;
}

int qpy_pickle_data_init(PyObject *module, qpy_state *state)
{
    (void)state;
    PyObject *name = PyUnicode_FromString("quire.pickle");
    int status = name ? add(module, "pickle_encode", PyCFunction_NewEx(&encode_def, module, name)) : -1;
    if (status == 0)
        status = add(module, "PickleEncoder", PyType_FromModuleAndSpec(module, &encoder_spec, NULL));
    Py_XDECREF(name);
    return status;
}
