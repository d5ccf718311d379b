/* SPDX-License-Identifier: Apache-2.0 */
/* walk: Python objects become the bytes of one format.
 *
 * A C template as core/plan/read.tmpl.h is: included once per format after QR_T, QR_F, QR_TRAIT and QR_FORMAT are set.
 * The dispatch is on the value's own type (values may differ from what a field was declared as); a record brings its plan, whose key
 * images are copied. Before each value QR_BUFFER_SLACK bytes are reserved: enough for a key image, any value of a fixed
 * size and the separators, so those are stored without a check.
 *
 * A format may define besides: QPY_WALK_SORTS (walk_order.tmpl.h is used), QPY_WALK_LONG(w, op), which writes any int, where there is no
 * greatest one, QPY_WALK_COMPARES(w, on), called around keys that are written to be compared and taken back, and, where keys are of any
 * kind, QPY_WALK_OPENS(byte): does that byte begin an array or a map? */
#ifndef QPY_WALK_OPENS
#define QPY_WALK_OPENS(byte) ((void)(byte), 0)
#endif
#ifndef QPY_WALK_COMPARES
#define QPY_WALK_COMPARES(w, on) ((void)0)
#endif

static int QR_T(write_value)(qpy_walker *w, PyObject *op);
static int QR_T(write_other)(qpy_walker *w, PyObject *op);
static int QR_T(write_node)(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *op);
static int QR_T(write_sequence)(qpy_walker *w, PyObject *op);
static int QR_T(write_typed_sequence)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t node);
static int QR_T(write_dict)(qpy_walker *w, PyObject *op);
static int QR_T(write_typed_dict)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t key, uint32_t node);

/* What is in a container: a value of that node when an Encoder(T) writes, else any (plan NULL: a constant of the caller, so
 * nothing is left of the question). */
QR_INLINE int QR_T(write_item)(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *op)
{
    return plan ? QR_T(write_node)(w, plan, number, op) : QR_T(write_value)(w, op);
}

/* A str that is not ASCII and whose UTF-8 nobody asked for before. */
static QR_NOINLINE int QR_T(write_wide_str)(qpy_walker *w, PyObject *op)
{
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(op) < 0)
        return 0;
#endif
    if (QR_F(put_str_units)(&w->buffer, PyUnicode_DATA(op), (size_t)PyUnicode_GET_LENGTH(op), (unsigned)PyUnicode_KIND(op)))
        return 1;
    return qpy_walk_fail(w, w->buffer.error, op);
}

QR_INLINE int QR_T(write_str)(qpy_walker *w, PyObject *op)
{
    size_t length;
    const uint8_t *utf8 = qpy_walk_utf8(op, &length);
    return QR_LIKELY(utf8) ? QR_F(put_str)(&w->buffer, utf8, length) : QR_T(write_wide_str)(w, op);
}

static QR_NOINLINE int QR_T(write_long_int)(qpy_walker *w, PyObject *op)
{
#ifdef QPY_WALK_LONG
    return QPY_WALK_LONG(w, op);
#else
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(op, &overflow);
    if (!overflow)
        return QR_F(put_int)(&w->buffer, value) ? 1 : qpy_walk_fail(w, w->buffer.error, op);
    if (overflow > 0) {
        unsigned long long wide = PyLong_AsUnsignedLongLong(op);
        if (!(wide == (unsigned long long)-1 && PyErr_Occurred()))
            return QR_F(put_uint)(&w->buffer, wide) ? 1 : qpy_walk_fail(w, w->buffer.error, op);
        PyErr_Clear();
    }
    PyObject *digits = qpy_walk_digits(w, op);
    if (!digits)
        return 0;
    int ok = QR_F(put_big)(&w->buffer, (const uint8_t *)PyUnicode_1BYTE_DATA(digits), (size_t)PyUnicode_GET_LENGTH(digits));
    Py_DECREF(digits);
    return ok ? 1 : qpy_walk_fail(w, w->buffer.error, op);
#endif
}

QR_INLINE int QR_T(write_int)(qpy_walker *w, PyObject *op)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (QR_LIKELY(PyUnstable_Long_IsCompact((PyLongObject *)op)))
        return QR_F(put_int)(&w->buffer, PyUnstable_Long_CompactValue((PyLongObject *)op)) ? 1 : qpy_walk_fail(w, w->buffer.error, op);
#else
    Py_ssize_t size = Py_SIZE(op); /* sign and number of 30-bit digits */
    if (QR_LIKELY(size >= -1 && size <= 1))
        return QR_F(put_int)(&w->buffer, size * (int64_t)((PyLongObject *)op)->ob_digit[0]) ? 1 : qpy_walk_fail(w, w->buffer.error, op);
#endif
    return QR_T(write_long_int)(w, op);
}

QR_INLINE int QR_T(write_float)(qpy_walker *w, PyObject *op)
{
    return QR_LIKELY(QR_F(put_float)(&w->buffer, PyFloat_AS_DOUBLE(op))) ? 1 : qpy_walk_fail(w, w->buffer.error, op);
}

/* The end of a container leaves room behind it, as every value does: a thousand may end one after the other. */
QR_INLINE int QR_T(close_array)(qpy_walker *w)
{
    return QR_F(end_array)(&w->buffer) && qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK);
}
QR_INLINE int QR_T(close_map)(qpy_walker *w)
{
    return QR_F(end_map)(&w->buffer) && qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK);
}

/* ---------------------------------------------------------------- sequences */

