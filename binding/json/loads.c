/* SPDX-License-Identifier: Apache-2.0 */
/* loads: loads and the scanner object. What is out of the ordinary (a class to decode with, a subclass of str, arguments that are
 * none) goes to quire.json._standard, where the standard library itself sorts it out. */
#include "binding/json/loads.h"

#include "binding/attribute.h"
#include "binding/codec.h"
#include "binding/json/names.h"
#include "binding/members.h"

static const qpy_json_hooks no_hooks = {.strict = 1};

static int is_plain(const qpy_json_hooks *hooks)
{
    return hooks->strict && !hooks->object_hook && !hooks->object_pairs_hook && !hooks->parse_float && !hooks->parse_int;
}

/* ---------------------------------------------------------------- text */

/* Would its characters be larger as UTF-8, most of them? Judged by some of them. */
static int is_mostly_wide(const void *units, int kind, size_t length)
{
    enum { SAMPLES = 64 };
    const size_t step = length / SAMPLES + 1;
    size_t seen = (length + step - 1) / step, wide = 0;
    switch (kind) {
    case 1:
        for (size_t i = 0; i < length; i += step)
            wide += ((const Py_UCS1 *)units)[i] >= 0x80;
        break;
    case 2:
        for (size_t i = 0; i < length; i += step)
            wide += ((const Py_UCS2 *)units)[i] >= 0x80;
        break;
    default:
        for (size_t i = 0; i < length; i += step)
            wide += ((const Py_UCS4 *)units)[i] >= 0x80;
        break;
    }
    return wide > seen / 4;
}

enum { UTF8_ROOM = 2048 };
static size_t utf8_size(size_t length, int kind) { return length * (kind == 1 ? 2 : kind == 2 ? 3 : 4) + QR_UTF8_SLACK + 1; }

/* The UTF-8 of a str that is not ASCII, with a 0 behind it, in `room` where it fits and else in memory of its own; NULL where it has none
 * (lone surrogates), where memory is out (the other reader wants none), or where it pays to look at the characters as they are. */
static uint8_t *text_as_utf8(PyObject *text, uint8_t *room, size_t *n)
{
    size_t length = (size_t)PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text);
    const void *units = PyUnicode_DATA(text);
    if (length > PY_SSIZE_T_MAX / 8 || is_mostly_wide(units, kind, length))
        return NULL;
    uint8_t *utf8 = utf8_size(length, kind) <= UTF8_ROOM ? room : PyMem_Malloc(utf8_size(length, kind)), *last;
    if (!utf8)
        return NULL;
    last = kind == 1 ? qr_utf8_encode_1(utf8, units, length) : kind == 2 ? qr_utf8_encode_2(utf8, units, length) : qr_utf8_encode_4(utf8, units, length);
    if (!last) {
        if (utf8 != room)
            PyMem_Free(utf8);
        return NULL;
    }
    *last = 0;
    *n = (size_t)(last - utf8);
    return utf8;
}

/* The fast reader on a whole str that is not ASCII: as read_text, which says by itself what was taken. */
static QR_NOINLINE PyObject *read_wide_text(qpy_state *state, PyObject *text)
{
    uint8_t room[UTF8_ROOM];
    size_t n, stop;
    uint8_t *utf8 = text_as_utf8(text, room, &n);
    PyObject *value = utf8 ? qpy_json_read(state, utf8, n, 0, 1, &stop) : NULL;
    if (utf8 != room)
        PyMem_Free(utf8);
    return value;
}

