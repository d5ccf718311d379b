/* SPDX-License-Identifier: Apache-2.0 */
/* packer: packb and Packer of quire.msgpack.
 *
 * Each method writes into a walker of its own and only what is whole joins the Packer's buffer (or is returned): so `default`
 * may use the same Packer, a failure leaves no half of a value behind, and nobody's view of the buffer moves. */
#include "binding/codec.h"
#include "binding/msgpack/module.h"
#include "binding/msgpack/options.h"

typedef struct packer_object {
    PyObject_HEAD
    qpy_state *state;
    PyObject *module;
    qpy_pack_options options; /* its objects are owned */
    size_t hint;
    uint8_t *data; /* of autoreset=False */
    size_t length, room;
    Py_ssize_t exports;
} packer_object;

/* ---------------------------------------------------------------- packb */

static PyObject *packb(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_state *state = qpy_state_of(module);
    qpy_pack_options options = QPY_PACK_OPTIONS_DEFAULT;
    PyObject *object = count ? args[0] : NULL;
    if (count > 1) {
        PyErr_Format(PyExc_TypeError, "packb() takes 1 positional argument but %zd were given", count);
        return NULL;
    }
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i), *value = args[count + i];
        if (!object && PyUnicode_CompareWithASCIIString(name, "o") == 0)
            object = value;
        else if (!qpy_pack_keyword(&options, "__init__", name, value))
            return NULL;
    }
    if (!object) {
        PyErr_SetString(PyExc_TypeError, "packb() missing 1 required positional argument: 'o'");
        return NULL;
    }
    qpy_pack pack;
    qpy_pack_init(&pack, state, &options, state->hints[QR_FORMAT_MSGPACK]);
    PyObject *bytes = qpy_pack_finish(&pack, qpy_pack_value(&pack, object));
    if (QR_LIKELY(bytes))
        state->hints[QR_FORMAT_MSGPACK] = qpy_next_hint(state->hints[QR_FORMAT_MSGPACK], (size_t)PyBytes_GET_SIZE(bytes));
    if (QR_UNLIKELY(!options.autoreset) && bytes)
        Py_SETREF(bytes, Py_NewRef(Py_None)); /* it stays in a Packer that nobody has */
    return bytes;
}

/* ---------------------------------------------------------------- life of a Packer */

static void set_options(packer_object *self, const qpy_pack_options *options)
{
    qpy_pack_options old = self->options;
    self->options = *options;
    Py_XINCREF(options->default_);
    Py_XINCREF(options->unicode_errors);
    Py_XDECREF(old.default_);
    Py_XDECREF(old.unicode_errors);
}

static PyObject *packer_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args, (void)kwargs;
    qpy_state *state = qpy_state_of_type(type);
    packer_object *self = state ? (packer_object *)type->tp_alloc(type, 0) : NULL;
    if (!self)
        return NULL;
    self->state = state;
    self->module = Py_NewRef(state->module);
    self->options = (qpy_pack_options)QPY_PACK_OPTIONS_DEFAULT;
    return (PyObject *)self;
}

static int packer_init(PyObject *op, PyObject *args, PyObject *kwargs)
{
    qpy_pack_options options = QPY_PACK_OPTIONS_DEFAULT;
    PyObject *name, *value;
    Py_ssize_t i = 0;
    if (PyTuple_GET_SIZE(args)) {
        PyErr_Format(PyExc_TypeError, "__init__() takes exactly 0 positional arguments (%zd given)", PyTuple_GET_SIZE(args));
        return -1;
    }
    while (kwargs && PyDict_Next(kwargs, &i, &name, &value))
        if (!qpy_pack_keyword(&options, "__init__", name, value))
            return -1;
    set_options((packer_object *)op, &options);
    return 0;
}

static int packer_traverse(PyObject *op, visitproc visit, void *arg)
{
    packer_object *self = (packer_object *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->module);
    Py_VISIT(self->options.default_);
    Py_VISIT(self->options.unicode_errors);
    return 0;
}

static int packer_clear(PyObject *op)
{
    packer_object *self = (packer_object *)op;
    Py_CLEAR(self->options.default_);
    self->options.errors = NULL;
    Py_CLEAR(self->options.unicode_errors);
    return 0;
}