/* Long arrays are mostly of floats: those are written in the loop. */
QR_INLINE int QR_T(is_plain_float)(PyObject *item, const qpy_plan *plan, uint32_t node)
{
    return Py_TYPE(item) == &PyFloat_Type && (!plan || plan->nodes[node].exact == &PyFloat_Type);
}

QR_INLINE int QR_T(write_items)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t node)
{
    int is_list = PyList_Check(op), ok = 1;
    Py_ssize_t n = is_list ? PyList_GET_SIZE(op) : PyTuple_GET_SIZE(op), i;
    QPY_WALK_ENTER(w, op, plan ? QR_T(write_typed_sequence)(w, op, plan, node) : QR_T(write_sequence)(w, op));
    if (!QR_F(put_array)(&w->buffer, (size_t)n))
        ok = qpy_walk_fail(w, w->buffer.error, op);
    for (i = 0; ok && i < n; i++) {
        if (QR_UNLIKELY(is_list && PyList_GET_SIZE(op) <= i))
            break;
        PyObject *item = is_list ? PyList_GET_ITEM(op, i) : PyTuple_GET_ITEM(op, i);
        if (is_list && i + 3 < n)
            QR_PREFETCH(PyList_GET_ITEM(op, i + 3));
        if (QR_UNLIKELY(!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK)) || !(QR_T(is_plain_float)(item, plan, node) ? QR_T(write_float)(w, item) : QR_T(write_item)(w, plan, node, item)))
            ok = qpy_walk_step(w, NULL, i);
        else
            QR_F(sep)(&w->buffer);
    }
    if (QR_UNLIKELY(ok && is_list && PyList_GET_SIZE(op) != n))
        ok = qpy_walk_fail(w, QR_ERROR_CHANGED, op);
    if (ok)
        ok = QR_T(close_array)(w);
    qpy_walk_leave(w, op);
    return ok;
}

static QR_NOINLINE int QR_T(write_sequence)(qpy_walker *w, PyObject *op) { return QR_T(write_items)(w, op, NULL, 0); }
static QR_NOINLINE int QR_T(write_typed_sequence)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t node) { return QR_T(write_items)(w, op, plan, node); }

/* tuple[A, B], of the right length. */
static QR_NOINLINE int QR_T(write_typed_tuple)(qpy_walker *w, PyObject *op, const qpy_plan *plan, const qr_node *node)
{
    int ok;
    QPY_WALK_ENTER(w, op, QR_T(write_typed_tuple)(w, op, plan, node));
    ok = QR_F(put_array)(&w->buffer, node->item_count) || qpy_walk_fail(w, w->buffer.error, op);
    for (Py_ssize_t i = 0; ok && i < node->item_count; i++) {
        if (QR_UNLIKELY(!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) || !QR_T(write_node)(w, plan, plan->core->items[node->item + i], PyTuple_GET_ITEM(op, i))))
            ok = qpy_walk_step(w, NULL, i);
        else
            QR_F(sep)(&w->buffer);
    }
    if (ok)
        ok = QR_T(close_array)(w);
    qpy_walk_leave(w, op);
    return ok;
}

static QR_NOINLINE int QR_T(write_set)(qpy_walker *w, PyObject *op)
{
    PyObject *list = PySequence_List(op);
    if (QR_TRAIT(STYLED))
        qpy_walk_note_set(w, op);
    int ok = list && QR_T(write_sequence)(w, list);
    Py_XDECREF(list);
    return ok;
}

/* ---------------------------------------------------------------- maps */

static QR_NOINLINE int QR_T(write_other_key)(qpy_walker *w, PyObject *key)
{
    uint8_t room[QPY_KEY_ROOM];
    size_t length = 0;
    PyObject *object = NULL;
    int ok;
    if (PyUnicode_Check(key)) /* not yet in UTF-8, or of a subclass */
        ok = QR_T(write_str)(w, key);
    else if (!QR_TRAIT(TEXT_KEYS) && !PyTuple_Check(key)) {
        size_t start = qr_buffer_length(&w->buffer);
        ok = QR_T(write_value)(w, key);
        if (ok && (QPY_WALK_OPENS(w->buffer.base[start]) || qpy_walk_is_container(w, Py_TYPE(key))))
            ok = qpy_walk_fail(w, QR_ERROR_UNSUPPORTED_KEY, key);
        return ok && QR_F(key_done)(&w->buffer);
    }
    else {
        ok = qpy_walk_key_text(w, key, room, &length, &object);
        if (ok)
            ok = object ? QR_T(write_str)(w, object) : QR_F(put_str)(&w->buffer, room, length);
        Py_XDECREF(object);
    }
    return QR_F(key_done)(&w->buffer) && ok;
}

QR_INLINE int QR_T(write_key)(qpy_walker *w, PyObject *key)
{
    if (QR_LIKELY(PyUnicode_CheckExact(key))) {
        size_t length;
        const uint8_t *utf8 = qpy_walk_utf8(key, &length);
        if (QR_LIKELY(utf8))
            return QR_F(put_key)(&w->buffer, utf8, length);
    }
    return QR_T(write_other_key)(w, key);
}

static QR_NOINLINE int QR_T(write_adapted_key)(qpy_walker *w, const qpy_plan *plan, uint32_t node, PyObject *key)
{
    PyObject *wire = qpy_adapt_key(w, plan, node, key);
    int ok = wire && QR_T(write_key)(w, wire);
    Py_XDECREF(wire);
    return ok;
}

