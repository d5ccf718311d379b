/* SPDX-License-Identifier: Apache-2.0 */
/* read: objects from items. */
#include "binding/marshal/read.h"

#include "binding/text.h"

/* ---------------------------------------------------------------- failing: each returns NULL */

static QR_COLD PyObject *bad(const char *what)
{
    return PyErr_Format(PyExc_ValueError, "bad marshal data (%s)", what);
}

/* The words of the standard library. */
static const char *bad_length_of(uint8_t code)
{
    switch (qr_marshal_info_of(code)->argument) {
    case QR_MARSHAL_ARG_DIGITS: return "long size out of range";
    case QR_MARSHAL_ARG_BYTES4: return "bytes object size out of range";
    case QR_MARSHAL_ARG_COUNT4: return code == QR_MARSHAL_TUPLE ? "tuple size out of range" : code == QR_MARSHAL_LIST ? "list size out of range" : "set size out of range";
    default: return "string size out of range";
    }
}

static QR_COLD PyObject *fail_short(const qpy_marshal_reader *m, uint8_t code)
{
    unsigned argument = qr_marshal_info_of(code)->argument;
    int at_length = m->r.p == m->r.end && m->r.p == m->r.error_at + 1;
    int one_byte = argument == QR_MARSHAL_ARG_LATIN1 || argument == QR_MARSHAL_ARG_COUNT1 || argument == QR_MARSHAL_ARG_FLOAT_TEXT || argument == QR_MARSHAL_ARG_TWO_FLOAT_TEXTS;
    PyErr_SetString(PyExc_EOFError, one_byte && at_length ? "EOF read where not expected" : "marshal data too short");
    return NULL;
}

/* The error of the reader as an exception, if there is none yet. */
QR_COLD PyObject *qpy_marshal_fail(const qpy_marshal_reader *m)
{
    const qr_reader *r = &m->r;
    if (PyErr_Occurred())
        return NULL;
    uint8_t code = r->error_at < r->end ? *r->error_at & 0x7F : 0;
    switch (r->error) {
    case QR_ERROR_MEMORY: return PyErr_NoMemory();
    case QR_ERROR_TRUNCATED: return fail_short(m, code);
    case QR_ERROR_INVALID_NUMBER:
        if (r->error_at < r->p - 4) /* at the item, not at a digit */
            return bad(bad_length_of(code));
        return bad(r->error_at[0] | r->error_at[1] ? "digit out of range in long" : "unnormalized long data");
    default: return bad("unknown type code");
    }
}

static QR_COLD PyObject *fail_end(void)
{
    PyErr_SetString(PyExc_EOFError, "EOF read where object expected");
    return NULL;
}

static QR_COLD PyObject *fail_depth(void)
{
    PyErr_SetString(PyExc_ValueError, "recursion limit exceeded");
    return NULL;
}

static QR_COLD PyObject *fail_null(const char *container)
{
    return PyErr_Format(PyExc_TypeError, "NULL object in marshal data for %s", container);
}

/* ---------------------------------------------------------------- what can be referred to */

static QR_NOINLINE int grow_refs(qpy_marshal_reader *m)
{
    size_t room = m->refs_room ? m->refs_room * 2 : 64;
    PyObject **refs = m->refs_count < INT32_MAX - 1 ? PyMem_Realloc(m->refs, room * sizeof *refs) : NULL;
    if (!refs) {
        PyErr_NoMemory();
        return 0;
    }
    m->refs = refs;
    m->refs_room = room;
    return 1;
}

/* The next number, for an object that is not there yet: 1, or 0 with an exception. */
QR_INLINE int reserve_ref(qpy_marshal_reader *m, size_t *number)
{
    if (QR_UNLIKELY(m->refs_count == m->refs_room) && !grow_refs(m))
        return 0;
    *number = m->refs_count;
    m->refs[m->refs_count++] = NULL;
    return 1;
}

/* Gives the object (which may be NULL) the next number, when it is flagged. */
QR_INLINE PyObject *with_ref(qpy_marshal_reader *m, PyObject *object, int flag)
{
    if (flag && QR_LIKELY(object != NULL)) {
        if (QR_UNLIKELY(m->refs_count == m->refs_room) && !grow_refs(m)) {
            Py_DECREF(object);
            return NULL;
        }
        m->refs[m->refs_count++] = Py_NewRef(object);
    }
    return object;
}

static int is_open(PyObject *object) { return PyTuple_CheckExact(object) && PyTuple_GET_SIZE(object) && !PyTuple_GET_ITEM(object, PyTuple_GET_SIZE(object) - 1); }

static PyObject *read_reference(qpy_marshal_reader *m, const uint8_t *at)
{
    int32_t number;
    if (!qr_marshal_want_i4(&m->r, at, &number))
        return qpy_marshal_fail(m);
    PyObject *object = number >= 0 && (size_t)number < m->refs_count ? m->refs[number] : NULL;
    if (QR_UNLIKELY(!object))
        return bad("invalid reference");
    if (QR_UNLIKELY(m->open && is_open(object)))
        for (const qpy_marshal_open *open = m->open; open; open = open->outer)
            if (open->tuple == object)
                return bad("a tuple within itself");
    return Py_NewRef(object);
}

