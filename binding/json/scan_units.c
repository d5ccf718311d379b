/* SPDX-License-Identifier: Apache-2.0 */
/* scan_units: the scanner for each width of a str, and what the widths share. */
#include "binding/codec.h"
#include "binding/json/loads.h"
#include "binding/json/names.h"
#include "binding/keys.h"
#include "binding/sink.h"
#include "core/base/stack.h"
#include "core/base/units.h"
#include "core/format/json.h"

enum { MEMO = 256 /* keys that a scanner remembers */, UNESCAPED = 64 /* characters of a string that is read but once */ };
#define END_OF_TEXT 0xFFFFFFFFu /* no character */

/* From 3.13 on a comma before a closing bracket has a message of its own. */
#define TELLS_TRAILING_COMMA (PY_VERSION_HEX >= 0x030D0000)

/* QR_STACK_ENTER's: levels that are lent, or 0 with the exception. */
static uint32_t go_deeper(qr_depth *stack, const char *message)
{
    uint32_t lent = qr_depth_lend(stack);
    if (!lent)
        PyErr_SetString(PyExc_RecursionError, message);
    return lent;
}

/* ---------------------------------------------------------------- characters */

/* What a backslash and that letter stand for, or 0. */
static int32_t short_escape(uint8_t c)
{
    switch (c) {
    case '"': case '\\': case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

/* The least limit of PyUnicode_New that holds characters whose bits these are. A bound of all is no better than its highest bit, and a
 * str must not be wider than it needs, but an `or` of characters below a power of two is below it too. */
static Py_UCS4 widest_of(uint32_t all) { return all < 0x80 ? 0x7F : all < 0x100 ? 0xFF : all < 0x10000 ? 0xFFFF : 0x10FFFF; }

static int is_same_str(PyObject *a, PyObject *b)
{
    return PyUnicode_GET_LENGTH(a) == PyUnicode_GET_LENGTH(b) && PyUnicode_KIND(a) == PyUnicode_KIND(b) &&
           memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), (size_t)PyUnicode_GET_LENGTH(a) * PyUnicode_KIND(a)) == 0;
}

/* The characters of a new str, which is returned. */
static PyObject *copy_unescaped(PyObject *str, const uint32_t *units)
{
    size_t n = (size_t)PyUnicode_GET_LENGTH(str);
    switch (PyUnicode_KIND(str)) {
    case PyUnicode_1BYTE_KIND: qr_units_copy_4_1(PyUnicode_DATA(str), units, n, UNESCAPED); break;
    case PyUnicode_2BYTE_KIND: qr_units_copy_4_2(PyUnicode_DATA(str), units, n, UNESCAPED); break;
    default: qr_copy_short(PyUnicode_DATA(str), (const uint8_t *)units, 4 * n); break;
    }
    return str;
}

/* The interpreter keeps the strs of no and of one Latin-1 character. */
static PyObject *one_character(PyObject *str)
{
    if (str && PyUnicode_GET_LENGTH(str) == 1)
        Py_SETREF(str, PyUnicode_FromOrdinal((int)PyUnicode_READ_CHAR(str, 0)));
    return str;
}

/* ---------------------------------------------------------------- hooks */

/* User code: what is finished waits on the sink's stack. */
static PyObject *call_hook(qpy_sink *sink, PyObject *hook, PyObject *argument)
{
    qpy_outside saved = qpy_sink_go_outside(sink);
    PyObject *value = PyObject_CallOneArg(hook, argument);
    qpy_sink_come_back(sink, saved);
    return value;
}

/* The list of pairs that object_pairs_hook gets, of those on the stack. */
static PyObject *close_pairs(qpy_sink *sink, qpy_frame *frame)
{
    PyObject **values = sink->base + frame->base;
    PyObject *list = qpy_sink_pairs(values, (sink->top - values) / 2);
    if (list)
        sink->top = values;
    return list;
}

static PyObject *close_object(qpy_sink *sink, qpy_frame *frame, const qpy_json_hooks *hooks)
{
    PyObject *hook = hooks->object_pairs_hook ? hooks->object_pairs_hook : hooks->object_hook;
    PyObject *object = hooks->object_pairs_hook ? close_pairs(sink, frame) : qpy_sink_close_map(sink, QR_PLAN_NONE, frame, NULL);
    if (QR_UNLIKELY(hook) && object)
        Py_SETREF(object, call_hook(sink, hook, object));
    return object;
}

#define UNIT Py_UCS1
#define WIDTH 1
#define SCAN(name) scan1_##name
#include "binding/json/scan.tmpl.h"
#undef UNIT
#undef WIDTH
#undef SCAN
#define UNIT Py_UCS2
#define WIDTH 2
#define SCAN(name) scan2_##name
#include "binding/json/scan.tmpl.h"
#undef UNIT
#undef WIDTH
#undef SCAN
#define UNIT Py_UCS4
#define WIDTH 4
#define SCAN(name) scan4_##name
#include "binding/json/scan.tmpl.h"

/* qpy_json_scan (loads.h) from a place that is not negative. */
PyObject *QPY_BUILD(qpy_json_scan_units)(qpy_state *state, PyObject *text, Py_ssize_t start, const qpy_json_hooks *hooks, Py_ssize_t *end)
{
    switch (PyUnicode_KIND(text)) {
    case PyUnicode_1BYTE_KIND: return scan1_scan(state, text, start, hooks, end);
    case PyUnicode_2BYTE_KIND: return scan2_scan(state, text, start, hooks, end);
    default: return scan4_scan(state, text, start, hooks, end);
    }
}