/* Keys that are no str may be written alike (1 and "1", a member of an Enum and its value), and a reader would keep one of them. What is not
 * known to differ is written once more behind the rest, compared, and taken back. */
static QR_NOINLINE int QR_T(check_keys)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t key_node)
{
    int adapts = plan && QPY_ADAPTS_KEY(plan, key_node), ok;
    if (!adapts && qpy_walk_keys_differ(w, op, QR_TRAIT(TEXT_KEYS)))
        return 1;
    size_t start = qr_buffer_length(&w->buffer);
    size_t marks = QR_TRAIT(STYLED) ? w->style->order.count : 0; /* these keys are in no order */
    QPY_WALK_COMPARES(w, 1);
    PyObject *key, *value, *written = PySet_New(NULL);
    qpy_dict_iter iter;
    qpy_dict_iter_init(&iter, op, w->state->private_ok);
    uint32_t calls = w->calls;
    ok = written != NULL;
    while (ok && qpy_dict_iter_next(&iter, &key, &value)) {
        Py_INCREF(key);
        ok = qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) && (adapts ? QR_T(write_adapted_key)(w, plan, key_node, key) : QR_T(write_key)(w, key));
        ok = ok && qpy_walk_is_new(w, written, start);
        if (!ok)
            qpy_walk_key_fails(w, key);
        Py_DECREF(key);
        if (ok && calls != w->calls && !qpy_dict_iter_valid(&iter))
            ok = qpy_walk_fail(w, QR_ERROR_CHANGED, op);
        calls = w->calls;
    }
    if (QR_TRAIT(STYLED))
        w->style->order.count = marks;
    QPY_WALK_COMPARES(w, 0);
    Py_XDECREF(written);
    return ok;
}

QR_INLINE int QR_T(write_pairs)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t key_node, uint32_t node)
{
    qpy_dict_iter iter;
    PyObject *key, *value;
    Py_ssize_t n = PyDict_GET_SIZE(op);
    /* is each str a key that is written as it stands? */
    int ok = 1, others = 0, plain = !plan || (plan->nodes[key_node].exact == &PyUnicode_Type && !QPY_ADAPTS_KEY(plan, key_node));
    QPY_WALK_ENTER(w, op, plan ? QR_T(write_typed_dict)(w, op, plan, key_node, node) : QR_T(write_dict)(w, op));
    if (!QR_F(put_map)(&w->buffer, (size_t)n))
        ok = qpy_walk_fail(w, w->buffer.error, op);
    qpy_dict_iter_init(&iter, op, w->state->private_ok);
    uint32_t calls = w->calls;
    while (ok && qpy_dict_iter_next(&iter, &key, &value)) {
        n--;
        if (QR_UNLIKELY(!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK))) {
            ok = 0;
            break;
        }
        if (QR_UNLIKELY(!PyUnicode_CheckExact(key)) || (plan && QR_UNLIKELY(!plain))) { /* writing it may run user code */
            others = 1;
            Py_INCREF(key);
            Py_INCREF(value);
            ok = !plan || QPY_ADAPTS_KEY(plan, key_node) || Py_TYPE(key) == plan->nodes[key_node].exact || qpy_walk_checks(w, plan, key_node, key);
            ok = ok && (plan && QPY_ADAPTS_KEY(plan, key_node) ? QR_T(write_adapted_key)(w, plan, key_node, key) : QR_T(write_key)(w, key)) && qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) && QR_T(write_item)(w, plan, node, value);
            if (!ok)
                qpy_walk_step(w, key, 0);
            Py_DECREF(key);
            Py_DECREF(value);
        }
        else if (QR_UNLIKELY(!QR_T(write_key)(w, key) || !QR_T(write_item)(w, plan, node, value))) {
            /* user code may have dropped the key: what stands in its place now is as good a name */
            if (calls == w->calls || (qpy_dict_iter_valid(&iter) && qpy_dict_iter_again(&iter, &key)))
                qpy_walk_step(w, key, 0);
            else
                qpy_walk_step(w, Py_Ellipsis, 0);
            ok = 0;
            break;
        }
        if (QR_LIKELY(ok))
            QR_F(sep)(&w->buffer);
        if (QR_UNLIKELY(calls != w->calls)) {
            calls = w->calls;
            if (ok && !qpy_dict_iter_valid(&iter))
                ok = qpy_walk_fail(w, QR_ERROR_CHANGED, op);
        }
    }
    if (QR_UNLIKELY(ok && n != 0))
        ok = qpy_walk_fail(w, QR_ERROR_CHANGED, op);
    if (QR_UNLIKELY(others) && ok)
        ok = QR_T(check_keys)(w, op, plan, key_node);
    if (ok)
        ok = QR_T(close_map)(w);
    qpy_walk_leave(w, op);
    return ok;
}

#ifdef QPY_WALK_SORTS
#include "binding/walk_order.tmpl.h"
#else
static QR_NOINLINE int QR_T(write_dict)(qpy_walker *w, PyObject *op) { return QR_T(write_pairs)(w, op, NULL, 0, 0); }
static QR_NOINLINE int QR_T(write_typed_dict)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t key, uint32_t node) { return QR_T(write_pairs)(w, op, plan, key, node); }
#endif

/* A subclass that iterates in its own way (OrderedDict.move_to_end) is written in that order. */
static QR_NOINLINE int QR_T(write_dict_subclass)(qpy_walker *w, PyObject *op)
{
    PyObject *plain = qpy_walk_plain_dict(w, op);
    int ok = plain && QR_T(write_dict)(w, plain);
    Py_XDECREF(plain);
    return ok;
}

