/* SPDX-License-Identifier: Apache-2.0 */
/* write: the walk. */
#include "binding/marshal/write.h"

#include "binding/codec.h"
#include "core/base/simd.h"
#include "core/base/utf8.h"

enum { SHORT_TEXT = 64 }; /* characters, for which QR_BUFFER_SLACK is enough with all that is around them */

/* ---------------------------------------------------------------- failing: each returns 0 */

static QR_COLD int fail_value(qpy_marshal_writer *w) { return qr_buffer_fail(&w->walker.buffer, QR_ERROR_UNSUPPORTED_TYPE); }
static QR_COLD int fail_depth(qpy_marshal_writer *w) { return qr_buffer_fail(&w->walker.buffer, QR_ERROR_DEPTH); }
static QR_COLD int fail_memory(qpy_marshal_writer *w) { return qr_buffer_fail(&w->walker.buffer, QR_ERROR_MEMORY); }

static QR_COLD int fail_changed(const char *what)
{
    PyErr_Format(PyExc_RuntimeError, "%s changed size during iteration", what);
    return 0;
}

uint32_t qpy_marshal_lend(qpy_marshal_writer *w)
{
    uint32_t levels = qr_depth_lend(&w->depth);
    if (!levels)
        fail_depth(w);
    return levels;
}
/* May the container that was entered have items? */
QR_INLINE int may_hold(qpy_marshal_writer *w, Py_ssize_t n) { return QR_LIKELY(w->level < QPY_MARSHAL_DEPTH) || n == 0 ? 1 : fail_depth(w); }

/* ---------------------------------------------------------------- references */

static int is_interned(PyObject *o) { return PyUnicode_CheckExact(o) && PyUnicode_CHECK_INTERNED(o); }

typedef enum reference { FAILED, WRITTEN, TO_WRITE } reference;

/* Writes where the object was written before, or gives it a number (flag). */
static QR_NOINLINE reference refer(qpy_marshal_writer *w, PyObject *o, uint8_t *flag)
{
    qpy_marshal_refs *refs = w->refs;
    qpy_marshal_ref *ref = qpy_marshal_refs_find(refs, o);
    if (qpy_marshal_ref_is(refs, ref)) {
        qr_marshal_put_int(&w->walker.buffer, QR_MARSHAL_REFERENCE, (int32_t)ref->index);
        return WRITTEN;
    }
    if (QR_UNLIKELY(refs->count >= INT32_MAX))
        return fail_value(w), FAILED;
    *ref = (qpy_marshal_ref){o, refs->count++, refs->round};
    if (QR_UNLIKELY(w->holding))
        Py_INCREF(o);
    *flag = QR_MARSHAL_FLAG;
    if (QR_UNLIKELY((size_t)refs->count * 2 > refs->room) && !qpy_marshal_refs_grow(refs))
        return fail_memory(w), FAILED;
    return TO_WRITE;
}

static QR_NOINLINE reference refer_canonically(qpy_marshal_writer *w, PyObject *o, uint8_t *flag)
{
    switch (qpy_marshal_canon_look(w, &o)) {
    case QPY_CANON_ONCE: return TO_WRITE;
    case QPY_CANON_RECURS: return refer(w, o, flag);
    case QPY_CANON_KNOWN: return WRITTEN;
    default: return FAILED;
    }
}

QR_INLINE reference reference_of(qpy_marshal_writer *w, PyObject *o, int extra, uint8_t *flag)
{
    *flag = 0;
    if (w->version < 3)
        return TO_WRITE;
    if (QR_UNLIKELY(w->canon != NULL))
        return refer_canonically(w, o, flag);
    if (QR_LIKELY(Py_REFCNT(o) + extra == 1) && !is_interned(o))
        return TO_WRITE;
    return refer(w, o, flag);
}

/* ---------------------------------------------------------------- numbers */

