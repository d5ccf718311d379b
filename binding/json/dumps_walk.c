/* SPDX-License-Identifier: Apache-2.0 */
/* dumps_walk: the walk over the objects.
 *
 * What is borrowed (the pair of a dict, the item of a list) stays borrowed only until user code may run: containers are held while they
 * are written, and whoever lets user code run says so first (`outside`), so that open dicts are found again the public way. */
#include "binding/json/dumps.h"

#include "binding/attribute.h"
#include "binding/json/names.h"
#include "binding/walk.h"
#include "core/format/json_escape.h"

/* The pairs of a dict that is being written. */
typedef struct qpy_json_pairs {
    struct qpy_json_pairs *outer;
    PyObject *dict;      /* held */
    PyObject *taken;     /* list of pairs taken out before user code ran (QPY_JSON_TAKES_PAIRS), or NULL */
    Py_ssize_t count;    /* pairs given so far */
    uint32_t calls;
    qpy_dict_iter iter;
} pairs;

static int write_value(qpy_json_writer *w, PyObject *op);

/* ---------------------------------------------------------------- failing and user code */

static int fail_memory(void)
{
    PyErr_NoMemory();
    return 0;
}

/* Something that only the standard library can judge: a cautious writer stops here. */
static int is_refused(const qpy_json_writer *w) { return w->style->cautious; }

/* User code may run from here on: 1, or 0 with an exception. */
static int outside(qpy_json_writer *w)
{
    w->calls++;
#if QPY_JSON_TAKES_PAIRS
    for (pairs *p = w->pairs; p; p = p->outer)
        if (!p->taken && !(p->taken = PyDict_Items(p->dict)))
            return 0;
#endif
    return 1;
}

#if PY_VERSION_HEX >= 0x030E0000
/* The exception that is set gets a note of where it came from. */
static int note(const char *format, ...)
{
    PyObject *error = PyErr_GetRaisedException();
    va_list arguments;
    va_start(arguments, format);
    PyObject *text = PyUnicode_FromFormatV(format, arguments), *done = text ? qpy_call_method(error, "add_note", text) : NULL;
    va_end(arguments);
    if (!done)
        PyErr_Clear();
    Py_XDECREF(done);
    Py_XDECREF(text);
    PyErr_SetRaisedException(error);
    return 0;
}
#define NOTE(...) note(__VA_ARGS__)
#else
#define NOTE(...) no_note()
QR_INLINE int no_note(void) { return 0; }
#endif

/* QR_STACK_ENTER's: levels that are lent, or 0 with the exception. */
static uint32_t go_deeper(qpy_json_writer *w)
{
    uint32_t lent = qr_depth_lend(&w->stack);
    if (!lent)
        PyErr_SetString(PyExc_RecursionError, "maximum recursion depth exceeded while encoding a JSON object");
    return lent;
}

/* ---------------------------------------------------------------- circles */

static int fail_circle(void)
{
    PyErr_SetString(PyExc_ValueError, "Circular reference detected");
    return 0;
}

static QR_NOINLINE int open_deep(qpy_json_writer *w, PyObject *op)
{
    PyObject *address = PyLong_FromVoidPtr(op);
    int known = address && (w->deeper || (outside(w) && (w->deeper = PySet_New(NULL)))) ? PySet_Contains(w->deeper, address) : -1;
    if (known > 0)
        fail_circle();
    int ok = known == 0 && PySet_Add(w->deeper, address) == 0;
    Py_XDECREF(address);
    w->depth += (size_t)ok;
    return ok;
}

/* The object opens: 0 with an exception when it is open already. */
QR_INLINE int open_object(qpy_json_writer *w, PyObject *op)
{
    if (!w->style->check_circular)
        return 1;
    size_t known = w->depth < QPY_JSON_OPEN ? w->depth : QPY_JSON_OPEN;
    for (size_t i = 0; i < known; i++)
        if (QR_UNLIKELY(w->open[i] == op))
            return fail_circle();
    if (QR_UNLIKELY(w->depth >= QPY_JSON_OPEN))
        return open_deep(w, op);
    w->open[w->depth++] = op;
    return 1;
}

QR_INLINE int close_object(qpy_json_writer *w, PyObject *op)
{
    if (!w->style->check_circular || QR_LIKELY(--w->depth < QPY_JSON_OPEN))
        return 1;
    PyObject *address = PyLong_FromVoidPtr(op);
    int ok = address && PySet_Discard(w->deeper, address) >= 0;
    Py_XDECREF(address);
    return ok;
}