/* ---------------------------------------------------------------- records */

QR_INLINE int QR_T(put_name)(qpy_walker *w, const qr_image *image, const uint8_t *name, uint32_t length)
{
    return QR_LIKELY(QR_F(put_image)(&w->buffer, image)) || QR_F(put_key)(&w->buffer, name, length);
}

static int QR_T(put_tag)(qpy_walker *w, const qr_record *record)
{
    if (!QR_T(put_name)(w, &record->tag_image[QR_FORMAT], record->tag_name, record->tag_name_length) || !qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK))
        return 0;
    if (!(record->tag_is_int ? QR_F(put_int)(&w->buffer, record->tag_int) : QR_F(put_str)(&w->buffer, record->tag, record->tag_length)))
        return 0;
    QR_F(sep)(&w->buffer);
    return qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK);
}

/* The head of a record with `n` fields to come. */
QR_INLINE int QR_T(open_record)(qpy_walker *w, const qr_record *record, size_t n)
{
    if (QR_UNLIKELY(record->array))
        return QR_F(put_array)(&w->buffer, n);
    return QR_F(put_map)(&w->buffer, n + record->has_tag) && (!record->has_tag || QR_T(put_tag)(w, record));
}

/* The same for fields that come in the order of their names (walk_order.h), the tag among them; `order` NULL: as they are. */
QR_INLINE int QR_T(open_fields)(qpy_walker *w, const qr_record *record, size_t n, const uint8_t *order)
{
    if (!QR_TRAIT(STYLED) || !order)
        return QR_T(open_record)(w, record, n);
    w->style->in_order = 1;
    return QR_F(put_map)(&w->buffer, n + record->has_tag);
}
/* How many there are then of `n` fields, and which is the one `at` that place: a field, or the tag as the number of the fields. */
QR_INLINE uint32_t QR_T(count_fields)(const qr_record *record, uint32_t n, const uint8_t *order) { return QR_TRAIT(STYLED) && order ? n + record->has_tag : n; }
QR_INLINE uint32_t QR_T(field_at)(const uint8_t *order, uint32_t at) { return QR_TRAIT(STYLED) && order ? order[at] : at; }
QR_INLINE int QR_T(is_tag)(const qr_record *record, uint32_t i, const uint8_t *order) { return QR_TRAIT(STYLED) && order && i == record->count; }

/* Computed fields and those that were unknown, behind the others. */
static QR_NOINLINE int QR_T(write_extras)(qpy_walker *w, PyObject *pairs)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(pairs); i++) {
        PyObject *pair = PyList_GET_ITEM(pairs, i), *key = PyTuple_GET_ITEM(pair, 0), *value = PyTuple_GET_ITEM(pair, 1);
        if (!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) || !QR_T(write_key)(w, key) || !qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) || !QR_T(write_value)(w, value))
            return qpy_walk_step(w, key, 0);
        QR_F(sep)(&w->buffer);
    }
    return 1;
}

/* Records whose fields may be left out, and objects that are no quire.Record: the values are gathered first, for the count
 * stands before them. */
static QR_NOINLINE int QR_T(write_gathered)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t number, int typed)
{
    const qr_record *record = qpy_plan_record(plan, number);
    const qpy_record_side *side = qpy_plan_record_side(plan, number);
    PyObject *inline_[64], **values = record->count <= 64 ? inline_ : PyMem_Malloc(record->count * sizeof *values);
    uint32_t got = 0, n = 0;
    int ok = 1;
    if (!values)
        return qpy_walk_fail(w, QR_ERROR_MEMORY, NULL);
    for (; ok && got < side->width; got++) {
        const qpy_field_side *field = &plan->fields[record->first + got];
        values[got] = NULL;
        if (!field->written) {
            n += record->array;
            continue;
        }
        values[got] = qpy_walk_attribute(w, side, field, got, op);
        int omit = values[got] ? (record->array ? 0 : qpy_walk_omits(w, field, values[got])) : -1;
        if (omit < 0)
            ok = qpy_walk_field(w, plan, record->first + got);
        else if (omit)
            Py_CLEAR(values[got]);
        else
            n++;
    }
    PyObject *extras = NULL;
    ok = ok && qpy_walk_extras(w, side, op, &extras);
    const uint8_t *order = QR_TRAIT(STYLED) && !(extras && PyList_GET_SIZE(extras)) ? qpy_walk_field_order(w, record, side) : NULL;
    ok = ok && QR_T(open_fields)(w, record, n + (extras ? (size_t)PyList_GET_SIZE(extras) : 0), order);
    for (uint32_t at = 0; ok && at < QR_T(count_fields)(record, got, order); at++) {
        uint32_t i = QR_T(field_at)(order, at);
        if (QR_T(is_tag)(record, i, order)) {
            ok = qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) && QR_T(put_tag)(w, record);
            continue;
        }
        if (!values[i] && record->array) {
            ok = qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK);
            if (ok) {
                QR_F(put_null)(&w->buffer);
                QR_F(sep)(&w->buffer);
            }
            continue;
        }
        if (!values[i])
            continue;
        const qr_field *field = &plan->core->fields[record->first + i];
        ok = qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) && (record->array || QR_T(put_name)(w, &field->image[QR_FORMAT], field->name, field->length)) && QR_T(write_item)(w, typed || plan->fields[record->first + i].adapts ? plan : NULL, field->node, values[i]);
        if (!ok)
            qpy_walk_field(w, plan, record->first + i);
        else
            QR_F(sep)(&w->buffer);
    }
    if (ok && extras)
        ok = QR_T(write_extras)(w, extras);
    Py_XDECREF(extras);
    for (uint32_t i = 0; i < got; i++)
        Py_XDECREF(values[i]);
    if (values != inline_)
        PyMem_Free(values);
    if (!ok)
        return 0;
    return record->array ? QR_T(close_array)(w) : QR_T(close_map)(w);
}