/* ---------------------------------------------------------------- what is hashed */

static QR_COLD uint32_t go_deeper(qpy_marshal_reader *m)
{
    uint32_t levels = qr_depth_lend(&m->r.depth);
    if (!levels)
        fail_depth();
    return levels;
}

/* Walks what the interpreter would walk by recursion. To hash: tuples and, within code objects, constants; all else has its hash or
 * none. To intern what is in constants: tuples and frozensets. */
static int check(qpy_marshal_reader *m, PyObject *object, int to_hash, uint32_t *left);

static int check_item(qpy_marshal_reader *m, PyObject *item, int to_hash, uint32_t *left)
{
    if (QR_UNLIKELY(!item || --*left == 0))
        return bad(item ? "too large to be hashed" : "used before it is whole") != NULL;
    if (PyTuple_CheckExact(item) || (to_hash ? PyCode_Check(item) : PyFrozenSet_CheckExact(item)))
        return check(m, item, to_hash, left);
    return 1;
}

static int check_frozenset(qpy_marshal_reader *m, PyObject *set, uint32_t *left)
{
    PyObject *iterator = PyObject_GetIter(set), *item;
    int ok = iterator != NULL;
    while (ok && (item = PyIter_Next(iterator))) {
        ok = check_item(m, item, 0, left);
        Py_DECREF(item);
    }
    Py_XDECREF(iterator);
    return ok && !PyErr_Occurred();
}

static int check(qpy_marshal_reader *m, PyObject *object, int to_hash, uint32_t *left)
{
    QR_STACK_ENTER(&m->r.depth, go_deeper(m), 0, check(m, object, to_hash, left));
    int ok = 1;
    if (PyTuple_CheckExact(object)) {
        Py_ssize_t n = PyTuple_GET_SIZE(object);
        for (Py_ssize_t i = 0; ok && i < n; i++)
            ok = check_item(m, PyTuple_GET_ITEM(object, i), to_hash, left);
    }
    else if (PyFrozenSet_CheckExact(object))
        ok = check_frozenset(m, object, left);
    else
        ok = check(m, ((PyCodeObject *)object)->co_consts, 1, left);
    m->r.depth.left++;
    return ok;
}

int qpy_marshal_check_key(qpy_marshal_reader *m, PyObject *key)
{
    uint32_t left = QPY_MARSHAL_HASHED;
    return PyTuple_CheckExact(key) || PyCode_Check(key) ? check(m, key, 1, &left) : 1;
}

int qpy_marshal_check_constants(qpy_marshal_reader *m, PyObject *constants)
{
    uint32_t left = QPY_MARSHAL_HASHED;
    return check(m, constants, 0, &left);
}

/* ---------------------------------------------------------------- scalars */

static PyObject *read_big(const uint8_t *digits, int32_t count)
{
    size_t n = (size_t)Py_ABS(count), bytes = n * 15 / 8 + 1;
    uint8_t *magnitude = PyMem_Calloc(bytes + 1, 1);
    if (!magnitude)
        return PyErr_NoMemory();
    for (size_t i = 0; i < n; i++) {
        size_t bit = 15 * i;
        uint32_t part = (uint32_t)qr_load16(digits + 2 * i) << bit % 8;
        for (size_t at = bit / 8; part; at++, part >>= 8)
            magnitude[at] |= (uint8_t)part;
    }
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *value = PyLong_FromNativeBytes(magnitude, bytes + 1, Py_ASNATIVEBYTES_LITTLE_ENDIAN | Py_ASNATIVEBYTES_UNSIGNED_BUFFER);
#else
    PyObject *value = _PyLong_FromByteArray(magnitude, bytes + 1, 1, 0);
#endif
    PyMem_Free(magnitude);
    if (value && count < 0)
        Py_SETREF(value, PyNumber_Negative(value));
    return value;
}

static PyObject *read_long(qpy_marshal_reader *m, const uint8_t *at)
{
    const uint8_t *digits;
    int32_t count;
    int64_t value = 0;
    if (!qr_marshal_want_digits(&m->r, at, &digits, &count))
        return qpy_marshal_fail(m);
    if (count > 4 || count < -4)
        return read_big(digits, count);
    for (int i = Py_ABS(count); i--;)
        value = value << 15 | qr_load16(digits + 2 * i);
    return PyLong_FromLongLong(count < 0 ? -value : value);
}

static PyObject *read_int64(qpy_marshal_reader *m, const uint8_t *at)
{
    if (!qr_marshal_has(&m->r, 8, at))
        return qpy_marshal_fail(m);
    m->r.p += 8;
    return PyLong_FromLongLong((int64_t)qr_load64(m->r.p - 8));
}

