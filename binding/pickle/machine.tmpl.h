/* SPDX-License-Identifier: Apache-2.0 */
/* machine.tmpl: the loop over the opcodes of a pickle. Included once for each policy: QPY_P(name) gives the name of
 *
 *   int NAME(qpy_unpickle *, qpy_unpickle_stack *)    reduce, newobj, newobj_ex, obj, build, binpersid, stack_global, next_buffer,
 *                                                   readonly_buffer, append_other, additems_other, setitem_other: takes what the
 *                                                   opcode takes and gives what it gives. Of the `_other` ones the mark is gone, and
 *                                                   s->fence the old one: `above` is a further argument
 *   int global(qpy_unpickle *, qpy_unpickle_stack *, module, length, name, length), ext(..., int64_t code), persid(..., text, length),
 *       inst(..., module, length, name, length)
 *   PyObject *make(qpy_unpickle *, PyObject *cls, PyObject *args)    NEWOBJ without user code: new, or NULL without an exception;
 *                                                   args NULL: an empty tuple
 *   stores                                          a constant: may BUILD be done without being asked?
 *   int keys(qpy_unpickle *, from, to, step)        these become keys of a dict or items of a set: 1, or 0 with an exception
 *   int integer(qpy_unpickle *, size_t length)      an integer of so many bytes, or digits
 *
 * All of these find the opcode checked against underflow, where it takes a fixed number of objects. */

/* Every opcode's kind of argument as a constant. */
#ifndef QPY_UNPICKLE_ARGUMENTS
#define QPY_UNPICKLE_ARGUMENTS
enum {
#define X(NAME, code, protocol, ARGUMENT, takes, marks, gives) QPY_UNPICKLE_ARGUMENT_##NAME = QR_PICKLE_ARG_##ARGUMENT, QPY_UNPICKLE_TAKES_##NAME = takes,
#include "core/format/pickle.def"
#undef X
};

/* A str of text that an opcode carries. `is_key`: it becomes a key (most of them come again in the next pickle). */
QR_INLINE PyObject *qpy_unpickle_text(qpy_unpickle *m, const uint8_t *text, size_t n, int is_key)
{
    uint64_t high = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        high |= qr_load64(text + i);
    if (n >= 8)
        high |= qr_load64(text + n - 8);
    else
        for (; i < n; i++)
            high |= text[i];
    if (QR_UNLIKELY(high & 0x8080808080808080u))
        return qpy_text_from_utf8(text, n);
    if (is_key)
        return qpy_keys_get(m->state->keys, text, n);
    if (QR_UNLIKELY(n < m->state->str_least || n < 2))
        return n ? PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, text, (Py_ssize_t)n) : PyUnicode_New(0, 0);
    return qpy_str_from_ascii(&m->state->str_header, text, n);
}
#endif

/* Registers to memory and back, around whatever sees the machine. */
#define SAVE() (m->p = p, s.top = top)
#define LOAD() (p = m->p, end = m->end, top = s.top, limit = s.limit, fence = s.fence)
#define CALL(...)                                                                                                              \
    do {                                                                                                                       \
        SAVE();                                                                                                                \
        int done = __VA_ARGS__;                                                                                                \
        LOAD();                                                                                                                \
        if (QR_UNLIKELY(!done))                                                                                                \
            goto failed;                                                                                                       \
    } while (0)
/* The same where user code may run. */
#define CALL_OUT(...)                                                                                                          \
    do {                                                                                                                       \
        SAVE();                                                                                                                \
        qpy_unpickle_leave(m);                                                                                                   \
        int done = __VA_ARGS__;                                                                                                \
        qpy_unpickle_enter(m);                                                                                                   \
        LOAD();                                                                                                                \
        if (QR_UNLIKELY(!done))                                                                                                \
            goto failed;                                                                                                       \
    } while (0)
/* n items have been loaded into a container. */
#if PY_VERSION_HEX < 0x030C0000
#define COUNT(n)                                                                                                               \
    do {                                                                                                                       \
        if (QR_UNLIKELY((m->pause_left -= (n)) <= 0))                                                                          \
            CALL_OUT(qpy_unpickle_let_collect(m));                                                                             \
    } while (0)