/* An integer as an array of 30-bit (or 15-bit) digits. */
typedef struct digits {
    const digit *digits;
    size_t count;
    int negative;
#if PY_VERSION_HEX >= 0x030E0000
    PyLongExport export;
#endif
} digits;

static int digits_init(digits *self, PyObject *o)
{
#if PY_VERSION_HEX >= 0x030E0000
    if (PyLong_Export(o, &self->export) < 0)
        return 0;
    self->digits = self->export.digits; /* not NULL: the number does not fit 64 bits */
    self->count = (size_t)self->export.ndigits;
    self->negative = self->export.negative;
#elif PY_VERSION_HEX >= 0x030C0000
    const _PyLongValue *value = &((PyLongObject *)o)->long_value;
    self->digits = value->ob_digit;
    self->count = value->lv_tag >> 3;
    self->negative = (value->lv_tag & 3) == 2;
#else
    self->digits = ((PyLongObject *)o)->ob_digit;
    self->count = (size_t)Py_ABS(Py_SIZE(o));
    self->negative = Py_SIZE(o) < 0;
#endif
    return 1;
}

static void digits_release(digits *self)
{
#if PY_VERSION_HEX >= 0x030E0000
    PyLong_FreeExport(&self->export);
#else
    (void)self;
#endif
}

/* Beyond 64 bits. */
static int write_big(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    enum { SPLIT = PyLong_SHIFT / 15 };
    qr_buffer *b = &w->walker.buffer;
    digits d;
    if (!digits_init(&d, o))
        return 0;
    size_t n = d.count * SPLIT;
    if (SPLIT == 2 && d.digits[d.count - 1] >> 15 == 0)
        n--;
    int ok = n <= INT32_MAX ? qr_buffer_reserve(b, 5 + 2 * (n + 1) + QR_BUFFER_SLACK) : fail_value(w);
    if (ok) {
        qr_marshal_put_int(b, QR_MARSHAL_LONG | flag, d.negative ? -(int32_t)n : (int32_t)n);
        for (size_t i = 0; i < d.count; i++)
            for (unsigned j = 0; j < SPLIT; j++)
                qr_store16(b->p + 2 * (SPLIT * i + j), (uint16_t)(d.digits[i] >> 15 * j & 0x7FFF));
        b->p += 2 * n;
    }
    digits_release(&d);
    return ok;
}

static void put_wide(qr_buffer *b, int64_t value, uint8_t flag)
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint8_t *head = b->p;
    int32_t n = 0;
    for (b->p += 5; rest; rest >>= 15, n++, b->p += 2)
        qr_store16(b->p, (uint16_t)(rest & 0x7FFF));
    *head = QR_MARSHAL_LONG | flag;
    qr_store32(head + 1, (uint32_t)(value < 0 ? -n : n));
}

static QR_NOINLINE int write_long_int(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow)
        return write_big(w, o, flag);
    if (value == (int32_t)value)
        qr_marshal_put_int(&w->walker.buffer, QR_MARSHAL_INT | flag, (int32_t)value);
    else
        put_wide(&w->walker.buffer, value, flag);
    return 1;
}

/* An integer of one digit: 1, or 0 when it has more. */
QR_INLINE int put_compact(qr_buffer *b, PyObject *o, uint8_t flag)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (QR_UNLIKELY(!PyUnstable_Long_IsCompact((PyLongObject *)o)))
        return 0;
    qr_marshal_put_int(b, QR_MARSHAL_INT | flag, (int32_t)PyUnstable_Long_CompactValue((PyLongObject *)o));
#else
    Py_ssize_t size = Py_SIZE(o);
    if (QR_UNLIKELY(size < -1 || size > 1))
        return 0;
    qr_marshal_put_int(b, QR_MARSHAL_INT | flag, (int32_t)(size * (int64_t)((PyLongObject *)o)->ob_digit[0]));
#endif
    return 1;
}

QR_INLINE int write_int(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    return QR_LIKELY(put_compact(&w->walker.buffer, o, flag)) ? 1 : write_long_int(w, o, flag);
}