/* 1, or 0 with an exception. */
static int read_float_text(qpy_marshal_reader *m, const uint8_t *at, double *value)
{
    char copy[256];
    const uint8_t *text;
    size_t length;
    if (!qr_marshal_want_text(&m->r, at, 1, &text, &length))
        return qpy_marshal_fail(m) != NULL;
    memcpy(copy, text, length);
    copy[length] = 0;
    *value = PyOS_string_to_double(copy, NULL, NULL);
    return !(*value == -1.0 && PyErr_Occurred());
}

static PyObject *read_float_as_text(qpy_marshal_reader *m, const uint8_t *at)
{
    double value;
    return read_float_text(m, at, &value) ? PyFloat_FromDouble(value) : NULL;
}

static PyObject *read_complex_as_text(qpy_marshal_reader *m, const uint8_t *at)
{
    Py_complex c;
    return read_float_text(m, at, &c.real) && read_float_text(m, at, &c.imag) ? PyComplex_FromCComplex(c) : NULL;
}

static PyObject *read_complex(qpy_marshal_reader *m, const uint8_t *at)
{
    Py_complex c;
    return qr_marshal_want_float(&m->r, at, &c.real) && qr_marshal_want_float(&m->r, at, &c.imag) ? PyComplex_FromCComplex(c) : qpy_marshal_fail(m);
}

static PyObject *read_bytes(qpy_marshal_reader *m, const uint8_t *at)
{
    const uint8_t *text;
    size_t length;
    return qr_marshal_want_text(&m->r, at, 4, &text, &length) ? PyBytes_FromStringAndSize((const char *)text, (Py_ssize_t)length) : qpy_marshal_fail(m);
}

QR_INLINE int is_ascii(const uint8_t *text, size_t n)
{
    uint64_t bits = 0;
    if (n >= 8) {
        const uint8_t *last = text + n - 8;
        for (; text < last; text += 8)
            bits |= qr_load64(text);
        bits |= qr_load64(last);
    }
    else if (n >= 4)
        bits = qr_load32(text) | qr_load32(text + n - 4);
    else
        while (n--)
            bits |= *text++;
    return !(bits & UINT64_C(0x8080808080808080));
}

static PyObject *intern(PyObject *text)
{
    if (text && !PyUnicode_CHECK_INTERNED(text))
        PyUnicode_InternInPlace(&text);
    return text;
}

/* Text whose bytes are characters. */
QR_INLINE PyObject *read_latin(qpy_marshal_reader *m, const uint8_t *at, unsigned size)
{
    const uint8_t *text;
    size_t length;
    if (QR_UNLIKELY(!qr_marshal_want_text(&m->r, at, size, &text, &length)))
        return qpy_marshal_fail(m);
    if (QR_LIKELY(length >= m->sink.state->str_least) && QR_LIKELY(is_ascii(text, length)))
        return qpy_str_from_ascii(&m->sink.state->str_header, text, length);
    return PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, text, (Py_ssize_t)length);
}

static PyObject *read_utf8(qpy_marshal_reader *m, const uint8_t *at, int interned)
{
    const uint8_t *text;
    size_t length;
    if (!qr_marshal_want_text(&m->r, at, 4, &text, &length))
        return qpy_marshal_fail(m);
    PyObject *value = qpy_text_from_utf8(text, length);
    return interned ? intern(value) : value;
}

/* ---------------------------------------------------------------- containers */

#define ENTER(failed, again)                                                  \
    QR_STACK_ENTER(&m->r.depth, go_deeper(m), failed, again);     \
    m->level++
QR_INLINE void leave(qpy_marshal_reader *m)
{
    m->level--;
    m->r.depth.left++;
}

static PyObject *read_tuple(qpy_marshal_reader *m, size_t n);

/* Short text in ASCII whose length is at p and which is all there: NULL without an exception: it is something else. */
QR_INLINE PyObject *short_text(qpy_marshal_reader *m, const uint8_t *p)
{
    const qpy_state *state = m->sink.state;
    size_t length = *p++, left = (size_t)(m->r.end - p);
    PyObject *text;
    if (QR_UNLIKELY(left < length) || QR_UNLIKELY(length < state->str_least))
        return NULL;
    if (QR_LIKELY(length < QR_SIMD_BLOCK) && QR_LIKELY(left >= QR_SIMD_BLOCK))
        text = qpy_str_from_block(&state->str_header, p, length);
    else
        text = is_ascii(p, length) ? qpy_str_from_ascii(&state->str_header, p, length) : NULL;
    if (QR_LIKELY(text != NULL))
        m->r.p = p + length;
    return text;
}

/* The same, interned, with a number. */
static QR_NOINLINE PyObject *short_name(qpy_marshal_reader *m, const uint8_t *p)
{
    PyObject *text = short_text(m, p);
    return text ? with_ref(m, intern(text), 1) : NULL;
}