static void packer_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    packer_object *self = (packer_object *)op;
    PyObject_GC_UnTrack(op);
    packer_clear(op);
    PyMem_Free(self->data);
    Py_XDECREF(self->module);
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---------------------------------------------------------------- the buffer */

/* 1, or 0 with BufferError. */
static int may_change(packer_object *self)
{
    if (QR_LIKELY(self->exports == 0))
        return 1;
    PyErr_SetString(PyExc_BufferError, "Existing exports of data: Packer cannot be changed");
    return 0;
}

static int append(packer_object *self, PyObject *bytes)
{
    size_t n = (size_t)PyBytes_GET_SIZE(bytes);
    if (!may_change(self))
        return 0;
    if (n > self->room - self->length) {
        size_t room = qr_buffer_next_capacity(self->length, n);
        uint8_t *data = room && room <= PY_SSIZE_T_MAX ? PyMem_Realloc(self->data, room) : NULL;
        if (!data) {
            PyErr_NoMemory();
            return 0;
        }
        self->data = data;
        self->room = room;
    }
    if (n)
        memcpy(self->data + self->length, PyBytes_AS_STRING(bytes), n);
    self->length += n;
    return 1;
}

/* What a method returns for what it wrote (taken; NULL: it failed). */
static PyObject *give(packer_object *self, PyObject *bytes, int autoreset)
{
    if (!bytes || (autoreset && QR_LIKELY(self->length == 0)))
        return bytes;
    int ok = append(self, bytes);
    Py_DECREF(bytes);
    if (!ok)
        return NULL;
    if (!autoreset)
        Py_RETURN_NONE;
    bytes = PyBytes_FromStringAndSize((const char *)self->data, (Py_ssize_t)self->length); /* what was there before autoreset was set */
    if (bytes)
        self->length = 0;
    return bytes;
}

static int packer_getbuffer(PyObject *op, Py_buffer *view, int flags)
{
    packer_object *self = (packer_object *)op;
    static const char nothing[1] = "";
    if (PyBuffer_FillInfo(view, op, self->data ? (void *)self->data : (void *)(uintptr_t)nothing, (Py_ssize_t)self->length, 1, flags) < 0)
        return -1;
    self->exports++;
    return 0;
}

static void packer_releasebuffer(PyObject *op, Py_buffer *view)
{
    (void)view;
    ((packer_object *)op)->exports--;
}

static PyObject *packer_bytes(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    packer_object *self = (packer_object *)op;
    return PyBytes_FromStringAndSize((const char *)self->data, (Py_ssize_t)self->length);
}

static PyObject *packer_view(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    return PyMemoryView_FromObject(op);
}

static PyObject *packer_reset(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    packer_object *self = (packer_object *)op;
    if (!may_change(self))
        return NULL;
    self->length = 0;
    Py_RETURN_NONE;
}

/* ---------------------------------------------------------------- what it packs */

/* The options are held: `default` may call __init__. */
typedef struct packing {
    qpy_pack pack;
    qpy_pack_options options;
} packing;

static int packing_init(packing *k, packer_object *self)
{
    if (!may_change(self))
        return 0;
    k->options = self->options;
    Py_XINCREF(k->options.default_);
    Py_XINCREF(k->options.unicode_errors);
    qpy_pack_init(&k->pack, self->state, &k->options, self->hint);
    return 1;
}

static PyObject *packing_finish(packing *k, packer_object *self, int ok)
{
    PyObject *bytes = qpy_pack_finish(&k->pack, ok);
    if (QR_LIKELY(bytes))
        self->hint = qpy_next_hint(self->hint, (size_t)PyBytes_GET_SIZE(bytes));
    PyObject *result = give(self, bytes, k->options.autoreset);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    Py_XDECREF(k->options.default_);
    Py_XDECREF(k->options.unicode_errors);
    PyErr_Restore(type, value, traceback);
    return result;
}

static PyObject *packer_pack(PyObject *op, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    packer_object *self = (packer_object *)op;
    PyObject *object = qpy_one_argument("pack", "obj", args, count, names);
    packing k;
    if (!object || !packing_init(&k, self))
        return NULL;
    int ok = qpy_pack_value(&k.pack, object);
    if (!ok && self->exports == 0)
        self->length = 0; /* as the package does */
    return packing_finish(&k, self, ok);
}