/* A dataclass whose fields are plain attributes of the instance, all written: they are taken from where they are. */
static QR_NOINLINE int QR_T(write_attributes)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t number, int typed, const uint8_t *order)
{
    const qr_record *record = qpy_plan_record(plan, number);
    const qpy_record_side *side = qpy_plan_record_side(plan, number);
    if (QR_UNLIKELY(!QR_T(open_fields)(w, record, record->count, order)))
        return 0;
    for (uint32_t at = 0; at < QR_T(count_fields)(record, record->count, order); at++) {
        uint32_t i = QR_T(field_at)(order, at);
        if (QR_T(is_tag)(record, i, order)) {
            if (!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) || !QR_T(put_tag)(w, record))
                return 0;
            continue;
        }
        const qr_field *field = &plan->core->fields[record->first + i];
        const qpy_field_side *field_side = &plan->fields[record->first + i];
        PyObject *value = qpy_instance_get(op, i, field_side->name), *owned = NULL;
        if (QR_UNLIKELY(!value))
            value = owned = qpy_walk_attribute(w, side, field_side, i, op);
        int ok = value && qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) && QR_T(put_name)(w, &field->image[QR_FORMAT], field->name, field->length) &&
                 QR_T(write_item)(w, typed ? plan : NULL, field->node, value);
        Py_XDECREF(owned);
        if (QR_UNLIKELY(!ok))
            return qpy_walk_field(w, plan, record->first + i);
        QR_F(sep)(&w->buffer);
    }
    return QR_T(close_map)(w);
}

/* The plain case: every field is a slot and is written. */
QR_INLINE int QR_T(write_slots)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t number, int typed, const uint8_t *order)
{
    const qr_record *record = qpy_plan_record(plan, number);
    const qr_field *fields = &plan->core->fields[record->first];
    const qpy_field_side *sides = &plan->fields[record->first];
    if (QR_UNLIKELY(!QR_T(open_fields)(w, record, record->count, order)))
        return 0;
    for (uint32_t at = 0; at < QR_T(count_fields)(record, record->count, order); at++) {
        uint32_t i = QR_T(field_at)(order, at);
        if (QR_T(is_tag)(record, i, order)) {
            if (!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) || !QR_T(put_tag)(w, record))
                return 0;
            continue;
        }
        PyObject *value = *qpy_record_slot(op, sides[i].offset);
        if (QR_UNLIKELY(!value)) {
            qpy_walk_fail(w, QR_ERROR_UNSET_FIELD, op);
            return qpy_walk_field(w, plan, record->first + i);
        }
        if (QR_UNLIKELY(!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK)))
            return 0;
        if (QR_LIKELY(!record->array) && QR_UNLIKELY(!QR_T(put_name)(w, &fields[i].image[QR_FORMAT], fields[i].name, fields[i].length)))
            return 0;
        if (QR_UNLIKELY(!QR_T(write_item)(w, typed ? plan : NULL, fields[i].node, value)))
            return qpy_walk_field(w, plan, record->first + i);
        QR_F(sep)(&w->buffer);
    }
    return QR_UNLIKELY(record->array) ? QR_T(close_array)(w) : QR_T(close_map)(w);
}

/* `typed` is a constant of the caller. */
QR_INLINE int QR_T(write_fields)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t number, int typed)
{
    const qpy_record_side *side = qpy_plan_record_side(plan, number);
    const uint8_t *order = QR_TRAIT(STYLED) ? qpy_walk_field_order(w, qpy_plan_record(plan, number), side) : NULL;
    unsigned gathers = side->omits & (typed ? ~(unsigned)QPY_ADAPTS : ~0u); /* what must be written by its type is, when all is */
    if (QR_LIKELY(side->form == QPY_FORM_RECORD && !gathers))
        return QR_T(write_slots)(w, op, plan, number, typed, order);
    if (side->in_place && !gathers && qpy_plan_is_plain(side))
        return QR_T(write_attributes)(w, op, plan, number, typed, order);
    return QR_T(write_gathered)(w, op, plan, number, typed);
}

static QR_NOINLINE int QR_T(write_record)(qpy_walker *w, PyObject *op, qpy_plan *plan)
{
    QPY_WALK_ENTER(w, op, QR_T(write_record)(w, op, plan));
    Py_INCREF(plan);
    int ok = QR_T(write_fields)(w, op, plan, 0, 0);
    Py_DECREF(plan);
    qpy_walk_leave(w, op);
    return ok;
}

/* An instance of the very class of a record of the encoder's plan (which the encoder holds). */
static QR_NOINLINE int QR_T(write_typed_record)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t number)
{
    QPY_WALK_ENTER(w, op, QR_T(write_typed_record)(w, op, plan, number));
    int ok = QR_T(write_fields)(w, op, plan, number, 1);
    qpy_walk_leave(w, op);
    return ok;
}

/* ---------------------------------------------------------------- everything else */