/* What is most frequent within containers, without a call. (Of a file an item is not there yet.) */
QR_INLINE PyObject *read_within(qpy_marshal_reader *m)
{
    const uint8_t *p = m->r.p;
    PyObject *object;
    double real;
    if (QR_UNLIKELY(m->r.end - p < 9) || QR_UNLIKELY(m->level >= QPY_MARSHAL_DEPTH))
        return qpy_marshal_read(m);
    switch (*p) {
    case QR_MARSHAL_REFERENCE:
        object = qr_load32(p + 1) < m->refs_count ? m->refs[qr_load32(p + 1)] : NULL;
        if (QR_UNLIKELY(!object) || QR_UNLIKELY(m->open && PyTuple_CheckExact(object)))
            break;
        m->r.p = p + 5;
        return Py_NewRef(object);
    case QR_MARSHAL_INT:
        m->r.p = p + 5;
        return qpy_int_new(&m->sink.state->ints, (int32_t)qr_load32(p + 1));
    case QR_MARSHAL_BINARY_FLOAT:
        memcpy(&real, p + 1, 8);
        m->r.p = p + 9;
        return qpy_float_new(real, m->sink.state->private_ok);
    case QR_MARSHAL_SHORT_ASCII:
        object = short_text(m, p + 1);
        if (QR_LIKELY(object != NULL) || QR_UNLIKELY(PyErr_Occurred() != NULL))
            return object;
        break;
    case QR_MARSHAL_SHORT_ASCII_INTERNED | QR_MARSHAL_FLAG:
        object = short_name(m, p + 1);
        if (QR_LIKELY(object != NULL) || QR_UNLIKELY(PyErr_Occurred() != NULL))
            return object;
        break;
    case QR_MARSHAL_SMALL_TUPLE:
        if (QR_UNLIKELY(p[1] == 0))
            break;
        m->r.p = p + 2;
        return read_tuple(m, p[1]);
    default: break;
    }
    return qpy_marshal_read(m);
}

PyObject *qpy_marshal_read_within(qpy_marshal_reader *m) { return read_within(m); }

PyObject *qpy_marshal_read_object(qpy_marshal_reader *m, const char *container)
{
    PyObject *object = read_within(m);
    return QR_LIKELY(object != NULL) || PyErr_Occurred() ? object : fail_null(container);
}

/* n objects, onto the stack: 1, or 0 with an exception. */
QR_INLINE int read_items(qpy_marshal_reader *m, size_t n, const char *container)
{
    while (n--) {
        PyObject *item = read_within(m);
        if (QR_UNLIKELY(!item) && !PyErr_Occurred())
            fail_null(container);
        if (QR_UNLIKELY(!item) || QR_UNLIKELY(!qpy_sink_push(&m->sink, item)))
            return 0;
    }
    return 1;
}

/* May room for n items be made before they come? The bytes of a whole document are at least as many as the items in it. */
static int may_promise(qpy_marshal_reader *m, size_t n)
{
    m->promised += n;
    return m->promised <= (m->file ? QPY_MARSHAL_LARGE : (size_t)(m->r.end - m->r.start));
}

/* The same for one that nothing within can refer to: of short ones there are no more at a time than levels. */
QR_INLINE int has_room(qpy_marshal_reader *m, size_t n) { return QR_LIKELY(n < QPY_MARSHAL_LONG) || may_promise(m, n); }

/* n objects, to where they belong: 1, or 0 with an exception; then *done of them are there. */
QR_INLINE int fill_row(qpy_marshal_reader *m, PyObject **to, size_t n, size_t *done, const char *container)
{
    for (size_t i = 0; i < n; i++) {
        PyObject *item = read_within(m);
        if (QR_UNLIKELY(!item)) {
            if (!PyErr_Occurred())
                fail_null(container);
            *done = i;
            return 0;
        }
        to[i] = item;
    }
    return 1;
}

static PyObject *make_list(PyObject **values, size_t n)
{
    PyObject *list = PyList_New((Py_ssize_t)n);
    if (list && n)
        memcpy(((PyListObject *)list)->ob_item, values, n * sizeof *values);
    return list;
}

/* A tuple or list of items that may be too many to make room for before they are there. */
static QR_NOINLINE PyObject *read_sequence(qpy_marshal_reader *m, size_t n, int is_list)
{
    ENTER(NULL, read_sequence(m, n, is_list));
    qpy_sink *s = &m->sink;
    size_t base = (size_t)(s->top - s->base);
    const qpy_marshal_open *open = m->open;
    PyObject *sequence = NULL;
    if (is_list)
        m->open = NULL;
    qpy_sink_count_container(s);
    if (read_items(m, n, is_list ? "list" : "tuple")) {
        sequence = is_list ? make_list(s->base + base, n) : qpy_sink_tuple(s, s->base + base, (Py_ssize_t)n);
        if (QR_LIKELY(sequence != NULL))
            s->top = s->base + base;
    }
    m->open = open;
    leave(m);
    return sequence;
}

