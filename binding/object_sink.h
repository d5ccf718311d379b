/* SPDX-License-Identifier: Apache-2.0 */
/* object_sink: the sink that makes Python objects, completed for one format.
 *
 * Included after the format and QR_F; the functions are static, so each instance has its own. The contract is that of
 * core/plan/check_sink.h: a value is a new reference, NULL means failed with an exception set or an error in the reader. */
#ifndef QUIRE_BINDING_OBJECT_SINK_H
#define QUIRE_BINDING_OBJECT_SINK_H

#include "binding/raw.h"
#include "binding/sink.h"

#define QPY_SINK_FUNCTION static inline __attribute__((always_inline, unused))

QPY_SINK_FUNCTION PyObject *object_null(qpy_sink *s) { (void)s; return Py_NewRef(Py_None); }
QPY_SINK_FUNCTION PyObject *object_boolean(qpy_sink *s, int v) { (void)s; return Py_NewRef(v ? Py_True : Py_False); }
QPY_SINK_FUNCTION PyObject *object_integer(qpy_sink *s, int64_t v) { return qpy_int_new(&s->state->ints, v); }
QPY_SINK_FUNCTION PyObject *object_unsigned_integer(qpy_sink *s, uint64_t v) { (void)s; return PyLong_FromUnsignedLongLong(v); }
QPY_SINK_FUNCTION PyObject *object_floating(qpy_sink *s, double v) { return qpy_float_new(v, s->state->private_ok); }
QPY_SINK_FUNCTION PyObject *object_big_integer(qpy_sink *s, qr_reader *r, const qr_token *t) { (void)s, (void)r; return qpy_sink_big_integer(t); }
QPY_SINK_FUNCTION PyObject *object_bytes(qpy_sink *s, uint32_t node, const uint8_t *data, size_t n) { return qpy_sink_bytes(s, node, data, n); }
QPY_SINK_FUNCTION PyObject *object_ext(qpy_sink *s, qr_reader *r, const qr_token *t) { return qpy_sink_ext(s, r, t); }

/* Text: a str of the final size and width, written once. */
static QR_NOINLINE PyObject *object_wide_str(qr_reader *r, const qr_token *t)
{
    PyObject *str = PyUnicode_New((Py_ssize_t)t->count, qr_text_maximum((qr_text_class)t->widest));
    if (str && !QR_F(copy)(r, t, PyUnicode_DATA(str), (unsigned)PyUnicode_KIND(str), t->count))
        Py_CLEAR(str);
    return str;
}
QPY_SINK_FUNCTION PyObject *object_str(qpy_sink *s, qr_reader *r, const qr_token *t)
{
    if (QR_UNLIKELY(t->widest != QR_TEXT_ASCII || t->escaped || t->length < s->state->str_least)) {
        if (t->widest == QR_TEXT_ASCII && (t->length == 1 || !t->escaped)) /* the interpreter keeps those of one character */
            return PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, t->text, (Py_ssize_t)t->length);
        return t->length ? object_wide_str(r, t) : PyUnicode_New(0, 0);
    }
    return qpy_str_from_ascii(&s->state->str_header, t->text, t->length);
}

QPY_SINK_FUNCTION PyObject *object_scalar(qpy_sink *s, qr_reader *r, uint32_t node, const qr_scalar *v, const uint8_t *at) { return qpy_sink_scalar(s, r, node, v, at); }
QPY_SINK_FUNCTION PyObject *object_bounded(qpy_sink *s, qr_reader *r, uint32_t node, PyObject *v, const uint8_t *at) { return qpy_sink_bounded(s, r, node, v, at); }
QPY_SINK_FUNCTION PyObject *object_choice(qpy_sink *s, uint32_t node, uint32_t index)
{
    const qr_plan *core = s->plan->core;
    return Py_NewRef(s->plan->choices[core->choice_sets[core->nodes[node].value].first + index]);
}
QPY_SINK_FUNCTION PyObject *object_choice_open(qpy_sink *s, qr_reader *r, uint32_t node, PyObject *wire, const uint8_t *at) { return qpy_sink_choice_open(s, r, node, wire, at); }
QPY_SINK_FUNCTION PyObject *object_adapt(qpy_sink *s, qr_reader *r, uint32_t node, PyObject *v, const uint8_t *at) { return qpy_sink_adapt(s, r, node, v, at); }
QPY_SINK_FUNCTION PyObject *object_packed(qpy_sink *s, qr_reader *r, uint32_t node, const qr_token *t)
{
    PyObject *text = object_str(s, r, t);
    return text ? qpy_sink_packed(s, r, node, text, t->at) : NULL;
}
QPY_SINK_FUNCTION int object_refused(qpy_sink *s, qr_reader *r) { return qpy_sink_refused(s, r); }
QPY_SINK_FUNCTION PyObject *object_raw(qpy_sink *s, qr_reader *r, const uint8_t *at, size_t n)
{
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)at, (Py_ssize_t)n);
    PyObject *raw = bytes ? qpy_raw_new(s->state, bytes, (Py_ssize_t)qr_reader_offset(r, at), s->format) : NULL;
    Py_XDECREF(bytes);
    return raw;
}
/* Tokens of bytes are never Python objects. */
QPY_SINK_FUNCTION PyObject *object_object(qpy_sink *s, qr_reader *r, const qr_token *t) { (void)s, (void)r, (void)t; return NULL; }
QPY_SINK_FUNCTION PyObject *object_typed_object(qpy_sink *s, qr_reader *r, uint32_t node, const qr_token *t) { (void)s, (void)r, (void)node, (void)t; return NULL; }