/* ---------------------------------------------------------------- marks */

/* Leaves QR_BUFFER_SLACK behind, less what a mark of few bytes takes. */
QR_INLINE int put_mark(qpy_json_writer *w, const qpy_json_mark *mark)
{
    if (QR_LIKELY(mark->length <= sizeof mark->few)) {
        memcpy(w->buffer.p, mark->few, sizeof mark->few);
        w->buffer.p += mark->length;
        return 1;
    }
    if (!qr_buffer_reserve(&w->buffer, mark->length + QR_BUFFER_SLACK))
        return fail_memory();
    memcpy(w->buffer.p, mark->text, mark->length);
    w->buffer.p += mark->length;
    return 1;
}

/* A new line, indented as deep as the level. */
static QR_NOINLINE int put_line(qpy_json_writer *w)
{
    size_t length, one = w->style->indent.length;
    if (qr_multiply_overflows(one, w->level, &length) || length > PTRDIFF_MAX - 4096 || !qr_buffer_reserve(&w->buffer, length + 1 + QR_BUFFER_SLACK))
        return fail_memory();
    uint8_t *to = w->buffer.p;
    *to++ = '\n';
    w->buffer.p = qr_json_put_indent(to, w->style->indent.text, one, w->level);
    return 1;
}

/* Brackets, with the new line that stands before the first item and behind the last one. */
QR_INLINE int put_open(qpy_json_writer *w, uint8_t bracket)
{
    *w->buffer.p++ = bracket;
    w->level++;
    return QR_LIKELY(!w->style->indents) || put_line(w);
}
QR_INLINE int put_close(qpy_json_writer *w, uint8_t bracket)
{
    w->level--;
    if (QR_UNLIKELY(!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK)))
        return fail_memory();
    if (QR_UNLIKELY(w->style->indents) && !put_line(w))
        return 0;
    *w->buffer.p++ = bracket;
    return 1;
}

/* What stands between two items. */
QR_INLINE int put_between(qpy_json_writer *w)
{
    return put_mark(w, &w->style->item) && (QR_LIKELY(!w->style->indents) || put_line(w));
}

/* ---------------------------------------------------------------- scalars */

static QR_NOINLINE int write_wide_str(qpy_json_writer *w, PyObject *op)
{
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(op) < 0)
        return 0;
#endif
    size_t n = (size_t)PyUnicode_GET_LENGTH(op);
    unsigned width = (unsigned)PyUnicode_KIND(op);
    const void *units = PyUnicode_DATA(op);
    if (w->style->ascii)
        return qr_json_put_ascii_units(&w->buffer, units, n, width) ? 1 : fail_memory();
    if (!PyUnicode_IS_ASCII(op))
        w->wide = 1;
    if (qr_json_put_str_units(&w->buffer, units, n, width))
        return 1;
    if (w->buffer.error != QR_ERROR_LONE_SURROGATE)
        return fail_memory();
    w->buffer.error = QR_ERROR_NONE; /* nothing of it was written */
    w->lone = 1;
    return qr_json_put_lone_units(&w->buffer, units, n, width) ? 1 : fail_memory();
}

QR_INLINE int write_str(qpy_json_writer *w, PyObject *op)
{
    if (QR_UNLIKELY(!PyUnicode_IS_COMPACT_ASCII(op)))
        return write_wide_str(w, op);
    const uint8_t *text = (const uint8_t *)((const PyASCIIObject *)op + 1);
    size_t n = (size_t)((const PyASCIIObject *)op)->length;
    int ok = w->style->ascii ? qr_json_put_ascii(&w->buffer, text, n) : qr_json_put_str(&w->buffer, text, n);
    return QR_LIKELY(ok) ? 1 : fail_memory();
}

static int put_text(qpy_json_writer *w, const char *text)
{
    size_t n = strlen(text);
    memcpy(w->buffer.p, text, n);
    w->buffer.p += n;
    return 1;
}

/* ASCII as it stands. */
static int put_ascii_str(qpy_json_writer *w, PyObject *op)
{
    size_t n = (size_t)PyUnicode_GET_LENGTH(op);
    if (!qr_buffer_reserve(&w->buffer, n + QR_BUFFER_SLACK))
        return fail_memory();
    memcpy(w->buffer.p, PyUnicode_1BYTE_DATA(op), n);
    w->buffer.p += n;
    return 1;
}