static int QR_T(write_buffer)(qpy_walker *w, PyObject *op)
{
    Py_buffer view;
    if (PyMemoryView_Check(op) && !PyBuffer_IsContiguous(PyMemoryView_GET_BUFFER(op), 'C')) {
        PyObject *bytes = PyBytes_FromObject(op);
        int written = bytes && QR_T(write_buffer)(w, bytes);
        Py_XDECREF(bytes);
        return written;
    }
    if (PyObject_GetBuffer(op, &view, PyBUF_SIMPLE) < 0)
        return 0;
    int ok = QR_F(put_bytes)(&w->buffer, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    return ok ? 1 : qpy_walk_fail(w, w->buffer.error, op);
}

static int QR_T(write_scalar)(qpy_walker *w, PyObject *op, qr_kind kind)
{
    uint8_t room[QPY_SCALAR_ROOM];
    PyObject *object = NULL;
    w->calls++;
    if (QR_TRAIT(TIMESTAMPS) && kind == QR_KIND_DATETIME) {
        int64_t seconds;
        uint32_t nanoseconds;
        int utc = qpy_scalar_unix(w->state, op, &seconds, &nanoseconds);
        if (utc < 0)
            return 0;
        if (utc)
            return QR_F(put_timestamp)(&w->buffer, seconds, nanoseconds);
    }
    Py_ssize_t n = qpy_scalar_text(w->state, kind, op, room, &object);
    if (n < 0)
        return 0;
    int ok = object ? QR_T(write_str)(w, object) : QR_F(put_str)(&w->buffer, room, (size_t)n);
    Py_XDECREF(object);
    return ok;
}

static int QR_T(write_enum)(qpy_walker *w, PyObject *op)
{
    QPY_WALK_ENTER(w, op, QR_T(write_enum)(w, op)); /* a value may be a member again, without end */
    PyObject *value = PyObject_GetAttr(op, w->state->str_value);
    int ok = value && qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) && (Py_TYPE(value) == Py_TYPE(op) ? qpy_walk_fail(w, QR_ERROR_UNSUPPORTED_TYPE, op) : QR_T(write_value)(w, value));
    Py_XDECREF(value);
    qpy_walk_leave(w, op);
    return ok;
}

/* Text of the same format is copied as it is; one in another form than the output is to have is read and written again. */
static int QR_T(write_raw)(qpy_walker *w, PyObject *op)
{
    size_t n = (size_t)qpy_raw_length(op);
    if (n == 0 || !qpy_raw_is(op, w->format))
        return qpy_walk_fail(w, QR_ERROR_UNSUPPORTED_TYPE, op);
    if (QR_TRAIT(STYLED) && w->style->style->canonical) {
        PyObject *value = qpy_walk_raw_value(w, op);
        int ok = value && QR_T(write_value)(w, value);
        Py_XDECREF(value);
        return ok;
    }
    return QR_F(put_raw)(&w->buffer, (const uint8_t *)qpy_raw_data(op), n) ? 1 : qpy_walk_fail(w, w->buffer.error, op);
}

static int QR_T(write_extension)(qpy_walker *w, PyObject *op)
{
    PyObject *data = qpy_ext_data(op);
    return QR_F(put_ext)(&w->buffer, qpy_ext_code(op), (const uint8_t *)PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data)) ? 1 : qpy_walk_fail(w, w->buffer.error, op);
}

/* What the adapter of the node makes of the object, as the type that it is written as. */
static QR_NOINLINE int QR_T(write_adapted)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t number)
{
    QPY_WALK_ENTER(w, op, QR_T(write_adapted)(w, op, plan, number));
    Py_INCREF((PyObject *)plan);
    PyObject *wire = qpy_adapt_encode(w, plan, number, op);
    int ok = wire && qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) && QR_T(write_node)(w, plan, plan->core->nodes[number].item, wire);
    Py_XDECREF(wire);
    Py_DECREF((PyObject *)plan);
    qpy_walk_leave(w, op);
    return ok;
}

static QR_NOINLINE int QR_T(write_other)(qpy_walker *w, PyObject *op)
{
    qpy_plan *plan = NULL;
    qr_kind kind = QR_KIND_ANY;
    int ok;
    qpy_known_class *known = qpy_walk_known(w, Py_TYPE(op));
    if (QR_LIKELY(known->cls == Py_TYPE(op)))
        return QR_T(write_record)(w, op, known->plan);
    if (w->adapted.cls == Py_TYPE(op))
        return QR_T(write_adapted)(w, op, w->adapted.plan, 0);
    Py_INCREF(op);
    w->calls++; /* reading annotations, importing, a property: most of what follows may run user code */
    switch (qpy_walk_way(w, op, &plan, &kind)) {
    case QPY_WAY_RECORD:
    case QPY_WAY_OBJECT:
        w->knows = 1;
        qpy_walk_remember(known, Py_TYPE(op), plan);
        ok = QR_T(write_record)(w, op, plan);
        break;
    case QPY_WAY_ADAPTER:
        w->knows = 1;
        qpy_walk_remember(&w->adapted, Py_TYPE(op), plan);
        ok = QR_T(write_adapted)(w, op, plan, 0);
        break;
    case QPY_WAY_ENUM: ok = QR_T(write_enum)(w, op); break;
    case QPY_WAY_SCALAR: ok = QR_T(write_scalar)(w, op, kind); break;
    case QPY_WAY_BUFFER: ok = QR_T(write_buffer)(w, op); break;
    case QPY_WAY_SET: ok = QR_T(write_set)(w, op); break;
    case QPY_WAY_RAW: ok = QR_T(write_raw)(w, op); break;
    case QPY_WAY_EXT: ok = QR_T(write_extension)(w, op); break;
    case QPY_WAY_STR: ok = QR_T(write_str)(w, op); break;
    case QPY_WAY_INT: ok = QR_T(write_long_int)(w, op); break;
    case QPY_WAY_FLOAT: ok = QR_T(write_float)(w, op); break;
    case QPY_WAY_LIST:
    case QPY_WAY_TUPLE: ok = QR_T(write_sequence)(w, op); break;
    case QPY_WAY_DICT: ok = QR_T(write_dict_subclass)(w, op); break;
    case QPY_WAY_ERROR: ok = 0; break;
    default: ok = qpy_walk_fail(w, QR_ERROR_UNSUPPORTED_TYPE, op); break;
    }
    if (!ok && !w->failed)
        w->failed = Py_NewRef(op);
    Py_DECREF(op);
    return ok;
}