/* A tuple of n > 0 items that nothing within can refer to: nobody sees it before it is whole. */
static QR_NOINLINE PyObject *read_tuple(qpy_marshal_reader *m, size_t n)
{
    size_t done;
    if (QR_UNLIKELY(!has_room(m, n)))
        return read_sequence(m, n, 0);
    ENTER(NULL, read_tuple(m, n));
    qpy_sink_count_container(&m->sink);
    PyObject *tuple = qpy_tuple_new((Py_ssize_t)n, m->sink.state->private_ok);
    if (QR_LIKELY(tuple != NULL)) {
        if (QR_LIKELY(fill_row(m, ((PyTupleObject *)tuple)->ob_item, n, &done, "tuple")))
            qpy_tuple_finish(tuple);
        else {
            memset(&((PyTupleObject *)tuple)->ob_item[done], 0, (n - done) * sizeof(PyObject *));
            Py_CLEAR(tuple);
        }
    }
    leave(m);
    return tuple;
}

/* Each: 1, or 0 with an exception. */
static int fill_tuple(qpy_marshal_reader *m, PyObject *tuple, size_t n)
{
    qpy_marshal_open open = {tuple, m->open};
    size_t done;
    m->open = &open;
    int ok = fill_row(m, ((PyTupleObject *)tuple)->ob_item, n, &done, "tuple");
    m->open = open.outer;
    if (ok)
        qpy_tuple_finish(tuple);
    else
        PyObject_GC_Track(tuple); /* there may be a cycle already */
    return ok;
}

static int append_row(qpy_marshal_reader *m, PyObject *list, size_t n)
{
    int ok = 1;
    for (size_t i = 0; ok && i < n; i++) {
        PyObject *item = qpy_marshal_read_object(m, "list");
        ok = item && PyList_Append(list, item) == 0;
        Py_XDECREF(item);
    }
    return ok;
}

/* Reading a file runs code, which may find the list (the collector knows of it) and change it: then it has what was read so far and no more. */
static PyObject *open_list(const qpy_marshal_reader *m, size_t n) { return PyList_New(m->file ? 0 : (Py_ssize_t)n); }

static int fill_list(qpy_marshal_reader *m, PyObject *list, size_t n)
{
    const qpy_marshal_open *outer = m->open;
    size_t done;
    m->open = NULL;
    int ok = m->file ? append_row(m, list, n) : fill_row(m, ((PyListObject *)list)->ob_item, n, &done, "list");
    m->open = outer;
    return ok;
}

static QR_NOINLINE int fill(qpy_marshal_reader *m, PyObject *sequence, size_t n, int is_list)
{
    ENTER(0, fill(m, sequence, n, is_list));
    qpy_sink_count_container(&m->sink);
    int ok = is_list ? fill_list(m, sequence, n) : fill_tuple(m, sequence, n);
    leave(m);
    return ok;
}

/* A tuple that is seen before its items are there. */
static PyObject *open_tuple(qpy_marshal_reader *m, size_t n)
{
    PyObject *tuple = n ? qpy_tuple_new((Py_ssize_t)n, m->sink.state->private_ok) : PyTuple_New(0);
    if (tuple && n)
        memset(((PyTupleObject *)tuple)->ob_item, 0, n * sizeof(PyObject *));
    return tuple;
}

/* One that can be referred to, also from within. */
static QR_NOINLINE PyObject *read_shared_sequence(qpy_marshal_reader *m, size_t n, int is_list)
{
    size_t number;
    PyObject *sequence;
    if (n && !may_promise(m, n)) { /* too large to be made before it is there */
        if (!reserve_ref(m, &number))
            return NULL;
        if (!m->file && !(m->refs[number] = PyList_New(0))) /* all in memory: this cannot end well, but it is to go on until it fails */
            return NULL;
        if ((sequence = read_sequence(m, n, is_list)))
            Py_XSETREF(m->refs[number], Py_NewRef(sequence));
        return sequence;
    }
    sequence = with_ref(m, is_list ? open_list(m, n) : open_tuple(m, n), 1);
    if (sequence && n && !fill(m, sequence, n, is_list))
        Py_CLEAR(sequence);
    return sequence;
}

/* One that nothing within can refer to. */
static PyObject *read_list(qpy_marshal_reader *m, size_t n)
{
    PyObject *list = open_list(m, n);
    if (list && !fill(m, list, n, 1))
        Py_CLEAR(list);
    return list;
}

/* ---------------------------------------------------------------- dicts and sets */

/* The next key, hashed: a new reference, NULL with an exception or at the end. */
QR_INLINE PyObject *read_key(qpy_marshal_reader *m)
{
    PyObject *key = read_within(m);
    if (QR_UNLIKELY(!key))
        return NULL;
    if (QR_LIKELY(PyUnicode_CheckExact(key)) && QR_LIKELY(((PyASCIIObject *)key)->hash != -1))
        return key;
    if (!qpy_marshal_check_key(m, key) || PyObject_Hash(key) == -1)
        Py_CLEAR(key);
    return key;
}

static qpy_marshal_template *template_for(qpy_marshal_reader *m, PyObject **pairs, size_t n)
{
    return n && n <= QPY_SPLIT_KEYS ? &m->templates[((uintptr_t)pairs[0] >> 4 ^ n) % QPY_MARSHAL_TEMPLATES] : NULL;
}

static void clear_template(qpy_marshal_template *t)
{
    while (t->n)
        Py_DECREF(t->keys[--t->n]);
    Py_CLEAR(t->template);
}