/* As text: versions 0 and 1. */
static int put_float_text(qpy_marshal_writer *w, double value)
{
    char *text = PyOS_double_to_string(value, 'g', 17, 0, NULL);
    if (!text)
        return fail_memory(w);
    size_t n = strlen(text);
    *w->walker.buffer.p++ = (uint8_t)n;
    memcpy(w->walker.buffer.p, text, n);
    w->walker.buffer.p += n;
    PyMem_Free(text);
    return 1;
}

static int write_old_float(qpy_marshal_writer *w, double value, uint8_t flag)
{
    qr_marshal_put_code(&w->walker.buffer, QR_MARSHAL_FLOAT | flag);
    return put_float_text(w, value);
}

static int write_complex(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    Py_complex c = PyComplex_AsCComplex(o);
    qr_buffer *b = &w->walker.buffer;
    if (w->version < 2) {
        qr_marshal_put_code(b, QR_MARSHAL_COMPLEX | flag);
        return put_float_text(w, c.real) && put_float_text(w, c.imag);
    }
    qr_marshal_put_float(b, QR_MARSHAL_BINARY_COMPLEX | flag, c.real);
    memcpy(b->p, &c.imag, 8);
    b->p += 8;
    return 1;
}

/* ---------------------------------------------------------------- text and bytes */