/* ---------------------------------------------------------------- containers */

QPY_SINK_FUNCTION void object_open_array(qpy_sink *s, qpy_frame *f) { qpy_sink_open_array(s, f); }
QPY_SINK_FUNCTION int object_item(qpy_sink *s, qpy_frame *f, PyObject *v) { (void)f; return qpy_sink_push(s, v); }
QPY_SINK_FUNCTION PyObject *object_close_array(qpy_sink *s, uint32_t node, qpy_frame *f) { return qpy_sink_close_array(s, node, f); }

QPY_SINK_FUNCTION void object_open_map(qpy_sink *s, qpy_frame *f) { qpy_sink_open_map(s, f); }
QPY_SINK_FUNCTION void object_open_typed_map(qpy_sink *s, qpy_frame *f) { qpy_sink_open_pairs(s, f); }
QPY_SINK_FUNCTION const qr_image *object_predict(qpy_sink *s, qpy_frame *f, qr_format format)
{
    (void)s;
    return f->shape && f->shape->next ? &f->shape->next->image[format] : NULL;
}
QPY_SINK_FUNCTION void object_predicted(qpy_sink *s, qpy_frame *f) { qpy_sink_predicted(s, f); }
static QR_NOINLINE PyObject *object_new_key(qpy_sink *s, qr_reader *r, const qr_token *t)
{
    return t->widest == QR_TEXT_ASCII && !t->escaped ? qpy_keys_get(s->keys, t->text, t->length) : qpy_keys_share(s->keys, object_wide_str(r, t));
}
QPY_SINK_FUNCTION int object_key(qpy_sink *s, qpy_frame *f, qr_reader *r, const qr_token *t)
{
    PyObject *key = object_new_key(s, r, t);
    return key && qpy_sink_key(s, f, key);
}
static QR_NOINLINE int object_keep_raw(qpy_sink *s, qpy_frame *f, qr_reader *r, const qr_token *t, const uint8_t *at, size_t n)
{
    PyObject *key = object_new_key(s, r, t);
    return qpy_sink_keep(f, key, key ? object_raw(s, r, at, n) : NULL);
}
QPY_SINK_FUNCTION int object_keep(qpy_sink *s, qpy_frame *f, qr_reader *r, const qr_token *t, const uint8_t *at, size_t n) { return object_keep_raw(s, f, r, t, at, n); }
QPY_SINK_FUNCTION int object_key_value(qpy_sink *s, qpy_frame *f, qr_reader *r, PyObject *key)
{
    (void)r;
    return qpy_sink_key(s, f, key);
}
QPY_SINK_FUNCTION int object_pair(qpy_sink *s, qpy_frame *f, PyObject *v) { (void)f; return qpy_sink_push(s, v); }
QPY_SINK_FUNCTION PyObject *object_close_map(qpy_sink *s, uint32_t node, qpy_frame *f, qr_reader *r) { return qpy_sink_close_map(s, node, f, r); }

QPY_SINK_FUNCTION int object_open_record(qpy_sink *s, uint32_t node, qpy_frame *f)
{
    f->object = NULL;
    f->record = qpy_plan_record_side(s->plan, node);
    if (QR_UNLIKELY(f->record->form != QPY_FORM_RECORD))
        return qpy_sink_open_other(s, f);
    f->base = (size_t)(s->top - s->base);
    f->may_cycle = 0;
    f->fields = s->plan->fields;
    f->object = qpy_record_alloc((qpy_record_class *)f->record->cls);
    return f->object != NULL;
}
QPY_SINK_FUNCTION int object_put_field(qpy_sink *s, qpy_frame *f, uint32_t field, PyObject *v)
{
    if (QR_UNLIKELY(!f->object))
        return qpy_sink_put_other(s, f, field, v);
    const qpy_field_side *side = &f->fields[field];
    *qpy_record_slot(f->object, side->offset) = v;
    if (!side->atom)
        f->may_cycle |= qpy_may_cycle(v);
    return 1;
}
QPY_SINK_FUNCTION PyObject *object_close_record(qpy_sink *s, qr_reader *r, uint32_t node, qpy_frame *f, const uint64_t *seen, const uint8_t *at)
{
    return qpy_sink_close_record(s, r, node, f, seen, at);
}
/* What was finished stays on the stack, which is cleared at the end. */
QPY_SINK_FUNCTION void object_drop(qpy_sink *s, qpy_frame *f) { (void)s; Py_CLEAR(f->object); }

#endif