static void set_template(qpy_marshal_template *t, PyObject **pairs, size_t n)
{
    clear_template(t);
    for (; t->n < n; t->n++)
        t->keys[t->n] = Py_NewRef(pairs[2 * t->n]);
}

/* A dict of the keys that an earlier one had: NULL with an exception, or without one where they are others. */
static PyObject *dict_from_template(qpy_marshal_template *t, PyObject **pairs, size_t n, int may_cycle)
{
    PyObject *values[QPY_SPLIT_KEYS];
    if (t->n != n)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (pairs[2 * i] != t->keys[i])
            return NULL;
        values[i] = pairs[2 * i + 1];
    }
    if (!t->template && !(t->template = qpy_dict_template(t->keys, (Py_ssize_t)n)))
        return NULL;
    PyObject *dict = qpy_dict_from_template(t->template, values, (Py_ssize_t)n, may_cycle);
    for (size_t i = 0; dict && i < n; i++)
        Py_DECREF(pairs[2 * i]);
    return dict;
}

/* By what is private to the interpreter. As dict_from_template. */
static PyObject *dict_from_pairs(qpy_marshal_reader *m, PyObject **pairs, size_t n)
{
    qpy_marshal_template *t = template_for(m, pairs, n);
    int may_cycle = 0;
    for (size_t i = 0; i < n; i++)
        may_cycle |= PyType_IS_GC(Py_TYPE(pairs[2 * i + 1])) != 0;
    PyObject *dict = t ? dict_from_template(t, pairs, n, may_cycle) : NULL;
    if (dict || PyErr_Occurred())
        return dict;
    /* once they are the dict's, they are all that the pairs were: keys that come again are freed */
    int is_new = t && (t->n != n || pairs[0] != t->keys[0]) && Py_REFCNT(pairs[0]) > 1;
    if (is_new)
        set_template(t, pairs, n);
    dict = qpy_dict_from_pairs(pairs, (Py_ssize_t)n, may_cycle);
    if (is_new && (!dict || (size_t)PyDict_GET_SIZE(dict) != n))
        clear_template(t);
    return dict;
}

/* Of n pairs on the stack, which it takes. */
static PyObject *make_dict(qpy_marshal_reader *m, PyObject **pairs, size_t n)
{
    qpy_sink *s = &m->sink;
    PyObject *dict = n && s->state->private_ok ? dict_from_pairs(m, pairs, n) : NULL;
    if (dict) {
        s->top = pairs;
        return dict;
    }
    dict = PyErr_Occurred() ? NULL : PyDict_New();
    for (size_t i = 0; dict && i < n; i++)
        if (PyDict_SetItem(dict, pairs[2 * i], pairs[2 * i + 1]) < 0)
            Py_CLEAR(dict);
    while (dict && s->top > pairs)
        Py_DECREF(*--s->top);
    return dict;
}

/* The pairs, onto the stack: 1, or 0 with an exception. */
static int read_pairs(qpy_marshal_reader *m)
{
    PyObject *key, *value;
    while ((key = read_key(m))) {
        if (QR_UNLIKELY(!qpy_sink_push(&m->sink, key)))
            return 0;
        if (!(value = read_within(m))) { /* a key without a value is dropped */
            if (!PyErr_Occurred())
                Py_DECREF(*--m->sink.top);
            break;
        }
        if (QR_UNLIKELY(!qpy_sink_push(&m->sink, value)))
            return 0;
    }
    return !PyErr_Occurred();
}

static QR_NOINLINE PyObject *read_dict(qpy_marshal_reader *m)
{
    ENTER(NULL, read_dict(m));
    qpy_sink *s = &m->sink;
    size_t base = (size_t)(s->top - s->base);
    const qpy_marshal_open *open = m->open;
    m->open = NULL;
    qpy_sink_count_container(s);
    PyObject *dict = read_pairs(m) ? make_dict(m, s->base + base, (size_t)(s->top - s->base - base) / 2) : NULL;
    m->open = open;
    leave(m);
    return dict;
}

/* 1, or 0 with an exception. */
static int fill_dict(qpy_marshal_reader *m, PyObject *dict)
{
    PyObject *key, *value;
    while ((key = read_key(m))) {
        value = qpy_marshal_read(m);
        int ok = value && PyDict_SetItem(dict, key, value) == 0;
        Py_DECREF(key);
        Py_XDECREF(value);
        if (QR_UNLIKELY(!ok))
            break;
    }
    return !PyErr_Occurred();
}

/* One that can be referred to, also from within. */
static QR_NOINLINE int fill_shared_dict(qpy_marshal_reader *m, PyObject *dict)
{
    ENTER(0, fill_shared_dict(m, dict));
    const qpy_marshal_open *open = m->open;
    m->open = NULL;
    qpy_sink_count_container(&m->sink);
    int ok = fill_dict(m, dict);
    m->open = open;
    leave(m);
    return ok;
}