static int write_encoded(qpy_marshal_writer *w, PyObject *o, uint8_t code)
{
    PyObject *bytes = PyUnicode_AsEncodedString(o, "utf-8", "surrogatepass");
    int ok = bytes && qr_marshal_put_text(&w->walker.buffer, code, 4, (const uint8_t *)PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
    Py_XDECREF(bytes);
    return ok;
}

/* UTF-8, straight into the output. */
static QR_NOINLINE int write_utf8(qpy_marshal_writer *w, PyObject *o, uint8_t code)
{
    qr_buffer *b = &w->walker.buffer;
    size_t length, n = (size_t)PyUnicode_GET_LENGTH(o), bound;
    unsigned kind = (unsigned)PyUnicode_KIND(o);
    const void *units = PyUnicode_DATA(o);
    const uint8_t *utf8 = qpy_walk_utf8(o, &length);
    if (utf8)
        return qr_marshal_put_text(b, code, 4, utf8, length);
    if (qr_multiply_overflows(n, kind == 1 ? 2 : kind == 2 ? 3 : 4, &bound) || bound > PY_SSIZE_T_MAX / 2)
        return fail_value(w);
    if (!qr_buffer_reserve(b, 5 + bound + QR_UTF8_SLACK + QR_BUFFER_SLACK))
        return 0;
    uint8_t *to = b->p + 5, *end = kind == 1 ? qr_utf8_encode_1(to, units, n) : kind == 2 ? qr_utf8_encode_2(to, units, n) : qr_utf8_encode_4(to, units, n);
    if (!end) /* lone surrogates */
        return write_encoded(w, o, code);
    if (end - to > INT32_MAX)
        return fail_value(w);
    qr_marshal_put_int(b, code, (int32_t)(end - to));
    b->p = end;
    return 1;
}

QR_INLINE int write_str(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
#if PY_VERSION_HEX < 0x030C0000
    if (QR_UNLIKELY(!PyUnicode_IS_READY(o)) && PyUnicode_READY(o) < 0)
        return 0;
#endif
    int interned = w->version >= 3 && (QR_UNLIKELY(w->canon != NULL) ? qpy_marshal_canon_interned(o) : PyUnicode_CHECK_INTERNED(o) != 0);
    if (QR_UNLIKELY(w->version < 4 || !PyUnicode_IS_ASCII(o)))
        return write_utf8(w, o, (interned ? QR_MARSHAL_INTERNED : QR_MARSHAL_UNICODE) | flag);
    const uint8_t *text = PyUnicode_DATA(o);
    size_t n = (size_t)PyUnicode_GET_LENGTH(o);
    if (n < 256)
        return qr_marshal_put_text(&w->walker.buffer, (interned ? QR_MARSHAL_SHORT_ASCII_INTERNED : QR_MARSHAL_SHORT_ASCII) | flag, 1, text, n);
    return qr_marshal_put_text(&w->walker.buffer, (interned ? QR_MARSHAL_ASCII_INTERNED : QR_MARSHAL_ASCII) | flag, 4, text, n);
}

/* Whatever has a buffer is bytes; anything else cannot be written. */
static QR_NOINLINE int write_buffer(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    Py_buffer view;
    if (!PyObject_CheckBuffer(o))
        return fail_value(w);
    qpy_marshal_hold(w);
    Py_INCREF(o); /* its container may let go of it meanwhile */
    int ok = PyObject_GetBuffer(o, &view, PyBUF_SIMPLE) == 0;
    if (ok) {
        ok = qr_marshal_put_text(&w->walker.buffer, QR_MARSHAL_BYTES | flag, 4, view.buf, (size_t)view.len);
        PyBuffer_Release(&view);
    }
    else {
        PyErr_Clear();
        fail_value(w);
    }
    Py_DECREF(o);
    return ok && qr_buffer_reserve(&w->walker.buffer, QR_BUFFER_SLACK);
}

/* ---------------------------------------------------------------- containers */

/* What nobody else holds and has a fixed size, or nearly so: 1, or 0 when it is something else. */
QR_INLINE int put_simple(qr_buffer *b, PyObject *o)
{
    PyTypeObject *type = Py_TYPE(o);
    if (type == &PyUnicode_Type) {
        size_t n = (size_t)PyUnicode_GET_LENGTH(o);
        if (QR_UNLIKELY(!PyUnicode_IS_COMPACT_ASCII(o)) || QR_UNLIKELY(PyUnicode_CHECK_INTERNED(o)) || QR_UNLIKELY(n > SHORT_TEXT))
            return 0;
        b->p[0] = QR_MARSHAL_SHORT_ASCII;
        b->p[1] = (uint8_t)n;
        if (QR_LIKELY(n <= QR_SIMD_BLOCK))
            qpy_str_copy_block(b->p + 2, o, n);
        else
            qr_copy_short(b->p + 2, (const uint8_t *)((PyASCIIObject *)o + 1), n);
        b->p += 2 + n;
        return 1;
    }
    if (type == &PyLong_Type)
        return put_compact(b, o, 0);
    if (type != &PyFloat_Type)
        return 0;
    qr_marshal_put_float(b, QR_MARSHAL_BINARY_FLOAT, PyFloat_AS_DOUBLE(o));
    return 1;
}

/* What others hold too: a constant, or what was written before. As put_simple. */
QR_INLINE int put_shared(qpy_marshal_writer *w, PyObject *o)
{
    if (o == Py_None || Py_TYPE(o) == &PyBool_Type) {
        qr_marshal_put_code(&w->walker.buffer, o == Py_None ? QR_MARSHAL_NONE : o == Py_True ? QR_MARSHAL_TRUE : QR_MARSHAL_FALSE);
        return 1;
    }
    const qpy_marshal_ref *ref = qpy_marshal_refs_find(w->refs, o);
    if (!qpy_marshal_ref_is(w->refs, ref))
        return 0;
    qr_marshal_put_int(&w->walker.buffer, QR_MARSHAL_REFERENCE, (int32_t)ref->index);
    return 1;
}

/* As qpy_marshal_write, what is most frequent without a call. */
QR_INLINE int write_within(qpy_marshal_writer *w, PyObject *o)
{
    qr_buffer *b = &w->walker.buffer;
    if (QR_LIKELY(w->plain) && QR_LIKELY(b->end - b->p >= QR_BUFFER_SLACK) && QR_LIKELY(Py_REFCNT(o) == 1 ? put_simple(b, o) : put_shared(w, o)))
        return 1;
    return qpy_marshal_write(w, o, 0);
}

QR_INLINE int put_count(qpy_marshal_writer *w, uint8_t code, Py_ssize_t n)
{
    if (QR_UNLIKELY(n > INT32_MAX))
        return fail_value(w);
    qr_marshal_put_int(&w->walker.buffer, code, (int32_t)n);
    return 1;
}

static QR_NOINLINE int write_tuple(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    QPY_MARSHAL_ENTER(write_tuple);
    Py_ssize_t n = PyTuple_GET_SIZE(o);
    int ok = may_hold(w, n);
    if (w->version >= 4 && n < 256) {
        qr_marshal_put_code(&w->walker.buffer, QR_MARSHAL_SMALL_TUPLE | flag);
        *w->walker.buffer.p++ = (uint8_t)n;
    }
    else
        ok = ok && put_count(w, QR_MARSHAL_TUPLE | flag, n);
    for (Py_ssize_t i = 0; ok && i < n; i++)
        ok = write_within(w, PyTuple_GET_ITEM(o, i));
    qpy_marshal_leave(w, o);
    return ok;
}

static QR_NOINLINE int write_list(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    QPY_MARSHAL_ENTER(write_list);
    Py_ssize_t n = PyList_GET_SIZE(o);
    int ok = may_hold(w, n) && put_count(w, QR_MARSHAL_LIST | flag, n);
    for (Py_ssize_t i = 0; ok && i < n; i++)
        ok = QR_LIKELY(i < PyList_GET_SIZE(o)) ? write_within(w, PyList_GET_ITEM(o, i)) : fail_changed("list");
    qpy_marshal_leave(w, o);
    return ok;
}

/* A pair whose key is no str: user code may run while it is written. */
static int write_pair(qpy_marshal_writer *w, PyObject *key, PyObject *value)
{
    int extra = key == value ? -2 : -1;
    Py_INCREF(key);
    Py_INCREF(value);
    int ok = qpy_marshal_write(w, key, extra) && qpy_marshal_write(w, value, extra);
    Py_DECREF(value);
    Py_DECREF(key);
    return ok;
}

static QR_NOINLINE int write_dict(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    QPY_MARSHAL_ENTER(write_dict);
    qpy_dict_iter iter;
    PyObject *key, *value;
    uint32_t calls = w->walker.calls;
    int ok = may_hold(w, 1);
    qr_marshal_put_code(&w->walker.buffer, QR_MARSHAL_DICT | flag);
    qpy_dict_iter_init(&iter, o, w->walker.state->private_ok);
    while (ok && qpy_dict_iter_next(&iter, &key, &value)) {
        if (QR_LIKELY(PyUnicode_CheckExact(key)))
            ok = write_within(w, key) && write_within(w, value);
        else
            ok = write_pair(w, key, value);
        if (QR_UNLIKELY(calls != w->walker.calls)) {
            calls = w->walker.calls;
            if (ok && !qpy_dict_iter_valid(&iter))
                ok = fail_changed("dictionary");
        }
    }
    ok = ok && qr_buffer_reserve(&w->walker.buffer, QR_BUFFER_SLACK);
    if (ok)
        qr_marshal_put_code(&w->walker.buffer, QR_MARSHAL_NULL);
    qpy_marshal_leave(w, o);
    return ok;
}

#if PY_VERSION_HEX >= 0x030E0000
static QR_NOINLINE int write_slice(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    QPY_MARSHAL_ENTER(write_slice);
    PySliceObject *slice = (PySliceObject *)o;
    int ok = may_hold(w, 3);
    qr_marshal_put_code(&w->walker.buffer, QR_MARSHAL_SLICE | flag);
    ok = ok && qpy_marshal_write(w, slice->start, 0) && qpy_marshal_write(w, slice->stop, 0) && qpy_marshal_write(w, slice->step, 0);
    qpy_marshal_leave(w, o);
    return ok;
}
#endif

/* ---------------------------------------------------------------- code objects */

#if QPY_PRIVATE

static int write_number(qpy_marshal_writer *w, int32_t value)
{
    if (!qr_buffer_reserve(&w->walker.buffer, QR_BUFFER_SLACK))
        return 0;
    qr_marshal_put_i4(&w->walker.buffer, value);
    return 1;
}

static int write_instructions(qpy_marshal_writer *w, PyCodeObject *code)
{
    PyObject *bytes = PyCode_GetCode(code); /* kept by the code object */
    int ok = bytes && qpy_marshal_write(w, bytes, 0);
    Py_XDECREF(bytes);
    return ok;
}

static QR_NOINLINE int write_fields(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    QPY_MARSHAL_ENTER(write_fields);
    PyCodeObject *code = (PyCodeObject *)o;
    int ok = may_hold(w, 1);
    qr_marshal_put_code(&w->walker.buffer, QR_MARSHAL_CODE | flag);
    ok = ok && write_number(w, code->co_argcount) && write_number(w, code->co_posonlyargcount) && write_number(w, code->co_kwonlyargcount) &&
         write_number(w, code->co_stacksize) && write_number(w, code->co_flags) && write_instructions(w, code) &&
         qpy_marshal_write(w, code->co_consts, 0) && qpy_marshal_write(w, code->co_names, 0) &&
         qpy_marshal_write(w, code->co_localsplusnames, 0) && qpy_marshal_write(w, code->co_localspluskinds, 0) &&
         qpy_marshal_write(w, code->co_filename, 0) && qpy_marshal_write(w, code->co_name, 0) && qpy_marshal_write(w, code->co_qualname, 0) &&
         write_number(w, code->co_firstlineno) && qpy_marshal_write(w, code->co_linetable, 0) && qpy_marshal_write(w, code->co_exceptiontable, 0);
    qpy_marshal_leave(w, o);
    return ok;
}

#else

static int write_fields(qpy_marshal_writer *w, PyObject *o, uint8_t flag) { return (void)o, (void)flag, fail_value(w); }

#endif

static int hand_over(qpy_marshal_writer *w)
{
    if (w->canon)
        PyErr_SetString(PyExc_ValueError, "code objects cannot be marshalled with canonical=True by this build of quire");
    else
        w->hand_over = 1;
    return 0;
}

static QR_NOINLINE int write_code(qpy_marshal_writer *w, PyObject *o, uint8_t flag)
{
    if (!w->allow_code) {
        PyErr_SetString(PyExc_ValueError, "marshalling code objects is disallowed");
        return 0;
    }
    return QPY_PRIVATE && w->walker.state->private_ok ? write_fields(w, o, flag) : hand_over(w);
}

/* ---------------------------------------------------------------- any object */

/* One that is written by its code alone, or 0. */
static uint8_t constant_of(PyObject *o)
{
    return o == Py_None    ? QR_MARSHAL_NONE
           : o == Py_False ? QR_MARSHAL_FALSE
           : o == Py_True  ? QR_MARSHAL_TRUE
           : o == Py_Ellipsis ? QR_MARSHAL_ELLIPSIS
           : o == PyExc_StopIteration ? QR_MARSHAL_STOP_ITERATION
                                      : 0;
}

static QR_NOINLINE int write_other(qpy_marshal_writer *w, PyObject *o, int extra)
{
    PyTypeObject *type = Py_TYPE(o);
    uint8_t flag, constant = constant_of(o);
    if (constant) {
        qr_marshal_put_code(&w->walker.buffer, constant);
        return 1;
    }
    reference found = reference_of(w, o, extra, &flag);
    if (found != TO_WRITE)
        return found == WRITTEN;
    if (type == &PyBytes_Type)
        return qr_marshal_put_text(&w->walker.buffer, QR_MARSHAL_BYTES | flag, 4, (const uint8_t *)PyBytes_AS_STRING(o), (size_t)PyBytes_GET_SIZE(o));
    if (type == &PyComplex_Type)
        return write_complex(w, o, flag);
    if (type == &PySet_Type || type == &PyFrozenSet_Type)
        return qpy_marshal_write_set(w, o, flag);
    if (type == &PyCode_Type)
        return write_code(w, o, flag);
#if PY_VERSION_HEX >= 0x030E0000
    if (type == &PySlice_Type && w->version >= 5)
        return write_slice(w, o, flag);
#endif
    return write_buffer(w, o, flag);
}

int qpy_marshal_write(qpy_marshal_writer *w, PyObject *o, int extra)
{
    PyTypeObject *type = Py_TYPE(o);
    uint8_t flag;
    if (QR_UNLIKELY(!qr_buffer_reserve(&w->walker.buffer, QR_BUFFER_SLACK)))
        return 0;
#define WRITE_AS(function)                                          \
    do {                                                            \
        reference reference_ = reference_of(w, o, extra, &flag);    \
        if (reference_ != TO_WRITE)                                 \
            return reference_ == WRITTEN;                           \
        return function(w, o, flag);                                \
    } while (0)
    if (type == &PyUnicode_Type)
        WRITE_AS(write_str);
    if (type == &PyLong_Type)
        WRITE_AS(write_int);
    if (type == &PyFloat_Type && QR_LIKELY(w->version > 1)) {
        reference found = reference_of(w, o, extra, &flag);
        if (found == TO_WRITE)
            qr_marshal_put_float(&w->walker.buffer, QR_MARSHAL_BINARY_FLOAT | flag, PyFloat_AS_DOUBLE(o));
        return found != FAILED;
    }
    if (type == &PyDict_Type)
        WRITE_AS(write_dict);
    if (type == &PyList_Type)
        WRITE_AS(write_list);
    if (type == &PyTuple_Type)
        WRITE_AS(write_tuple);
    if (type == &PyFloat_Type) {
        reference found = reference_of(w, o, extra, &flag);
        return found == TO_WRITE ? write_old_float(w, PyFloat_AS_DOUBLE(o), flag) : found == WRITTEN;
    }
    return write_other(w, o, extra);
}

/* ---------------------------------------------------------------- the whole */

static void raise_buffer(qr_error error)
{
    if (error == QR_ERROR_MEMORY)
        PyErr_NoMemory();
    else
        PyErr_SetString(PyExc_ValueError, error == QR_ERROR_DEPTH ? "object too deeply nested to marshal" : "unmarshallable object");
}

PyObject *qpy_marshal_dumps(qpy_state *state, PyObject *value, int version, int allow_code, int canonical)
{
    qpy_marshal_writer w;
    if (PySys_Audit("marshal.dumps", "Oi", value, version) < 0)
        return NULL;
    w.version = version;
    w.allow_code = allow_code;
    w.canon = NULL;
    w.plain = version >= 4 && !canonical;
    w.holding = w.hand_over = 0;
    w.level = 0;
    w.refs = &w.first_refs;
    qpy_marshal_refs_init(&w.first_refs, NULL);
    qr_depth_init(&w.depth, QPY_MARSHAL_DEPTH + 1);
    qpy_walker_init(&w.walker, state, "marshal", state->marshal_hint);
    int ok = QR_UNLIKELY(canonical) ? qpy_marshal_write_canonically(&w, value) : qpy_marshal_write(&w, value, 0);
    qpy_marshal_refs_release(&w.first_refs, w.holding);
    if (QR_LIKELY(ok && w.walker.buffer.error == QR_ERROR_NONE)) {
        state->marshal_hint = qpy_next_hint(state->marshal_hint, qr_buffer_length(&w.walker.buffer));
        return qpy_walker_finish(&w.walker, 1);
    }
    if (!w.hand_over && !PyErr_Occurred())
        raise_buffer(w.walker.buffer.error);
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    qpy_walker_release(&w.walker);
    PyErr_Restore(type, error, traceback);
    return w.hand_over ? qpy_marshal_standard_dumps(value, version, allow_code) : NULL;
}