static QR_NOINLINE int write_long_int(qpy_json_writer *w, PyObject *op)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(op, &overflow);
    if (QR_LIKELY(!overflow)) {
        w->buffer.p = qr_integer_write(w->buffer.p, value);
        return 1;
    }
    PyObject *digits = PyLong_Type.tp_repr(op); /* sys.set_int_max_str_digits has its say */
    int ok = digits && put_ascii_str(w, digits);
    Py_XDECREF(digits);
    return ok;
}

QR_INLINE int write_int(qpy_json_writer *w, PyObject *op)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (QR_LIKELY(PyUnstable_Long_IsCompact((PyLongObject *)op))) {
        w->buffer.p = qr_integer_write(w->buffer.p, PyUnstable_Long_CompactValue((PyLongObject *)op));
        return 1;
    }
#else
    Py_ssize_t size = Py_SIZE(op); /* sign and number of 30-bit digits */
    if (QR_LIKELY(size >= -1 && size <= 1)) {
        w->buffer.p = qr_integer_write(w->buffer.p, size * (int64_t)((PyLongObject *)op)->ob_digit[0]);
        return 1;
    }
#endif
    return write_long_int(w, op);
}

static QR_NOINLINE int write_non_finite(qpy_json_writer *w, PyObject *op)
{
    double value = PyFloat_AS_DOUBLE(op);
    if (w->style->allow_nan)
        return put_text(w, value > 0 ? "Infinity" : value < 0 ? "-Infinity" : "NaN");
    if (is_refused(w))
        return 0;
#if PY_VERSION_HEX >= 0x030C0000
    Py_INCREF(op); /* a subclass has a repr of its own */
    if (outside(w))
        PyErr_Format(PyExc_ValueError, "Out of range float values are not JSON compliant: %R", op);
    Py_DECREF(op);
#else
    PyErr_SetString(PyExc_ValueError, "Out of range float values are not JSON compliant");
#endif
    return 0;
}

QR_INLINE int write_float(qpy_json_writer *w, PyObject *op)
{
    double value = PyFloat_AS_DOUBLE(op);
    if (QR_UNLIKELY(!__builtin_isfinite(value)))
        return write_non_finite(w, op);
    w->buffer.p = qr_float64_write(w->buffer.p, value);
    return 1;
}

/* ---------------------------------------------------------------- sequences */

static int write_items(qpy_json_writer *w, PyObject *op)
{
    int is_list = PyList_CheckExact(op);
    if (!put_open(w, '['))
        return 0;
    for (Py_ssize_t i = 0; i < (is_list ? PyList_GET_SIZE(op) : PyTuple_GET_SIZE(op)); i++) {
        PyObject *item = is_list ? PyList_GET_ITEM(op, i) : PyTuple_GET_ITEM(op, i);
        if (QR_UNLIKELY(!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK)))
            return fail_memory();
        if (QR_LIKELY(i) && QR_UNLIKELY(!put_between(w)))
            return 0;
        if (Py_TYPE(item) == &PyFloat_Type ? !write_float(w, item) : !write_value(w, item))
            return NOTE("when serializing %T item %zd", op, i);
    }
    return put_close(w, ']');
}

/* `op` is what the circle would be of, `items` (held by the caller) what is written. */
static int write_list_of(qpy_json_writer *w, PyObject *op, PyObject *items)
{
    if ((PyList_CheckExact(items) ? PyList_GET_SIZE(items) : PyTuple_GET_SIZE(items)) == 0)
        return put_text(w, "[]");
    return open_object(w, op) && write_items(w, items) && close_object(w, op);
}

static QR_NOINLINE int write_sequence(qpy_json_writer *w, PyObject *op)
{
    int ok;
    QR_STACK_ENTER(&w->stack, go_deeper(w), 0, write_sequence(w, op));
    if (Py_EnterRecursiveCall(" while encoding a JSON object"))
        return 0;
    Py_INCREF(op);
    if (PyList_CheckExact(op) || PyTuple_CheckExact(op))
        ok = write_list_of(w, op, op);
    else { /* a subclass iterates in its own way */
        PyObject *items = is_refused(w) || !outside(w) ? NULL : PySequence_List(op);
        ok = items && write_list_of(w, op, items);
        Py_XDECREF(items);
    }
    Py_DECREF(op);
    w->stack.left++;
    Py_LeaveRecursiveCall();
    return ok;
}

/* ---------------------------------------------------------------- dicts */