/* The fast reader on the characters from `start` on: NULL with *taken 0 when it will not do; with 1: an exception. */
static PyObject *read_text(qpy_state *state, PyObject *text, Py_ssize_t start, int whole, Py_ssize_t *end, int *taken)
{
    PyObject *value = NULL;
    size_t stop, length = (size_t)PyUnicode_GET_LENGTH(text);
    *taken = 0;
    if (PyUnicode_IS_COMPACT_ASCII(text)) {
        value = qpy_json_read(state, PyUnicode_1BYTE_DATA(text), length, (size_t)start, whole, &stop);
        *end = (Py_ssize_t)stop;
    }
    else if (whole) {
        value = read_wide_text(state, text);
        *end = (Py_ssize_t)length;
    }
    *taken = value || PyErr_Occurred();
    return value;
}

/* A value from `start` on, by whichever reader does it. */
static PyObject *scan_once(qpy_state *state, PyObject *text, Py_ssize_t start, const qpy_json_hooks *hooks, Py_ssize_t *end)
{
    int taken = 0;
    PyObject *value = NULL;
    /* The fast one passes over spaces, which are no value. */
    if (is_plain(hooks) && start >= 0 && start < PyUnicode_GET_LENGTH(text) && PyUnicode_READ_CHAR(text, start) > ' ')
        value = read_text(state, text, start, 0, end, &taken);
    return taken ? value : qpy_json_scan(state, text, start, hooks, end);
}

static Py_ssize_t skip_space(PyObject *text, Py_ssize_t at)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    while (at < length) {
        Py_UCS4 c = PyUnicode_READ(kind, data, at);
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            break;
        at++;
    }
    return at;
}

/* `raise JSONDecodeError(...) from None` where a StopIteration says where no value stands, whoever raised it. */
static void no_value(PyObject *text)
{
    PyObject *stop = qpy_raise_take();
    PyObject *module = PyImport_ImportModule("json.decoder"), *cls = module ? qpy_attribute(module, "JSONDecodeError") : NULL, *at = cls ? qpy_attribute(stop, "value") : NULL;
    PyObject *error = at ? PyObject_CallFunction(cls, "sOO", "Expecting value", text, at) : NULL;
    if (error) {
        PyException_SetCause(error, NULL);
        PyErr_SetObject(cls, error);
    }
    Py_XDECREF(error);
    Py_XDECREF(at);
    Py_XDECREF(cls);
    Py_XDECREF(module);
    Py_XDECREF(stop);
}

/* A whole document, by the scanner. */
static PyObject *scan_document(qpy_state *state, PyObject *text, const qpy_json_hooks *hooks)
{
    Py_ssize_t end;
    PyObject *value = qpy_json_scan(state, text, skip_space(text, 0), hooks, &end);
    if (!value) {
        if (PyErr_ExceptionMatches(PyExc_StopIteration))
            no_value(text);
        return NULL;
    }
    end = skip_space(text, end);
    if (end != PyUnicode_GET_LENGTH(text)) {
        Py_DECREF(value);
        return qpy_json_fail("Extra data", text, end);
    }
    return value;
}

static PyObject *decode_text(qpy_state *state, PyObject *text, const qpy_json_hooks *hooks)
{
    Py_ssize_t end;
    int taken = 0;
    PyObject *value = is_plain(hooks) ? read_text(state, text, 0, 1, &end, &taken) : NULL;
    return taken ? value : scan_document(state, text, hooks);
}

/* ---------------------------------------------------------------- bytes */

/* Is it UTF-8 by the rules of json.detect_encoding, with no mark in front? */
static int looks_like_utf8(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 1;
    if (n >= 2 && ((data[0] == 0xFE && data[1] == 0xFF) || (data[0] == 0xFF && data[1] == 0xFE)))
        return 0;
    if (n >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF)
        return 0;
    return (n < 4 && n != 2) || (data[0] && data[1]);
}