static PyObject *read_shared_dict(qpy_marshal_reader *m)
{
    PyObject *dict = with_ref(m, PyDict_New(), 1);
    if (dict && !fill_shared_dict(m, dict))
        Py_CLEAR(dict);
    return dict;
}

static QR_NOINLINE int fill_set(qpy_marshal_reader *m, PyObject *set, size_t n)
{
    ENTER(0, fill_set(m, set, n));
    int ok = 1;
    qpy_sink_count_container(&m->sink);
    while (ok && n--) {
        PyObject *item = qpy_marshal_read_object(m, "set");
        ok = item && qpy_marshal_check_key(m, item) && PySet_Add(set, item) == 0;
        Py_XDECREF(item);
    }
    leave(m);
    return ok;
}

static PyObject *read_set(qpy_marshal_reader *m, size_t n, int flag)
{
    PyObject *set = with_ref(m, PySet_New(NULL), flag);
    if (set && !fill_set(m, set, n))
        Py_CLEAR(set);
    return set;
}

/* Nothing within can refer to it: it has one reference while it is filled. */
static PyObject *read_frozenset(qpy_marshal_reader *m, size_t n, int flag)
{
    size_t number = 0;
    if (n == 0)
        return with_ref(m, PyFrozenSet_New(NULL), flag);
    PyObject *set = !flag || reserve_ref(m, &number) ? PyFrozenSet_New(NULL) : NULL;
    if (set && !fill_set(m, set, n))
        Py_CLEAR(set);
    if (set && flag)
        m->refs[number] = Py_NewRef(set);
    return set;
}

/* ---------------------------------------------------------------- any object */

static QR_NOINLINE PyObject *read_code(qpy_marshal_reader *m, int flag)
{
    ENTER(NULL, read_code(m, flag));
    size_t number = 0;
    PyObject *code = NULL;
    if (!m->allow_code)
        PyErr_SetString(PyExc_ValueError, "unmarshalling code objects is disallowed");
    else if (!flag || reserve_ref(m, &number))
        code = qpy_marshal_read_code(m);
    if (code && flag)
        m->refs[number] = Py_NewRef(code);
    leave(m);
    return code;
}

static QR_NOINLINE PyObject *read_counted(qpy_marshal_reader *m, const uint8_t *at, uint8_t code, int flag)
{
    size_t n;
    if (QR_UNLIKELY(!qr_marshal_want_count(&m->r, at, code == QR_MARSHAL_SMALL_TUPLE ? 1 : 4, &n)))
        return qpy_marshal_fail(m);
    switch (code) {
    case QR_MARSHAL_SET: return read_set(m, n, flag);
    case QR_MARSHAL_FROZENSET: return read_frozenset(m, n, flag);
    default:
        if (flag)
            return read_shared_sequence(m, n, code == QR_MARSHAL_LIST);
        if (n && code != QR_MARSHAL_LIST)
            return read_tuple(m, n);
        if (n && has_room(m, n))
            return read_list(m, n);
        return read_sequence(m, n, code == QR_MARSHAL_LIST);
    }
}

#if PY_VERSION_HEX >= 0x030E0000
static QR_NOINLINE PyObject *read_slice(qpy_marshal_reader *m, int flag)
{
    ENTER(NULL, read_slice(m, flag));
    size_t number = 0, base = (size_t)(m->sink.top - m->sink.base);
    PyObject *slice = NULL;
    if ((!flag || reserve_ref(m, &number)) && read_items(m, 3, "slice")) {
        PyObject **parts = m->sink.base + base;
        slice = PySlice_New(parts[0], parts[1], parts[2]);
        while (m->sink.top > m->sink.base + base)
            Py_DECREF(*--m->sink.top);
    }
    if (slice && flag)
        m->refs[number] = Py_NewRef(slice);
    leave(m);
    return slice;
}
#endif

static PyObject *read_rare_text(qpy_marshal_reader *m, const uint8_t *at, uint8_t code)
{
    switch (code) {
    case QR_MARSHAL_ASCII: return read_latin(m, at, 4);
    case QR_MARSHAL_ASCII_INTERNED: return intern(read_latin(m, at, 4));
    case QR_MARSHAL_UNICODE: return read_utf8(m, at, 0);
    default: return read_utf8(m, at, 1);
    }
}

/* What has no objects within. */
static PyObject *read_rare_scalar(qpy_marshal_reader *m, const uint8_t *at, uint8_t code)
{
    switch (code) {
    case QR_MARSHAL_ASCII:
    case QR_MARSHAL_ASCII_INTERNED:
    case QR_MARSHAL_UNICODE:
    case QR_MARSHAL_INTERNED: return read_rare_text(m, at, code);
    case QR_MARSHAL_BYTES: return read_bytes(m, at);
    case QR_MARSHAL_LONG: return read_long(m, at);
    case QR_MARSHAL_INT64: return read_int64(m, at);
    case QR_MARSHAL_FLOAT: return read_float_as_text(m, at);
    case QR_MARSHAL_COMPLEX: return read_complex_as_text(m, at);
    case QR_MARSHAL_BINARY_COMPLEX: return read_complex(m, at);
    default: return bad("unknown type code");
    }
}