/* A key that is no str, as text in quotes: -1 when it is to be left out. */
static QR_NOINLINE int write_other_key(qpy_json_writer *w, PyObject *key)
{
    uint8_t *start = w->buffer.p++;
    int ok;
    *start = '"';
    if (PyFloat_Check(key))
        ok = PyFloat_CheckExact(key) || !is_refused(w) ? write_float(w, key) : 0;
    else if (key == Py_True || key == Py_False)
        ok = put_text(w, key == Py_True ? "true" : "false");
    else if (key == Py_None)
        ok = put_text(w, "null");
    else
        ok = write_int(w, key);
    *w->buffer.p++ = '"';
    return ok;
}

static int is_key(PyObject *key) { return PyUnicode_Check(key) || PyFloat_Check(key) || key == Py_None || PyLong_Check(key); }

/* Pair and what stands before it. *is_first is cleared when something was written. */
QR_INLINE int write_pair(qpy_json_writer *w, PyObject *key, PyObject *value, int *is_first)
{
    if (QR_UNLIKELY(!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK)))
        return fail_memory();
    if (QR_UNLIKELY(!PyUnicode_CheckExact(key)) && !is_key(key)) {
        if (w->style->skip_keys)
            return 1;
        PyErr_Format(PyExc_TypeError, "keys must be str, int, float, bool or None, not %.100s", Py_TYPE(key)->tp_name);
        return 0;
    }
    if (QR_LIKELY(!*is_first) && !put_between(w))
        return 0;
    *is_first = 0;
    if (QR_UNLIKELY(!(PyUnicode_Check(key) ? write_str(w, key) : write_other_key(w, key))) || !put_mark(w, &w->style->key))
        return 0;
    if (QR_UNLIKELY(!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK)))
        return fail_memory();
#if PY_VERSION_HEX >= 0x030E0000
    Py_INCREF(key);
    int ok = write_value(w, value) || NOTE("when serializing %T item %R", w->pairs->dict, key);
    Py_DECREF(key);
    return ok;
#else
    return write_value(w, value);
#endif
}

/* The pairs of a list of them. */
static int write_taken(qpy_json_writer *w, PyObject *list, Py_ssize_t from, int *is_first)
{
    for (Py_ssize_t i = from; i < PyList_GET_SIZE(list); i++) {
        PyObject *pair = PyList_GET_ITEM(list, i);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
            PyErr_SetString(PyExc_ValueError, "items must return 2-tuples");
            return 0;
        }
        Py_INCREF(pair); /* the list may be someone's */
        int ok = write_pair(w, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), is_first);
        Py_DECREF(pair);
        if (!ok)
            return 0;
    }
    return 1;
}

/* Once user code has run, pairs are held, and those that follow are looked for in the public way. */
static QR_NOINLINE int write_rest(qpy_json_writer *w, pairs *p, int *is_first)
{
    PyObject *key, *value;
    int ok = 1;
    if (p->taken)
        return write_taken(w, p->taken, p->count, is_first);
    Py_ssize_t at = p->iter.i;
    while (ok && PyDict_Next(p->dict, &at, &key, &value)) {
        Py_INCREF(key);
        Py_INCREF(value);
        ok = write_pair(w, key, value, is_first);
        Py_DECREF(key);
        Py_DECREF(value);
    }
    return ok;
}

static QR_NOINLINE int write_plain_dict(qpy_json_writer *w, PyObject *op)
{
    PyObject *key, *value;
    pairs p = {.outer = w->pairs, .dict = op, .calls = w->calls};
    int is_first = 1, ok = put_open(w, '{');
    qpy_dict_iter_init(&p.iter, op, w->state->private_ok);
    w->pairs = &p;
    while (ok && p.calls == w->calls && qpy_dict_iter_next(&p.iter, &key, &value)) {
        p.count++;
        if (QR_UNLIKELY(!write_pair(w, key, value, &is_first))) {
            ok = 0;
            break;
        }
    }
    if (QR_UNLIKELY(ok && p.calls != w->calls))
        ok = write_rest(w, &p, &is_first);
    w->pairs = p.outer;
    Py_XDECREF(p.taken);
    return ok && put_close(w, '}');
}

/* Sorting pairs with keys that are all exact strs is sorting the keys, which are all different. NULL without an exception: they are not. */
static PyObject *sorted_pairs(PyObject *op)
{
    PyObject *keys = PyDict_Keys(op), *list;
    Py_ssize_t n = keys ? PyList_GET_SIZE(keys) : 0;
    for (Py_ssize_t i = 0; keys && i < n; i++)
        if (!PyUnicode_CheckExact(PyList_GET_ITEM(keys, i)))
            Py_CLEAR(keys);
    if (!keys || PyList_Sort(keys) < 0 || !(list = PyList_New(n))) {
        Py_XDECREF(keys);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *key = PyList_GET_ITEM(keys, i), *value = PyDict_GetItemWithError(op, key), *pair = value ? PyTuple_Pack(2, key, value) : NULL;
        if (!pair) { /* or a finaliser took it out */
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, pair);
    }
    Py_DECREF(keys);
    return list;
}