static PyObject *pack_head(packer_object *self, PyObject *size, int is_map)
{
    packing k;
    long long n = 0;
    PyObject *index = size ? PyNumber_Index(size) : NULL;
    if (index)
        n = PyLong_AsLongLong(index);
    Py_XDECREF(index);
    if (PyErr_Occurred())
        return NULL;
    if (n < 0) {
        PyErr_Format(PyExc_ValueError, "%s size must be non-negative", is_map ? "map" : "array");
        return NULL;
    }
    if (n > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, is_map ? "map too learge" : "array too large"); /* sic */
        return NULL;
    }
    return packing_init(&k, self) ? packing_finish(&k, self, qpy_pack_head(&k.pack, is_map, (size_t)n)) : NULL;
}

static PyObject *packer_pack_array_header(PyObject *op, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return pack_head((packer_object *)op, qpy_one_argument("pack_array_header", "size", args, count, names), 0);
}
static PyObject *packer_pack_map_header(PyObject *op, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return pack_head((packer_object *)op, qpy_one_argument("pack_map_header", "size", args, count, names), 1);
}

/* One pair of what pack_map_pairs was given. */
static int write_pair(qpy_pack *pack, PyObject *pair)
{
    PyObject *fast = PySequence_Tuple(pair);
    if (!fast)
        return 0;
    Py_ssize_t n = PyTuple_GET_SIZE(fast);
    int ok = 0;
    if (n > 2)
        PyErr_SetString(PyExc_ValueError, "too many values to unpack (expected 2)");
    else if (n < 2)
        PyErr_Format(PyExc_ValueError, "need more than %zd value%s to unpack", n, n == 1 ? "" : "s");
    else
        ok = qpy_pack_value(pack, PyTuple_GET_ITEM(fast, 0)) && qpy_pack_value(pack, PyTuple_GET_ITEM(fast, 1));
    Py_DECREF(fast);
    return ok;
}

static PyObject *packer_pack_map_pairs(PyObject *op, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    packer_object *self = (packer_object *)op;
    PyObject *pairs = qpy_one_argument("pack_map_pairs", "pairs", args, count, names);
    packing k;
    if (!pairs || !may_change(self))
        return NULL;
    Py_ssize_t n = PyObject_Size(pairs), got = 0;
    if (n > UINT32_MAX)
        PyErr_SetString(PyExc_ValueError, "map too large");
    PyObject *iterator = n < 0 || n > UINT32_MAX ? NULL : PyObject_GetIter(pairs), *pair;
    if (!iterator)
        return NULL;
    if (!packing_init(&k, self)) {
        Py_DECREF(iterator);
        return NULL;
    }
    int ok = qpy_pack_head(&k.pack, 1, (size_t)n);
    while (ok && (pair = PyIter_Next(iterator))) {
        got++;
        ok = got <= n && write_pair(&k.pack, pair);
        Py_DECREF(pair);
    }
    ok = ok && !PyErr_Occurred();
    if (got != n && !PyErr_Occurred()) {
        PyErr_Format(PyExc_ValueError, "there are %s pairs than len() says", got < n ? "fewer" : "more");
        ok = 0;
    }
    Py_DECREF(iterator);
    return packing_finish(&k, self, ok);
}

static PyObject *packer_pack_ext_type(PyObject *op, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const words[] = {"typecode", "data"};
    packer_object *self = (packer_object *)op;
    PyObject *given[2] = {count > 0 ? args[0] : NULL, count > 1 ? args[1] : NULL};
    Py_ssize_t more = names ? PyTuple_GET_SIZE(names) : 0;
    for (Py_ssize_t i = 0; i < more; i++)
        for (int word = 0; word < 2; word++)
            if (!given[word] && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, i), words[word]) == 0) {
                given[word] = args[count + i];
                break;
            }
    if (!given[0] || !given[1] || count + more != 2) {
        PyErr_Format(PyExc_TypeError, "pack_ext_type() takes exactly 2 arguments, typecode and data (%zd given)", count + more);
        return NULL;
    }
    PyObject *index = PyNumber_Index(given[0]), *data = given[1];
    int overflow = 0;
    long code = index ? PyLong_AsLongAndOverflow(index, &overflow) : 0;
    Py_XDECREF(index);
    if (!index)
        return NULL;
    if (overflow || code < -128 || code > 127) {
        PyErr_SetString(PyExc_OverflowError, "value too large to convert to char");
        return NULL;
    }
    if (!PyBytes_Check(data) && !PyByteArray_Check(data) && !(PyUnicode_Check(data) && PyUnicode_IS_ASCII(data))) {
        PyErr_Format(PyExc_TypeError, "expected bytes, %.200s found", Py_TYPE(data)->tp_name);
        return NULL;
    }
    const char *bytes = PyBytes_Check(data) ? PyBytes_AS_STRING(data) : PyByteArray_Check(data) ? PyByteArray_AS_STRING(data) : PyUnicode_DATA(data);
    Py_ssize_t n = PyBytes_Check(data) ? PyBytes_GET_SIZE(data) : PyByteArray_Check(data) ? PyByteArray_GET_SIZE(data) : PyUnicode_GET_LENGTH(data);
    packing k;
    return packing_init(&k, self) ? packing_finish(&k, self, qpy_pack_ext(&k.pack, (int8_t)code, (const uint8_t *)bytes, (size_t)n)) : NULL;
}