static PyObject *decode_bytes(qpy_state *state, PyObject *data, const qpy_json_hooks *hooks)
{
    qpy_input input;
    size_t end;
    PyObject *value = NULL;
    if (!qpy_input_init(&input, data, 0))
        return NULL;
    int is_utf8 = looks_like_utf8(input.data, input.length);
    if (is_utf8 && is_plain(hooks))
        value = qpy_json_read(state, input.data, input.length, 0, 1, &end);
    if (!value && !PyErr_Occurred()) {
        PyObject *text;
        if (is_utf8)
            text = PyUnicode_DecodeUTF8((const char *)input.data, (Py_ssize_t)input.length, "surrogatepass");
        else
            text = qpy_json_standard("decode_bytes", (PyObject *const[]){input.owner}, 1, NULL);
        if (text)
            value = scan_document(state, text, hooks);
        Py_XDECREF(text);
    }
    qpy_input_release(&input);
    return value;
}

/* ---------------------------------------------------------------- loads */

/* A keyword that stands for the standard way when it is None or (as `or` has it) false. 1, or 0 with an exception. */
static int read_hook(PyObject *value, PyObject *standard, PyObject **hook)
{
    int is_true = value == Py_None ? 0 : value == standard ? 0 : PyObject_IsTrue(value);
    *hook = is_true > 0 ? value : NULL;
    return is_true >= 0;
}

/* 1; 0: not for us, or -1 with an exception. */
static int read_keyword(qpy_state *state, PyObject *name, PyObject *value, qpy_json_hooks *hooks)
{
    switch (qpy_json_name(state, name)) {
    case QPY_JSON_CLS:
        return value == Py_None;
    case QPY_JSON_OBJECT_HOOK:
        hooks->object_hook = value == Py_None ? NULL : value;
        return 1;
    case QPY_JSON_OBJECT_PAIRS_HOOK:
        hooks->object_pairs_hook = value == Py_None ? NULL : value;
        return 1;
    case QPY_JSON_PARSE_FLOAT:
        return read_hook(value, (PyObject *)&PyFloat_Type, &hooks->parse_float) ? 1 : -1;
    case QPY_JSON_PARSE_INT:
        return read_hook(value, (PyObject *)&PyLong_Type, &hooks->parse_int) ? 1 : -1;
    case QPY_JSON_PARSE_CONSTANT:
        return read_hook(value, NULL, &hooks->parse_constant) ? 1 : -1;
    case QPY_JSON_STRICT:
        hooks->strict = value == Py_True;
        return PyBool_Check(value);
    default:
        return 0;
    }
}

static PyObject *loads_any(qpy_state *state, PyObject *data, const qpy_json_hooks *hooks)
{
    if (PyUnicode_CheckExact(data)) {
#if PY_VERSION_HEX < 0x030C0000
        if (PyUnicode_READY(data) < 0)
            return NULL;
#endif
        if (QR_UNLIKELY(PyUnicode_GET_LENGTH(data) && PyUnicode_READ_CHAR(data, 0) == 0xFEFF))
            return qpy_json_fail("Unexpected UTF-8 BOM (decode using utf-8-sig)", data, 0);
        return decode_text(state, data, hooks);
    }
    return decode_bytes(state, data, hooks);
}

static int is_ours(PyObject *data) { return PyUnicode_CheckExact(data) || PyBytes_CheckExact(data) || PyByteArray_CheckExact(data); }

/* 1, or as read_keyword. */
static int read_keywords(qpy_state *state, PyObject *const *values, PyObject *names, qpy_json_hooks *hooks)
{
    int ok = 1;
    for (Py_ssize_t i = 0; ok == 1 && names && i < PyTuple_GET_SIZE(names); i++)
        ok = read_keyword(state, PyTuple_GET_ITEM(names, i), values[i], hooks);
    return ok;
}

static PyObject *loads(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_state *state = qpy_state_of(module);
    qpy_json_hooks hooks = no_hooks;
    int ok = count == 1 && is_ours(args[0]) ? read_keywords(state, args + 1, names, &hooks) : 0;
    if (QR_LIKELY(ok == 1))
        return loads_any(state, args[0], &hooks);
    return ok < 0 ? NULL : qpy_json_standard("loads", args, count, names);
}