/* Any value; QR_BUFFER_SLACK less a key image is free. */
static int QR_T(write_value)(qpy_walker *w, PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    if (type == &PyUnicode_Type)
        return QR_T(write_str)(w, op);
    if (type == &PyLong_Type)
        return QR_T(write_int)(w, op);
    if (type == &PyFloat_Type)
        return QR_T(write_float)(w, op);
    if (op == Py_None) {
        QR_F(put_null)(&w->buffer);
        return 1;
    }
    if (type == &PyBool_Type) {
        QR_F(put_bool)(&w->buffer, op == Py_True);
        return 1;
    }
    if (type == &PyDict_Type)
        return QR_T(write_dict)(w, op);
    if (type == &PyList_Type || type == &PyTuple_Type)
        return QR_T(write_sequence)(w, op);
    if (Py_TYPE(type) == w->record_meta) {
        qpy_plan *plan = (qpy_plan *)((qpy_record_class *)type)->plan;
        if (QR_LIKELY(plan))
            return QR_T(write_record)(w, op, plan);
    }
    return QR_T(write_other)(w, op);
}

/* ---------------------------------------------------------------- Encoder(T) */

/* By its arm. What would be read back as another one is refused. */
static QR_NOINLINE int QR_T(write_union)(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *op)
{
    uint32_t read_as = QR_PLAN_NONE, arm;
    int keeps = 1, ok;
    Py_INCREF(op);
    w->calls += (Py_TYPE(op)->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0; /* a class that is met for the first time may be asked for its fields */
    arm = qpy_union_arm(w->state, plan, number, op, &read_as);
    if (QR_UNLIKELY(arm == QR_PLAN_NONE))
        ok = !PyErr_Occurred() && qpy_walk_checks(w, plan, number, op) && QR_T(write_value)(w, op);
    else {
        if (QR_UNLIKELY(plan->unions[plan->core->nodes[number].value].may_change))
            keeps = read_as == QR_PLAN_NONE ? qpy_union_keeps(w->state, plan, number, arm, op, QR_TRAIT(BINARY)) : 0;
        ok = keeps > 0 ? QR_T(write_node)(w, plan, arm, op) : keeps < 0 ? 0 : qpy_walk_fail(w, QR_ERROR_READ_AS, op);
    }
    Py_DECREF(op);
    return ok;
}

static QR_NOINLINE int QR_T(write_typeddict)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t number)
{
    const qr_record *record = qpy_plan_record(plan, number);
    qpy_walk_entry *entries;
    size_t n = 0;
    QPY_WALK_ENTER(w, op, QR_T(write_typeddict)(w, op, plan, number));
    int ok = qpy_walk_entries(w, plan, number, op, &entries, &n), gathered = ok;
    ok = ok && QR_T(open_record)(w, record, n);
    for (size_t i = 0; ok && i < n; i++) {
        const qpy_walk_entry *entry = &entries[i];
        const qr_field *field = entry->field != QR_PLAN_NONE ? &plan->core->fields[entry->field] : NULL;
        ok = qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK);
        if (ok && !entry->value)
            QR_F(put_null)(&w->buffer);
        else
            ok = ok && (record->array || (field ? QR_T(put_name)(w, &field->image[QR_FORMAT], field->name, field->length) : QR_T(write_key)(w, entry->key))) &&
                 qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) && (field ? QR_T(write_node)(w, plan, field->node, entry->value) : QR_T(write_value)(w, entry->value));
        if (ok)
            QR_F(sep)(&w->buffer);
        else if (field)
            qpy_walk_field(w, plan, entry->field);
        else if (entry->key)
            qpy_walk_step(w, entry->key, 0);
    }
    ok = ok && (record->array ? QR_T(close_array)(w) : QR_T(close_map)(w));
    if (gathered)
        qpy_walk_drop_entries(entries, n);
    qpy_walk_leave(w, op);
    return ok;
}