#else
#define COUNT(n) (void)(n)
#endif
#define NEXT()                                                                                                                 \
    do {                                                                                                                       \
        if (QR_UNLIKELY(p == end))                                                                                             \
            goto no_input;                                                                                                     \
        goto *labels[*p++];                                                                               \
    } while (0)
#define PUSH(expression)                                                                                                       \
    do {                                                                                                                       \
        value = (expression);                                                                                                  \
        if (QR_UNLIKELY(!value))                                                                                               \
            goto failed;                                                                                                       \
        if (QR_UNLIKELY(top == limit))                                                                                         \
            goto grow;                                                                                                         \
        *top++ = value;                                                                                                        \
        NEXT();                                                                                                                \
    } while (0)
/* The same for an argument of fixed size; more of the kind follow mostly, as in a list. */
#define PUSH_RUN(NAME, expression)                                                                                             \
    for (;;) {                                                                                                                 \
        value = (expression);                                                                                                  \
        if (QR_UNLIKELY(!value))                                                                                               \
            goto failed;                                                                                                       \
        if (QR_UNLIKELY(top == limit))                                                                                         \
            goto grow;                                                                                                         \
        *top++ = value;                                                                                                        \
        if (end - p <= (ptrdiff_t)qr_pickle_size_of(QPY_UNPICKLE_ARGUMENT_##NAME) || *p != QR_PICKLE_##NAME)                     \
            NEXT();                                                                                                            \
        p = qr_pickle_argument_at(p + 1, end, QPY_UNPICKLE_ARGUMENT_##NAME, &op);                                                \
    }
#define TAKES(NAME)                                                                                                            \
    do {                                                                                                                       \
        if (QR_UNLIKELY(top - fence < QPY_UNPICKLE_TAKES_##NAME))                                                                \
            goto underflow;                                                                                                    \
    } while (0)
/* Where what is above the mark begins; the mark is gone. */
#define UNMARK()                                                                                                               \
    do {                                                                                                                       \
        if (QR_UNLIKELY(s.mark_count == 0))                                                                                    \
            goto no_mark;                                                                                                      \
        above = qpy_unpickle_unmark(&s);                                                                                         \
        fence = s.fence;                                                                                                       \
    } while (0)
/* The argument into op; p behind it. */
#define ARGUMENT(NAME) ARGUMENT_INTO(NAME, op)
#define ARGUMENT_INTO(NAME, where)                                                                                             \
    do {                                                                                                                       \
        while (QR_UNLIKELY(!(after = qr_pickle_argument_at(p, end, QPY_UNPICKLE_ARGUMENT_##NAME, &where))))                      \
            CALL_OUT(qpy_unpickle_more(m, where.length));                                                                        \
        p = after;                                                                                                             \
    } while (0)
/* The number in the memo of what is on the top; nothing that was there before, it needs no user code. */
#define MEMOIZE(index)                                                                                                         \
    do {                                                                                                                       \
        size_t number = (index);                                                                                               \
        if (m->wanted && !qpy_unpickle_is_wanted(m, number)) {                                                                 \
            m->memo.count++;                                                                                                   \
            NEXT();                                                                                                            \
        }                                                                                                                      \
        if (QR_LIKELY(number == m->memo.high && number < m->memo.room)) {                                                      \
            m->memo.items[m->memo.high++] = Py_NewRef(top[-1]);                                                                \
            m->memo.count++;                                                                                                   \
            NEXT();                                                                                                            \
        }                                                                                                                      \
        CALL_OUT(qpy_unpickle_memoize(m, number, top[-1]));                                                                          \
        NEXT();                                                                                                                \
    } while (0)
#define FETCH(index)                                                                                                           \
    do {                                                                                                                       \
        size_t number = (index);                                                                                               \
        value = qpy_unpickle_memo_get(&m->memo, number);                                                                         \
        if (QR_UNLIKELY(!value)) {                                                                                             \
            qpy_unpickle_not_memoized(m, number);                                                                                \
            goto failed;                                                                                                       \
        }                                                                                                                      \
        PUSH(Py_NewRef(value));                                                                                                \
    } while (0)
/* Is the next object a key of the dict below the mark? Those of large dicts hardly come again. */
#define IS_KEY() (!((top - fence) & 1) && fence > s.base && top - fence < 128 && PyDict_CheckExact(fence[-1]) && PyDict_GET_SIZE(fence[-1]) == 0)

static PyObject *QPY_P(run)(qpy_unpickle *m)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
    static const void *const labels[256] = {
        [0 ... 255] = &&no_such_opcode,
#define X(NAME, code, protocol, ARGUMENT, takes, marks, gives) [code] = &&op_##NAME,
#include "core/format/pickle.def"
#undef X
    };
#pragma GCC diagnostic pop
    qpy_unpickle_stack s;
    qr_pickle_instruction op, named; /* no function is given the first, it stays in registers */
    const uint8_t *p = m->p, *end = m->end, *after;
    PyObject **top, **limit, **fence, **above, *value;
    Py_ssize_t count, number_;
    qpy_unpickle_stack_init(&s);
    LOAD();
    qpy_unpickle_enter(m);
    NEXT();

    /* ---------------------------------------------------------------- atoms */
op_NONE: PUSH(Py_NewRef(Py_None));
op_NEWTRUE: PUSH(Py_NewRef(Py_True));
op_NEWFALSE: PUSH(Py_NewRef(Py_False));
op_INT:
    ARGUMENT(INT);
    CALL(QPY_P(integer)(m, op.length / 2));
    PUSH(qpy_unpickle_int_line(m, op.text, op.length));
op_BININT:
    ARGUMENT(BININT);
    PUSH_RUN(BININT, qpy_int_new(&m->state->ints, op.i));
op_BININT1:
    ARGUMENT(BININT1);
    PUSH_RUN(BININT1, qpy_int_of_byte(&m->state->ints, (uint8_t)op.u));
op_BININT2:
    ARGUMENT(BININT2);
    PUSH_RUN(BININT2, qpy_int_new(&m->state->ints, (int64_t)op.u));
op_LONG:
    ARGUMENT(LONG);
    CALL(QPY_P(integer)(m, op.length / 2));
    PUSH(qpy_unpickle_long_line(m, op.text, op.length));
op_LONG1:
    ARGUMENT(LONG1);
    if (QR_LIKELY(op.length == 8 || op.length == 5)) {
        uint64_t bits = op.length == 8 ? qr_load64(op.text) : (uint64_t)qr_load32(op.text) | (uint64_t)(int64_t)(int8_t)op.text[4] << 32;
        PUSH(qpy_int_new(&m->state->ints, (int64_t)bits));
    }
    CALL(QPY_P(integer)(m, op.length));
    PUSH(op.length ? _PyLong_FromByteArray(op.text, op.length, 1, 1) : PyLong_FromLong(0));
op_LONG4:
    while (QR_UNLIKELY(end - p < 4))
        CALL_OUT(qpy_unpickle_more(m, 4));
    if (QR_UNLIKELY((int32_t)qr_load32(p) < 0)) {
        qpy_unpickle_fail(m, "LONG pickle has negative byte count");
        goto failed;
    }
    ARGUMENT(LONG4);
    CALL(QPY_P(integer)(m, op.length));
    PUSH(op.length ? _PyLong_FromByteArray(op.text, op.length, 1, 1) : PyLong_FromLong(0));
op_FLOAT:
    ARGUMENT(FLOAT);
    PUSH(qpy_unpickle_float_line(m, op.text, op.length));
op_BINFLOAT:
    ARGUMENT(BINFLOAT);
    PUSH_RUN(BINFLOAT, qpy_float_new(op.d, m->state->private_ok));

    /* ---------------------------------------------------------------- text and bytes */
op_STRING:
    ARGUMENT(STRING);
    CALL_OUT(qpy_unpickle_push(&s, qpy_unpickle_string_line(m, op.text, op.length)));
    NEXT();
op_BINSTRING:
    ARGUMENT(BINSTRING);
    CALL_OUT(qpy_unpickle_push(&s, qpy_unpickle_string(m, op.text, op.length)));
    NEXT();
op_SHORT_BINSTRING:
    ARGUMENT(SHORT_BINSTRING);
    CALL_OUT(qpy_unpickle_push(&s, qpy_unpickle_string(m, op.text, op.length)));
    NEXT();
op_UNICODE:
    ARGUMENT(UNICODE);
    PUSH(PyUnicode_DecodeRawUnicodeEscape((const char *)op.text, (Py_ssize_t)op.length, NULL));
op_SHORT_BINUNICODE:
    ARGUMENT(SHORT_BINUNICODE);
    PUSH(qpy_unpickle_text(m, op.text, op.length, IS_KEY()));
op_BINUNICODE:
    ARGUMENT(BINUNICODE);
    PUSH(qpy_unpickle_text(m, op.text, op.length, IS_KEY()));
op_BINUNICODE8:
    ARGUMENT(BINUNICODE8);
    PUSH(qpy_unpickle_text(m, op.text, op.length, 0));
#define BYTES(NAME)                                                                                                            \
    after = qr_pickle_argument_at(p, end, QPY_UNPICKLE_ARGUMENT_##NAME, &op);                                                    \
    if (QR_UNLIKELY(!after)) {                                                                                                 \
        CALL_OUT(qpy_unpickle_push(&s, qpy_unpickle_read_bytes(m, qr_pickle_size_of(QPY_UNPICKLE_ARGUMENT_##NAME), 0)));             \
        NEXT();                                                                                                                \
    }                                                                                                                          \
    p = after;                                                                                                                 \
    PUSH(PyBytes_FromStringAndSize((const char *)op.text, (Py_ssize_t)op.length))
op_SHORT_BINBYTES: BYTES(SHORT_BINBYTES);
op_BINBYTES: BYTES(BINBYTES);
op_BINBYTES8: BYTES(BINBYTES8);
#undef BYTES
op_BYTEARRAY8:
    after = qr_pickle_argument_at(p, end, QPY_UNPICKLE_ARGUMENT_BYTEARRAY8, &op);
    if (QR_UNLIKELY(!after)) {
        CALL_OUT(qpy_unpickle_push(&s, qpy_unpickle_read_bytes(m, qr_pickle_size_of(QPY_UNPICKLE_ARGUMENT_BYTEARRAY8), 1)));
        NEXT();
    }
    p = after;
    PUSH(qpy_bytearray_new(op.text, (Py_ssize_t)op.length));
op_NEXT_BUFFER:
    CALL_OUT(QPY_P(next_buffer)(m, &s));
    NEXT();
op_READONLY_BUFFER:
    TAKES(READONLY_BUFFER);
    CALL_OUT(QPY_P(readonly_buffer)(m, &s));
    NEXT();

    /* ---------------------------------------------------------------- containers */
op_EMPTY_LIST: PUSH(PyList_New(0));
op_LIST:
    UNMARK();
    count = top - above;
    if (QR_UNLIKELY(!(value = PyList_New(count))))
        goto failed;
    for (Py_ssize_t i = 0; i < count; i++)
        PyList_SET_ITEM(value, i, above[i]);
    top = above;
    PUSH(value);
op_APPEND:
    TAKES(APPEND);
    if (QR_LIKELY(PyList_CheckExact(top[-2])))
        CALL(qpy_unpickle_extend_list(m, &s, top[-2], top - 1));
    else
        CALL_OUT(QPY_P(append_other)(m, &s, top - 1));
    NEXT();
op_APPENDS:
    UNMARK();
    if (QR_UNLIKELY(above - fence < 1))
        goto underflow;
    count = top - above;
    if (QR_LIKELY(PyList_CheckExact(above[-1])))
        CALL(qpy_unpickle_extend_list(m, &s, above[-1], above));
    else if (top > above)
        CALL_OUT(QPY_P(append_other)(m, &s, above));
    COUNT(count);
    NEXT();
op_EMPTY_TUPLE:
    if (QPY_P(stores) && p < end && *p == QR_PICKLE_NEWOBJ && QR_LIKELY(top > fence) && (value = QPY_P(make)(m, top[-1], NULL))) {
        p++;
        Py_DECREF(top[-1]);
        top[-1] = value;
        goto made;
    }
    PUSH(PyTuple_New(0));
op_TUPLE:
    UNMARK();
    count = top - above;
    if (QR_UNLIKELY(!(value = count ? qpy_tuple_new(count, m->state->private_ok) : PyTuple_New(0))))
        goto failed;
    for (Py_ssize_t i = 0; i < count; i++)
        PyTuple_SET_ITEM(value, i, above[i]);
    if (count)
        qpy_tuple_finish(value);
    top = above;
    PUSH(value);
op_TUPLE1:
    TAKES(TUPLE1);
    if (QR_UNLIKELY(!(value = qpy_tuple_new(1, m->state->private_ok))))
        goto failed;
    PyTuple_SET_ITEM(value, 0, top[-1]);
    qpy_tuple_finish(value);
    top[-1] = value;
    NEXT();
op_TUPLE2:
    TAKES(TUPLE2);
    if (QR_UNLIKELY(!(value = qpy_tuple_new(2, m->state->private_ok))))
        goto failed;
    PyTuple_SET_ITEM(value, 0, top[-2]);
    PyTuple_SET_ITEM(value, 1, top[-1]);
    qpy_tuple_finish(value);
    *(--top - 1) = value;
    NEXT();
op_TUPLE3:
    TAKES(TUPLE3);
    if (QR_UNLIKELY(!(value = qpy_tuple_new(3, m->state->private_ok))))
        goto failed;
    PyTuple_SET_ITEM(value, 0, top[-3]);
    PyTuple_SET_ITEM(value, 1, top[-2]);
    PyTuple_SET_ITEM(value, 2, top[-1]);
    qpy_tuple_finish(value);
    top -= 2;
    top[-1] = value;
    NEXT();
op_EMPTY_DICT:
    if ((value = m->spare))
        m->spare = NULL;
    else
        value = PyDict_New();
    PUSH(value);
op_DICT:
    UNMARK();
    if (QR_UNLIKELY((top - above) % 2)) {
        qpy_unpickle_fail(m, "odd number of items for DICT");
        goto failed;
    }
    CALL(QPY_P(keys)(m, above, top, 2));
    if (QR_UNLIKELY(!(value = PyDict_New())))
        goto failed;
    SAVE();
    qpy_unpickle_leave(m);
    count = qpy_unpickle_fill_dict(m, &s, value, above);
    qpy_unpickle_enter(m);
    LOAD();
    if (QR_UNLIKELY(!count)) {
        Py_DECREF(value);
        goto failed;
    }
    PUSH(value);
op_SETITEM:
    TAKES(SETITEM);
    above = top - 2;
    goto setitems;
op_SETITEMS:
    UNMARK();
    if (QR_UNLIKELY(above - fence < 1))
        goto underflow;
    if (QR_UNLIKELY((top - above) % 2)) {
        qpy_unpickle_fail(m, "odd number of items for SETITEMS");
        goto failed;
    }
setitems:
    value = above[-1];
    CALL(QPY_P(keys)(m, above, top, 2));
    if (QR_UNLIKELY(!PyDict_CheckExact(value))) {
        if (top > above)
            CALL_OUT(QPY_P(setitem_other)(m, &s, above));
        NEXT();
    }
    /* A new dict that nobody else has, and that is only made to be the state of an instance, need not be made. */
    if (p < end && *p == QR_PICKLE_BUILD && QPY_P(stores) && Py_REFCNT(value) == 1 && PyDict_GET_SIZE(value) == 0 && above - fence >= 2 &&
        qpy_unpickle_store_state(m, above[-2], above, top, 0)) {
        for (PyObject **key = above; key < top; key += 2)
            Py_DECREF(*key);
        top = above - 1;
        qpy_unpickle_spare(m, value);
        p++;
        NEXT();
    }
    if (p < end && *p == QR_PICKLE_TUPLE2 && QPY_P(stores)) {
        SAVE();
        if ((after = qpy_unpickle_build_slots(m, &s, above, p, end))) {
            top = s.top;
            p = after;
            NEXT();
        }
    }
    CALL_OUT(qpy_unpickle_fill_dict(m, &s, value, above));
    COUNT(1);
    NEXT();
op_EMPTY_SET: PUSH(PySet_New(NULL));
op_ADDITEMS:
    UNMARK();
    if (QR_UNLIKELY(above - fence < 1))
        goto underflow;
    CALL(QPY_P(keys)(m, above, top, 1));
    if (top > above)
        CALL_OUT(QPY_P(additems)(m, &s, above));
    NEXT();
op_FROZENSET:
    UNMARK();
    CALL(QPY_P(keys)(m, above, top, 1));
    CALL_OUT(QPY_P(frozenset)(m, &s, above));
    NEXT();

    /* ---------------------------------------------------------------- the stack */
op_MARK:
    if (QR_UNLIKELY(s.mark_count == s.mark_room))
        CALL(qpy_unpickle_marks_grow(&s));
    s.marks[s.mark_count++] = (size_t)(top - s.base);
    fence = s.fence = top;
    NEXT();
op_POP:
    if (s.mark_count && top == fence) {
        UNMARK();
        NEXT();
    }
    TAKES(POP);
    above = top - 1;
    goto clear;
op_POP_MARK:
    UNMARK();
clear:
    SAVE();
    qpy_unpickle_leave(m);
    qpy_unpickle_stack_clear(&s, above);
    qpy_unpickle_enter(m);
    LOAD();
    NEXT();
op_DUP:
    TAKES(DUP);
    PUSH(Py_NewRef(top[-1]));

    /* ---------------------------------------------------------------- the memo */
op_GET:
    ARGUMENT(GET);
    CALL(qpy_unpickle_number_line(m, op.text, op.length, &number_));
    FETCH((size_t)number_);
op_BINGET:
    ARGUMENT(BINGET);
    FETCH((size_t)op.u);
op_LONG_BINGET:
    ARGUMENT(LONG_BINGET);
    FETCH((size_t)op.u);
op_PUT:
    ARGUMENT(PUT);
    if (QR_UNLIKELY(top == fence))
        goto underflow;
    CALL(qpy_unpickle_number_line(m, op.text, op.length, &number_));
    if (QR_UNLIKELY(number_ < 0)) {
        PyErr_SetString(PyExc_ValueError, "negative PUT argument");
        goto failed;
    }
    MEMOIZE((size_t)number_);
op_BINPUT:
    ARGUMENT(BINPUT);
    if (QR_UNLIKELY(top == fence))
        goto underflow;
    MEMOIZE((size_t)op.u);
op_LONG_BINPUT:
    ARGUMENT(LONG_BINPUT);
    if (QR_UNLIKELY(top == fence))
        goto underflow;
    MEMOIZE((size_t)op.u);
op_MEMOIZE:
    TAKES(MEMOIZE);
    if (QR_LIKELY(m->memo.count < m->idle_until)) {
        m->memo.count++;
        NEXT();
    }
    if (m->wanted && !qpy_unpickle_is_wanted(m, m->memo.count))
        qpy_unpickle_look_on(m, m->memo.count);
    MEMOIZE(m->memo.count);

    /* ---------------------------------------------------------------- globals and objects */
op_GLOBAL:
    ARGUMENT_INTO(GLOBAL, named);
    CALL_OUT(QPY_P(global)(m, &s, &named));
    NEXT();
op_STACK_GLOBAL:
    CALL_OUT(QPY_P(stack_global)(m, &s));
    NEXT();
op_EXT1:
    ARGUMENT(EXT1);
    CALL_OUT(QPY_P(ext)(m, &s, (int64_t)op.u));
    NEXT();
op_EXT2:
    ARGUMENT(EXT2);
    CALL_OUT(QPY_P(ext)(m, &s, (int64_t)op.u));
    NEXT();
op_EXT4:
    ARGUMENT(EXT4);
    CALL_OUT(QPY_P(ext)(m, &s, op.i));
    NEXT();
op_REDUCE:
    TAKES(REDUCE);
    CALL_OUT(QPY_P(reduce)(m, &s));
    NEXT();
op_BUILD:
    TAKES(BUILD);
    if (QPY_P(stores) && PyDict_CheckExact(top[-1]) && qpy_unpickle_store_dict(m, top[-2], top[-1], 0)) {
        value = *--top;
        Py_DECREF(value);
        NEXT();
    }
    CALL_OUT(QPY_P(build)(m, &s));
    NEXT();
op_INST:
    ARGUMENT_INTO(INST, named);
    if (QR_UNLIKELY(s.mark_count == 0))
        goto no_mark;
    CALL_OUT(QPY_P(inst)(m, &s, &named));
    NEXT();
op_OBJ:
    UNMARK();
    if (QR_UNLIKELY(top == above))
        goto underflow;
    CALL_OUT(QPY_P(obj)(m, &s, above));
    NEXT();
op_NEWOBJ:
    TAKES(NEWOBJ);
    value = QPY_P(make)(m, top[-2], top[-1]);
    if (QR_LIKELY(value)) {
        Py_DECREF(top[-1]);
        Py_DECREF(top[-2]);
        *(--top - 1) = value;
        goto made;
    }
    CALL_OUT(QPY_P(newobj)(m, &s, 0));
    NEXT();
made: /* what follows is mostly its state, in an empty dict, or in one after None */
    if (QPY_P(stores) && end - p >= 5 && p[0] == QR_PICKLE_MEMOIZE && m->memo.count < m->idle_until && m->idle_until - m->memo.count >= 2 && m->spare &&
        limit - top >= 2 && s.mark_count < s.mark_room) {
        after = p + 1 + (p[1] == QR_PICKLE_NONE);
        if (after[0] == QR_PICKLE_EMPTY_DICT && after[1] == QR_PICKLE_MEMOIZE && after[2] == QR_PICKLE_MARK) {
            if (p[1] == QR_PICKLE_NONE)
                *top++ = Py_NewRef(Py_None);
            *top++ = m->spare;
            m->spare = NULL;
            m->memo.count += 2;
            s.marks[s.mark_count++] = (size_t)(top - s.base);
            fence = s.fence = top;
            p = after + 3;
        }
    }
    NEXT();
op_NEWOBJ_EX:
    TAKES(NEWOBJ_EX);
    CALL_OUT(QPY_P(newobj)(m, &s, 1));
    NEXT();
op_PERSID:
    ARGUMENT_INTO(PERSID, named);
    CALL_OUT(QPY_P(persid)(m, &s, &named));
    NEXT();
op_BINPERSID:
    TAKES(BINPERSID);
    CALL_OUT(QPY_P(binpersid)(m, &s));
    NEXT();

    /* ---------------------------------------------------------------- the stream */
op_PROTO:
    ARGUMENT(PROTO);
    if (QR_UNLIKELY(op.u > QR_PICKLE_HIGHEST)) {
        PyErr_Format(PyExc_ValueError, "unsupported pickle protocol: %d", (int)op.u);
        goto failed;
    }
    m->protocol = (int)op.u;
    NEXT();
op_FRAME:
    ARGUMENT(FRAME);
    if (QR_UNLIKELY(op.u > (uint64_t)PY_SSIZE_T_MAX)) {
        PyErr_Format(PyExc_OverflowError, "FRAME length exceeds system's maximum of %zd bytes", PY_SSIZE_T_MAX);
        goto failed;
    }
    if (QR_UNLIKELY(op.u > (uint64_t)(end - p)))
        CALL_OUT(qpy_unpickle_more(m, (size_t)op.u));
    NEXT();
op_STOP:
    TAKES(STOP);
    if (m->read)
        CALL_OUT(qpy_unpickle_skip_peeked(m));
    value = *--top;
    SAVE();
    qpy_unpickle_leave(m);
    qpy_unpickle_stack_release(&s);
    return value;

    /* ---------------------------------------------------------------- out of line */
grow:
    CALL(qpy_unpickle_push(&s, value));
    NEXT();
no_input:
    SAVE();
    qpy_unpickle_leave(m);
    count = qpy_unpickle_more(m, 1);
    qpy_unpickle_enter(m);
    LOAD();
    if (QR_LIKELY(count))
        NEXT();
    if (PyErr_ExceptionMatches(m->state->unpickle_error ? m->state->unpickle_error : PyExc_MemoryError))
        PyErr_SetString(PyExc_EOFError, "Ran out of input");
    goto failed;
no_such_opcode:
    qpy_unpickle_no_opcode(m, p[-1]);
    goto failed;
no_mark:
    qpy_unpickle_no_mark(m);
    goto failed;
underflow:
    qpy_unpickle_underflow(m, &s);
failed:
    SAVE();
    qpy_unpickle_leave(m);
    qpy_unpickle_stack_release(&s);
    return NULL;
}

#undef SAVE
#undef LOAD
#undef CALL
#undef CALL_OUT
#undef COUNT
#undef NEXT
#undef PUSH
#undef PUSH_RUN
#undef TAKES
#undef UNMARK
#undef ARGUMENT
#undef ARGUMENT_INTO
#undef MEMOIZE
#undef FETCH
#undef IS_KEY