static PyObject *load(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_state *state = qpy_state_of(module);
    qpy_json_hooks hooks = no_hooks;
    int ok = count == 1 ? read_keywords(state, args + 1, names, &hooks) : 0;
    if (ok != 1)
        return ok < 0 ? NULL : qpy_json_standard("load", args, count, names);
    PyObject *read = qpy_attribute(args[0], "read"), *data = read ? PyObject_CallNoArgs(read) : NULL, *value = NULL;
    if (data && is_ours(data))
        value = loads_any(state, data, &hooks);
    else if (data) {
        PyObject *list[16] = {data};
        Py_ssize_t n = names ? PyTuple_GET_SIZE(names) : 0; /* each name at most once: fewer than these */
        memcpy(list + 1, args + 1, (size_t)n * sizeof *list);
        value = qpy_json_standard("loads", list, 1, names);
    }
    Py_XDECREF(data);
    Py_XDECREF(read);
    return value;
}

/* ---------------------------------------------------------------- the scanner object */

typedef struct scanner {
    PyObject_HEAD
    qpy_state *state;
    PyObject *module;
    qpy_json_hooks hooks; /* those that are not the standard ways, owned by the members below */
    PyObject *object_hook, *object_pairs_hook, *parse_float, *parse_int, *parse_constant;
    char strict;
} scanner;

#define SCANNER_MEMBERS(X) X(object_hook) X(object_pairs_hook) X(parse_float) X(parse_int) X(parse_constant)

/* 1, or 0 with an exception. */
static int scanner_fill(scanner *self, PyObject *context)
{
    PyObject *strict = qpy_attribute(context, "strict");
    int is_strict = strict ? PyObject_IsTrue(strict) : -1;
    Py_XDECREF(strict);
    if (is_strict < 0)
        return 0;
    self->strict = (char)is_strict;
#define X(name)                                              \
    if (!(self->name = qpy_attribute(context, #name)))       \
        return 0;
    SCANNER_MEMBERS(X)
#undef X
    self->hooks = (qpy_json_hooks){
        .strict = is_strict,
        .object_hook = self->object_hook == Py_None ? NULL : self->object_hook,
        .object_pairs_hook = self->object_pairs_hook == Py_None ? NULL : self->object_pairs_hook,
        .parse_float = self->parse_float == (PyObject *)&PyFloat_Type ? NULL : self->parse_float,
        .parse_int = self->parse_int == (PyObject *)&PyLong_Type ? NULL : self->parse_int,
        .parse_constant = self->parse_constant,
    };
    return 1;
}

static PyObject *scanner_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"context", NULL};
    PyObject *context;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:make_scanner", (char **)names, &context))
        return NULL;
    scanner *self = (scanner *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->module = Py_NewRef(PyType_GetModule(type));
    self->state = qpy_state_of(self->module);
    if (!scanner_fill(self, context))
        Py_CLEAR(self);
    return (PyObject *)self;
}

static PyObject *scanner_call(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"string", "idx", NULL};
    scanner *self = (scanner *)op;
    PyObject *text;
    Py_ssize_t at, end;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "On:scan_once", (char **)names, &text, &at))
        return NULL;
    if (!PyUnicode_Check(text))
        return PyErr_Format(PyExc_TypeError, "first argument must be a string, not %.80s", Py_TYPE(text)->tp_name);
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(text) < 0)
        return NULL;
#endif
    PyObject *value = scan_once(self->state, text, at, &self->hooks, &end);
    return value ? Py_BuildValue("(Nn)", value, end) : NULL;
}

static PyObject *scanner_decode(PyObject *op, PyObject *text)
{
    scanner *self = (scanner *)op;
    if (!PyUnicode_CheckExact(text))
        return PyErr_Format(PyExc_TypeError, "first argument must be a string, not %.80s", Py_TYPE(text)->tp_name);
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(text) < 0)
        return NULL;