/* An instance of a subclass, with all of its fields: those of the base as that declares them. */
static QR_NOINLINE int QR_T(write_subclass)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t number)
{
    qpy_subclass_parts parts;
    QPY_WALK_ENTER(w, op, QR_T(write_subclass)(w, op, plan, number));
    int ok = qpy_walk_gather_subclass(w, plan, number, op, &parts), is_array = parts.plan && parts.record->array;
    size_t n = parts.extras ? (size_t)PyList_GET_SIZE(parts.extras) : 0;
    for (size_t i = 0; i < parts.count; i++)
        n += is_array || parts.fields[i].value;
    if (ok)
        ok = !parts.plan ? QR_T(write_value)(w, op) : QR_T(open_record)(w, parts.record, n);
    for (size_t i = 0; ok && i < parts.count; i++) {
        const qpy_inherited *one = &parts.fields[i];
        const qr_field *field = &one->plan->core->fields[one->field];
        if (!one->value && !is_array)
            continue;
        ok = qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK);
        if (ok && !one->value)
            QR_F(put_null)(&w->buffer);
        else
            ok = ok && (is_array || QR_T(put_name)(w, &field->image[QR_FORMAT], field->name, field->length)) && qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) &&
                 QR_T(write_item)(w, one->is_inherited || one->plan->fields[one->field].adapts ? one->plan : NULL, field->node, one->value);
        if (ok)
            QR_F(sep)(&w->buffer);
        else
            qpy_walk_field(w, one->plan, one->field);
    }
    if (ok && parts.extras)
        ok = QR_T(write_extras)(w, parts.extras);
    if (ok && parts.plan)
        ok = is_array ? QR_T(close_array)(w) : QR_T(close_map)(w);
    qpy_walk_drop_subclass(&parts);
    qpy_walk_leave(w, op);
    return ok;
}

/* A value of the node that is of no class expected above (a subclass, a set, a TypedDict), whose parts have to be written by their types. */
static QR_NOINLINE int QR_T(write_adapting)(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *op)
{
    const qr_node *node = &plan->core->nodes[number];
    PyObject *plain;
    int ok;
    switch (node->kind) {
    case QR_KIND_ARRAY:
        if (PyList_Check(op) || PyTuple_Check(op))
            return QR_T(write_typed_sequence)(w, op, plan, node->item);
        w->calls++;
        plain = PySequence_List(op);
        if (QR_TRAIT(STYLED))
            qpy_walk_note_set(w, op);
        ok = plain && QR_T(write_typed_sequence)(w, plain, plan, node->item);
        Py_XDECREF(plain);
        return ok;
    case QR_KIND_TUPLE: return QR_T(write_typed_tuple)(w, op, plan, node);
    case QR_KIND_MAP:
        plain = qpy_walk_plain_dict(w, op);
        ok = plain && QR_T(write_typed_dict)(w, plain, plan, node->item, node->value);
        Py_XDECREF(plain);
        return ok;
    case QR_KIND_RECORD:
        if (qpy_plan_record_side(plan, number)->form == QPY_FORM_TYPEDDICT)
            return QR_T(write_typeddict)(w, op, plan, number);
        return QR_T(write_value)(w, op);
    default: return QR_T(write_value)(w, op);
    }
}

/* A value that must be one of the node. The plan knows its class, so comparing takes the place of looking for it; what is of another
 * class (a subclass, an arm of a union) is checked first and then written as any value is. */
static int QR_T(write_node)(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    if (QR_LIKELY(type == plan->nodes[number].exact)) {
        if (type == &PyUnicode_Type)
            return QR_T(write_str)(w, op);
        if (type == &PyFloat_Type)
            return QR_T(write_float)(w, op);
        if (type == &PyLong_Type)
            return QR_T(write_int)(w, op);
        return QR_T(write_value)(w, op);
    }
    const qr_node *node = &plan->core->nodes[number];
    switch (node->kind) {
    case QR_KIND_RECORD:
        if (QR_LIKELY(type == qpy_plan_record_side(plan, number)->cls) && plan->records[node->value].form != QPY_FORM_TYPEDDICT)
            return QR_T(write_typed_record)(w, op, plan, number);
        if (plan->records[node->value].form != QPY_FORM_TYPEDDICT && PyType_IsSubtype(type, qpy_plan_record_side(plan, number)->cls))
            return QR_T(write_subclass)(w, op, plan, number);
        break;
    case QR_KIND_ARRAY:
        if (QR_LIKELY((type == &PyList_Type && plan->nodes[number].flavour == QPY_LIST) || (type == &PyTuple_Type && plan->nodes[number].flavour == QPY_TUPLE)))
            return QR_T(write_typed_sequence)(w, op, plan, node->item);
        break;
    case QR_KIND_TUPLE:
        if (QR_LIKELY(type == &PyTuple_Type && PyTuple_GET_SIZE(op) == node->item_count))
            return QR_T(write_typed_tuple)(w, op, plan, node);
        break;
    case QR_KIND_MAP:
        if (QR_LIKELY(type == &PyDict_Type && plan->nodes[number].flavour != QPY_MADE))
            return QR_T(write_typed_dict)(w, op, plan, node->item, node->value);
        break;
    case QR_KIND_UNION:
        if (QR_LIKELY(op != Py_None))
            return QR_T(write_union)(w, plan, number, op);
        break;
    case QR_KIND_ANY: return QR_T(write_value)(w, op);
    case QR_KIND_ADAPTER:
        if (op != Py_None && !plan->nodes[number].encode)
            return QR_T(write_node)(w, plan, node->item, op);
        if (QR_LIKELY(plan->nodes[number].encode && qpy_adapt_takes(plan, number, op)))
            return QR_T(write_adapted)(w, op, plan, number);
        break;
    default: break;
    }
    if (op == Py_None && (node->flags & QR_NODE_NULLABLE)) {
        QR_F(put_null)(&w->buffer);
        return 1;
    }
    if (QR_UNLIKELY(plan->nodes[number].adapts))
        return qpy_walk_checks(w, plan, number, op) && QR_T(write_adapting)(w, plan, number, op);
    return qpy_walk_checks(w, plan, number, op) && QR_T(write_value)(w, op);
}