static QR_NOINLINE PyObject *read_rare(qpy_marshal_reader *m, const uint8_t *at, uint8_t code, int flag)
{
    switch (code) {
    case QR_MARSHAL_NULL: return NULL;
    case QR_MARSHAL_STOP_ITERATION: return Py_NewRef(PyExc_StopIteration);
    case QR_MARSHAL_ELLIPSIS: return Py_NewRef(Py_Ellipsis);
    case QR_MARSHAL_CODE: return read_code(m, flag);
    case QR_MARSHAL_SET:
    case QR_MARSHAL_FROZENSET: return read_counted(m, at, code, flag);
#if PY_VERSION_HEX >= 0x030E0000
    case QR_MARSHAL_SLICE: return read_slice(m, flag);
#endif
    default: return with_ref(m, read_rare_scalar(m, at, code), flag);
    }
}

PyObject *qpy_marshal_read(qpy_marshal_reader *m)
{
    qr_reader *r = &m->r;
    if (QR_UNLIKELY(m->file != NULL) && !qpy_marshal_fetch_item(m))
        return NULL;
    const uint8_t *at = r->p;
    PyObject *object;
    int32_t number;
    double real;
    if (QR_UNLIKELY(at == r->end))
        return fail_end();
    if (QR_UNLIKELY(m->level >= QPY_MARSHAL_DEPTH))
        return fail_depth();
    int flag = *at & QR_MARSHAL_FLAG;
    uint8_t code = *at & 0x7F;
    r->p = at + 1;
    switch (code) {
    case QR_MARSHAL_NONE: return Py_NewRef(Py_None);
    case QR_MARSHAL_FALSE: return Py_NewRef(Py_False);
    case QR_MARSHAL_TRUE: return Py_NewRef(Py_True);
    case QR_MARSHAL_REFERENCE: return read_reference(m, at);
    case QR_MARSHAL_DICT: return flag ? read_shared_dict(m) : read_dict(m);
    case QR_MARSHAL_SMALL_TUPLE:
    case QR_MARSHAL_TUPLE:
    case QR_MARSHAL_LIST: return read_counted(m, at, code, flag);
    case QR_MARSHAL_INT: object = QR_LIKELY(qr_marshal_want_i4(r, at, &number)) ? PyLong_FromLong(number) : qpy_marshal_fail(m); break;
    case QR_MARSHAL_BINARY_FLOAT: object = QR_LIKELY(qr_marshal_want_float(r, at, &real)) ? PyFloat_FromDouble(real) : qpy_marshal_fail(m); break;
    case QR_MARSHAL_SHORT_ASCII: object = read_latin(m, at, 1); break;
    case QR_MARSHAL_SHORT_ASCII_INTERNED: object = intern(read_latin(m, at, 1)); break;
    default: return read_rare(m, at, code, flag);
    }
    return with_ref(m, object, flag);
}

/* ---------------------------------------------------------------- the whole */

void qpy_marshal_reader_init(qpy_marshal_reader *m, qpy_state *state, int allow_code)
{
    m->refs = NULL;
    m->refs_count = m->refs_room = m->promised = 0;
    m->open = NULL;
    m->file = NULL;
    m->level = m->handed_over = 0;
    m->allow_code = allow_code;
    for (size_t i = 0; i < QPY_MARSHAL_TEMPLATES; i++) {
        m->templates[i].n = 0;
        m->templates[i].template = NULL;
    }
    qpy_sink_prepare(&m->sink, state, NULL, "marshal");
    m->sink.pause_left = INT_MAX; /* the collector runs, unless qpy_sink_attach pauses it */
}

void qpy_marshal_reader_release(qpy_marshal_reader *m)
{
    qpy_sink_release(&m->sink);
    for (size_t i = 0; i < QPY_MARSHAL_TEMPLATES; i++)
        clear_template(&m->templates[i]);
    for (size_t i = 0; i < m->refs_count; i++)
        Py_XDECREF(m->refs[i]);
    PyMem_Free(m->refs);
    qr_reader_release(&m->r);
}

PyObject *qpy_marshal_loads(qpy_state *state, const uint8_t *data, size_t length, int allow_code)
{
    qpy_marshal_reader m;
    if (PySys_Audit("marshal.loads", "y#", (const char *)data, (Py_ssize_t)length) < 0)
        return NULL;
    qpy_marshal_reader_init(&m, state, allow_code);
    qr_reader_init(&m.r, data, length, NULL, 0);
    qr_depth_init(&m.r.depth, 3 * QPY_MARSHAL_DEPTH); /* those of what is hashed too; qpy_marshal_reader.level is the limit */
    qpy_sink_attach(&m.sink);
    PyObject *object = qpy_marshal_read_object(&m, "object");
    size_t used = (size_t)(m.r.p - m.r.start);
    uint32_t handed_over = m.handed_over;
    qpy_marshal_reader_release(&m);
    if (object && handed_over)
        Py_SETREF(object, qpy_marshal_standard_loads(data, used));
    return object;
}