/* Sorted, or of a subclass, whose items() may be its own. */
static QR_NOINLINE int write_listed_dict(qpy_json_writer *w, PyObject *op)
{
    int is_first = 1, ok = 0, is_plain = PyDict_CheckExact(op);
    if ((!is_plain && is_refused(w)) || !outside(w))
        return 0;
    PyObject *list = is_plain ? sorted_pairs(op) : NULL;
    if (!list && !PyErr_Occurred()) {
        if (is_refused(w)) /* comparing may run user code */
            return 0;
        list = PyMapping_Items(op);
        if (list && w->style->sort_keys && PyList_Sort(list) < 0)
            Py_CLEAR(list);
    }
    pairs p = {.outer = w->pairs, .dict = op, .taken = list, .calls = w->calls};
    w->pairs = &p;
    if (list)
        ok = put_open(w, '{') && write_taken(w, list, 0, &is_first) && put_close(w, '}');
    w->pairs = p.outer;
    Py_XDECREF(list);
    return ok;
}

static QR_NOINLINE int write_dict(qpy_json_writer *w, PyObject *op)
{
    QR_STACK_ENTER(&w->stack, go_deeper(w), 0, write_dict(w, op));
    if (Py_EnterRecursiveCall(" while encoding a JSON object"))
        return 0;
    Py_INCREF(op);
    int ok;
    if (PyDict_GET_SIZE(op) == 0 && (PyDict_CheckExact(op) || !is_refused(w)))
        ok = put_text(w, "{}");
    else {
        ok = open_object(w, op);
        if (ok)
            ok = QR_LIKELY(PyDict_CheckExact(op) && !w->style->sort_keys) ? write_plain_dict(w, op) : write_listed_dict(w, op);
        ok = ok && close_object(w, op);
    }
    Py_DECREF(op);
    w->stack.left++;
    Py_LeaveRecursiveCall();
    return ok;
}

/* ---------------------------------------------------------------- any value */

/* What `default` makes of it. */
static QR_NOINLINE int write_default(qpy_json_writer *w, PyObject *op)
{
    PyObject *made = NULL;
    int ok = 0;
    if (is_refused(w))
        return 0;
    QR_STACK_ENTER(&w->stack, go_deeper(w), 0, write_default(w, op));
    Py_INCREF(op);
    if (outside(w) && open_object(w, op))
        made = w->style->default_ ? PyObject_CallOneArg(w->style->default_, op) : qpy_json_standard("default", &op, 1, NULL);
    if (made && !Py_EnterRecursiveCall(" while encoding a JSON object")) {
        ok = write_value(w, made);
        Py_LeaveRecursiveCall();
        if (!ok)
            NOTE("when serializing %T object", op);
    }
    ok = ok && close_object(w, op);
    Py_XDECREF(made);
    Py_DECREF(op);
    w->stack.left++;
    return ok;
}

static QR_NOINLINE int write_other(qpy_json_writer *w, PyObject *op)
{
    if (PyUnicode_Check(op))
        return write_str(w, op);
    if (PyLong_Check(op))
        return write_int(w, op);
    if (PyFloat_Check(op))
        return is_refused(w) ? 0 : write_float(w, op);
    if (PyList_Check(op) || PyTuple_Check(op))
        return write_sequence(w, op);
    return PyDict_Check(op) ? write_dict(w, op) : write_default(w, op);
}

/* QR_BUFFER_SLACK bytes are there. */
static int write_value(qpy_json_writer *w, PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    if (type == &PyUnicode_Type)
        return write_str(w, op);
    if (type == &PyLong_Type)
        return write_int(w, op);
    if (type == &PyDict_Type)
        return write_dict(w, op);
    if (type == &PyFloat_Type)
        return write_float(w, op);
    if (op == Py_None)
        return put_text(w, "null");
    if (type == &PyBool_Type)
        return put_text(w, op == Py_True ? "true" : "false");
    if (type == &PyList_Type || type == &PyTuple_Type)
        return write_sequence(w, op);
    return write_other(w, op);
}

int qpy_json_write(qpy_json_writer *self, PyObject *value)
{
    if (!qr_buffer_reserve(&self->buffer, QR_BUFFER_SLACK))
        return fail_memory();
    return write_value(self, value);
}