#endif
    return decode_text(self->state, text, &self->hooks);
}

static int scanner_traverse(PyObject *op, visitproc visit, void *arg)
{
    scanner *self = (scanner *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->module);
#define X(name) Py_VISIT(self->name);
    SCANNER_MEMBERS(X)
#undef X
    return 0;
}

static int scanner_clear(PyObject *op)
{
    scanner *self = (scanner *)op;
    self->hooks = no_hooks;
#define X(name) Py_CLEAR(self->name);
    SCANNER_MEMBERS(X)
#undef X
    return 0;
}

static void scanner_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    scanner_clear(op);
    Py_XDECREF(((scanner *)op)->module);
    type->tp_free(op);
    Py_DECREF(type);
}

static PyMethodDef scanner_methods[] = {
    {"decode", scanner_decode, METH_O, "decode($self, string, /)\n--\n\nThe value of a whole document, with nothing but space around it.\n\nRaises JSONDecodeError and what a hook raises."},
    {NULL, NULL, 0, NULL},
};
static PyMemberDef scanner_members[] = {
    {"strict", QPY_MEMBER_BOOL, offsetof(scanner, strict), QPY_MEMBER_READONLY, "Whether controls in strings are refused."},
#define X(name) {#name, QPY_MEMBER_OBJECT, offsetof(scanner, name), QPY_MEMBER_READONLY, "As the decoder had it."},
    SCANNER_MEMBERS(X)
#undef X
    {NULL, 0, 0, 0, NULL},
};
static PyType_Slot scanner_slots[] = {
    {Py_tp_new, scanner_new}, {Py_tp_dealloc, scanner_dealloc}, {Py_tp_traverse, scanner_traverse}, {Py_tp_clear, scanner_clear},
    {Py_tp_call, scanner_call}, {Py_tp_methods, scanner_methods}, {Py_tp_members, scanner_members},
    {Py_tp_doc, (char *)"make_scanner(context)\n--\n\nReads one value of a text: make_scanner(decoder)(string, index) -> (value, end)."}, {0, NULL},
};
static PyType_Spec scanner_spec = {
    .name = "quire._core.JsonScanner", .basicsize = sizeof(scanner), .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE, .slots = scanner_slots,
};

/* ---------------------------------------------------------------- into the module */

#define KEYWORDS "cls=None, object_hook=None, parse_float=None, parse_int=None, parse_constant=None, object_pairs_hook=None, **kw"
static PyMethodDef functions[] = {
    {"loads", (PyCFunction)(void (*)(void))loads, METH_FASTCALL | METH_KEYWORDS,
     "loads($module, /, s, *, " KEYWORDS ")\n--\n\nThe value of a JSON document in a str, bytes or bytearray, as json.loads gives it.\n\n"
     "object_hook: called with each dict, object_pairs_hook with each list of pairs: what they return takes its place.\n"
     "parse_float, parse_int, parse_constant: called with the text of a number, or 'NaN', 'Infinity', '-Infinity'.\n"
     "strict=False: control characters may stand in strings. cls: a subclass of JSONDecoder.\n"
     "Raises json.JSONDecodeError where the text is no JSON."},
    {"load", (PyCFunction)(void (*)(void))load, METH_FASTCALL | METH_KEYWORDS,
     "load($module, /, fp, *, " KEYWORDS ")\n--\n\nThe value of the JSON document that fp.read() returns, as json.load gives it: see loads."},
    {NULL, NULL, 0, NULL},
};

int qpy_json_loads_init(PyObject *module, qpy_state *Py_UNUSED(state))
{
    PyObject *type = PyType_FromModuleAndSpec(module, &scanner_spec, NULL);
    int status = type ? PyModule_AddObjectRef(module, "JsonScanner", type) : -1;
    Py_XDECREF(type);
    return status < 0 ? -1 : qpy_json_add(module, functions);
}