/* ---------------------------------------------------------------- the class */

#define WORDS(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS
static PyMethodDef packer_methods[] = {
    {"pack", WORDS(packer_pack), "pack($self, obj)\n--\n\nPacks one object: returns it as bytes, or (autoreset=False) None."},
    {"pack_array_header", WORDS(packer_pack_array_header), "pack_array_header($self, size)\n--\n\nThe head of an array; the next `size` packed objects are its items."},
    {"pack_map_header", WORDS(packer_pack_map_header), "pack_map_header($self, size)\n--\n\nThe head of a map; the next 2 * `size` packed objects are its keys and values."},
    {"pack_map_pairs", WORDS(packer_pack_map_pairs), "pack_map_pairs($self, pairs)\n--\n\nPacks pairs, which have a len(), as a map."},
    {"pack_ext_type", WORDS(packer_pack_ext_type),
     "pack_ext_type($self, typecode, data)\n--\n\nPacks an extension: its code, -128 to 127, and its bytes."},
    {"bytes", packer_bytes, METH_NOARGS, "bytes($self, /)\n--\n\nWhat is in the buffer."},
    {"reset", packer_reset, METH_NOARGS, "reset($self, /)\n--\n\nEmpties the buffer."},
    {"getbuffer", packer_view, METH_NOARGS, "getbuffer($self, /)\n--\n\nA memoryview of the buffer; while there is one, the Packer can't be used."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot packer_slots[] = {
    {Py_tp_new, packer_new}, {Py_tp_init, packer_init}, {Py_tp_dealloc, packer_dealloc}, {Py_tp_traverse, packer_traverse}, {Py_tp_clear, packer_clear},
    {Py_tp_methods, packer_methods}, {Py_bf_getbuffer, packer_getbuffer}, {Py_bf_releasebuffer, packer_releasebuffer},
    {Py_tp_doc,
     (char *)"Packer(*, default=None, use_single_float=False, autoreset=True, use_bin_type=True, strict_types=False, datetime=False, unicode_errors=None, "
     "buf_size=262144)\n--\n\nPacks objects as the package msgpack does."},
    {0, NULL},
};
static PyType_Spec packer_spec = {
    .name = "quire.msgpack.Packer", .basicsize = sizeof(packer_object), .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, .slots = packer_slots,
};
static PyMethodDef packb_def = {
    "packb", (PyCFunction)(void (*)(void))packb, METH_FASTCALL | METH_KEYWORDS,
    "packb(o, *, default=None, use_single_float=False, autoreset=True, use_bin_type=True, strict_types=False, datetime=False, unicode_errors=None, "
    "buf_size=262144)\n--\n\nThe object as bytes, packed as the package msgpack does."};

int qpy_msgpack_pack_init(PyObject *module)
{
    PyObject *name = PyUnicode_FromString("quire.msgpack"), *function = name ? PyCFunction_NewEx(&packb_def, module, name) : NULL;
    PyObject *type = function ? PyType_FromModuleAndSpec(module, &packer_spec, NULL) : NULL;
    int status = type && PyModule_AddObjectRef(module, "msgpack_packb", function) == 0 ? PyModule_AddObjectRef(module, "MsgpackPacker", type) : -1;
    Py_XDECREF(type);
    Py_XDECREF(function);
    Py_XDECREF(name);
    return status;
}
