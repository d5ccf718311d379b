/* SPDX-License-Identifier: Apache-2.0 */
/* objects x Python objects: quire.convert. The reader over objects (binding/objects.h), a sink that hands scalars on as they are,
 * and the record loop.
 *
 * `take` is asked before a value is taken apart: what is of the right type already is passed on itself. So a conversion
 * makes containers and records only. An instance of the very record that is wanted stays the same object when all its
 * fields hold what they declare; otherwise, and for any other class with fields, it is read by its attributes. */
#include "binding/objects.h"

#include "binding/adapt.h"
#include "binding/codec.h"
#include "binding/collect.h"
#include "binding/containers.h"
#include "binding/scalar.h"
#include "binding/union.h"
#include "core/base/base64.h"
#include "core/base/integer.h"

/* ---------------------------------------------------------------- the sink: object_sink.h's, with values that are there already */

#define QPY_SHARED QR_INLINE

QPY_SHARED PyObject *shared_null(qpy_objects *s) { (void)s; return Py_NewRef(Py_None); }
QPY_SHARED PyObject *shared_boolean(qpy_objects *s, int v) { (void)s; return Py_NewRef(v ? Py_True : Py_False); }
QPY_SHARED PyObject *shared_integer(qpy_objects *s, int64_t v)
{
    PyObject *object = qpy_objects_at(&s->reader); /* text when it is read by strict=False, or a float */
    return PyLong_Check(object) && !PyBool_Check(object) ? Py_NewRef(object) : PyLong_FromLongLong(v);
}
QPY_SHARED PyObject *shared_unsigned_integer(qpy_objects *s, uint64_t v)
{
    PyObject *object = qpy_objects_at(&s->reader);
    return PyLong_Check(object) ? Py_NewRef(object) : PyLong_FromUnsignedLongLong(v);
}
QPY_SHARED PyObject *shared_big_integer(qpy_objects *s, qr_reader *r, const qr_token *t)
{
    PyObject *object = qpy_objects_at(r);
    (void)s;
    return PyLong_Check(object) ? Py_NewRef(object) : qpy_sink_big_integer(t);
}
QPY_SHARED PyObject *shared_floating(qpy_objects *s, double v)
{
    PyObject *object = qpy_objects_at(&s->reader);
    return PyFloat_Check(object) ? Py_NewRef(object) : PyFloat_FromDouble(v);
}
QPY_SHARED PyObject *shared_str(qpy_objects *s, qr_reader *r, const qr_token *t) { (void)s, (void)r; return Py_NewRef((PyObject *)t->at); }
QPY_SHARED PyObject *shared_bytes(qpy_objects *s, uint32_t node, const uint8_t *data, size_t n)
{
    PyObject *object = qpy_objects_at(&s->reader), *cls = s->sink.plan->nodes[node].cls;
    return (PyObject *)Py_TYPE(object) == cls ? Py_NewRef(object) : qpy_sink_bytes(&s->sink, node, data, n);
}
QPY_SHARED PyObject *shared_ext(qpy_objects *s, qr_reader *r, const qr_token *t) { (void)s, (void)r, (void)t; return NULL; }
QPY_SHARED PyObject *shared_raw(qpy_objects *s, qr_reader *r, const uint8_t *at, size_t n) { (void)s, (void)r, (void)at, (void)n; return NULL; }
QPY_SHARED PyObject *shared_object(qpy_objects *s, qr_reader *r, const qr_token *t) { (void)s, (void)r; return Py_NewRef((PyObject *)t->at); }

/* Around what may run user code: what is read there may lose its place. */
static PyObject *came_back(qpy_objects *s, PyObject *source, PyObject *made)
{
    s->calls++;
    if (QR_UNLIKELY(!made))
        qpy_objects_hold(s);
    Py_DECREF(source);
    return made;
}
static QR_NOINLINE PyObject *shared_scalar(qpy_objects *s, qr_reader *r, uint32_t node, const qr_scalar *v, const uint8_t *at)
{
    PyObject *source = Py_NewRef((PyObject *)at);
    return came_back(s, source, qpy_sink_scalar(&s->sink, r, node, v, at));
}
static QR_NOINLINE PyObject *shared_bounded(qpy_objects *s, qr_reader *r, uint32_t node, PyObject *v, const uint8_t *at)
{
    PyObject *source = Py_NewRef((PyObject *)at);
    return came_back(s, source, qpy_sink_bounded(&s->sink, r, node, v, at));
}
static QR_NOINLINE PyObject *shared_choice_open(qpy_objects *s, qr_reader *r, uint32_t node, PyObject *wire, const uint8_t *at)
{
    PyObject *source = Py_NewRef((PyObject *)at);
    return came_back(s, source, qpy_sink_choice_open(&s->sink, r, node, wire, at));
}
static QR_NOINLINE PyObject *shared_adapt(qpy_objects *s, qr_reader *r, uint32_t node, PyObject *v, const uint8_t *at)
{
    PyObject *source = Py_NewRef((PyObject *)at);
    return came_back(s, source, qpy_sink_adapt(&s->sink, r, node, v, at));
}
static QR_NOINLINE PyObject *shared_packed(qpy_objects *s, qr_reader *r, uint32_t node, const qr_token *t)
{
    PyObject *source = Py_NewRef((PyObject *)t->at);
    return came_back(s, source, qpy_sink_packed(&s->sink, r, node, Py_NewRef(source), t->at));
}
static QR_COLD int shared_refused(qpy_objects *s, qr_reader *r)
{
    Py_CLEAR(s->failed);
    return qpy_sink_refused(&s->sink, r);
}
QPY_SHARED PyObject *shared_choice(qpy_objects *s, uint32_t node, uint32_t index)
{
    const qr_plan *core = s->sink.plan->core;
    return Py_NewRef(s->sink.plan->choices[core->choice_sets[core->nodes[node].value].first + index]);
}
static PyObject *shared_typed_object(qpy_objects *s, qr_reader *r, uint32_t node, const qr_token *t);

QPY_SHARED void open_frame(qpy_objects *s, qpy_objects_frame *f)
{
    f->frame.base = (size_t)(s->sink.top - s->sink.base);
    f->frame.object = NULL;
    f->key = f->value = NULL;
    f->outer = s->record;
}
/* After open_frame, once nothing can fail. */
QPY_SHARED void hold_source(qpy_objects *s, qpy_objects_frame *f)
{
    f->source = QR_UNLIKELY(s->made != NULL) ? s->made : Py_NewRef(qpy_objects_at(&s->reader));
    s->made = NULL;
}
QPY_SHARED void close_frame(qpy_objects_frame *f)
{
    Py_DECREF(f->source);
    Py_XDECREF(f->key);
}
QPY_SHARED void shared_open_array(qpy_objects *s, qpy_objects_frame *f)
{
    open_frame(s, f);
    hold_source(s, f);
}
QPY_SHARED int shared_item(qpy_objects *s, qpy_objects_frame *f, PyObject *v) { (void)f; return qpy_sink_push(&s->sink, v); }
QPY_SHARED PyObject *shared_close_array(qpy_objects *s, uint32_t node, qpy_objects_frame *f)
{
    PyObject *result = qpy_sink_close_array(&s->sink, node, &f->frame);
    s->calls++;
    if (QR_LIKELY(result))
        close_frame(f);
    return result;
}

QPY_SHARED void shared_open_typed_map(qpy_objects *s, qpy_objects_frame *f)
{
    open_frame(s, f);
    f->frame.shape = f->frame.root = NULL;
    f->frame.outer = s->sink.context;
    hold_source(s, f);
}
QPY_SHARED void shared_open_map(qpy_objects *s, qpy_objects_frame *f) { shared_open_typed_map(s, f); }
QPY_SHARED const qr_image *shared_predict(qpy_objects *s, qpy_objects_frame *f, qr_format format) { (void)s, (void)f, (void)format; return NULL; }
QPY_SHARED void shared_predicted(qpy_objects *s, qpy_objects_frame *f) { (void)s, (void)f; }
QPY_SHARED int shared_key_value(qpy_objects *s, qpy_objects_frame *f, qr_reader *r, PyObject *key)
{
    (void)r;
    PyObject *last = f->key;
    f->key = Py_NewRef(s->key);
    Py_XDECREF(last);
    return qpy_sink_push(&s->sink, key);
}
QPY_SHARED int shared_key(qpy_objects *s, qpy_objects_frame *f, qr_reader *r, const qr_token *t) { return shared_key_value(s, f, r, Py_NewRef((PyObject *)t->at)); }
QPY_SHARED int shared_pair(qpy_objects *s, qpy_objects_frame *f, PyObject *v) { (void)f; return qpy_sink_push(&s->sink, v); }
QPY_SHARED PyObject *shared_close_map(qpy_objects *s, uint32_t node, qpy_objects_frame *f, qr_reader *r)
{
    PyObject *result = qpy_sink_close_map(&s->sink, node, &f->frame, r);
    s->calls++;
    if (QR_UNLIKELY(result && node != QR_PLAN_NONE && s->sink.plan->nodes[node].extra) && PyObject_TypeCheck(f->source, Py_TYPE(result)) && !qpy_containers_take_factory(result, f->source))
        Py_CLEAR(result);
    if (QR_LIKELY(result))
        close_frame(f);
    return result;
}

QPY_SHARED int shared_open_record(qpy_objects *s, uint32_t node, qpy_objects_frame *f)
{
    open_frame(s, f);
    f->frame.record = qpy_plan_record_side(s->sink.plan, node);
    f->frame.may_cycle = 0;
    if (QR_UNLIKELY(f->frame.record->form != QPY_FORM_RECORD)) {
        if (!qpy_sink_open_other(&s->sink, &f->frame))
            return 0;
    }
    else if (QR_UNLIKELY(!(f->frame.object = qpy_record_alloc((qpy_record_class *)f->frame.record->cls))))
        return 0;
    hold_source(s, f);
    s->record = f;
    return 1;
}
/* Unlike what is decoded, a str or an int may be of a subclass, and that may have a __dict__: no field holds atoms only. */
QPY_SHARED int shared_put_field(qpy_objects *s, qpy_objects_frame *f, uint32_t field, PyObject *v)
{
    if (QR_UNLIKELY(!f->frame.object))
        return qpy_sink_put_other(&s->sink, &f->frame, field, v);
    *qpy_record_slot(f->frame.object, s->sink.plan->fields[field].offset) = v;
    f->frame.may_cycle |= qpy_may_cycle(v);
    return 1;
}
/* An object stands for itself: it is kept as it is. */
static QR_NOINLINE int shared_keep(qpy_objects *s, qpy_objects_frame *f, qr_reader *r, const qr_token *t, const uint8_t *at, size_t n)
{
    (void)s, (void)r, (void)n;
    return qpy_sink_keep(&f->frame, Py_NewRef((PyObject *)t->at), Py_NewRef((PyObject *)at));
}
QPY_SHARED PyObject *shared_close_record(qpy_objects *s, qr_reader *r, uint32_t node, qpy_objects_frame *f, const uint64_t *seen, const uint8_t *at)
{
    PyObject *result = qpy_sink_close_record(&s->sink, r, node, &f->frame, seen, at);
    s->calls++;
    if (QR_UNLIKELY(!result))
        return NULL;
    s->record = f->outer;
    Py_XDECREF(f->value);
    Py_DECREF(f->source);
    return result;
}

static QR_NOINLINE void shared_drop(qpy_objects *s, qpy_objects_frame *f)
{
    PyObject *type, *value, *traceback;
    qpy_objects_hold(s);
    PyErr_Fetch(&type, &value, &traceback); /* what is dropped must not see it */
    s->record = f->outer;
    Py_CLEAR(f->frame.object);
    Py_CLEAR(f->key);
    Py_CLEAR(f->value);
    Py_CLEAR(f->source);
    PyErr_Restore(type, value, traceback);
}

/* ---------------------------------------------------------------- the record loop */

static int objects_take(qr_reader *r, qpy_objects *s, const qr_plan *plan, uint32_t number, PyObject **value);

#define QR_T(name) objects_##name
#define QR_F(name) qr_objects_##name
#define QR_S(name) shared_##name
#define QR_TRAIT(name) QR_OBJECTS_##name
#define QR_FORMAT 0 /* the first image of a field: see key_is */
#define QR_ITER qpy_objects_iter
#define QR_SINK qpy_objects
#define QR_VALUE PyObject *
#define QR_FRAME qpy_objects_frame
#define QR_TAKE objects_take

#include "core/plan/read.tmpl.h"

static PyObject *mismatch(qr_reader *r, PyObject *object, uint32_t number)
{
    objects_note(r, QR_ERROR_TYPE_MISMATCH, (const uint8_t *)object, number, UINT32_MAX);
    return NULL;
}

/* An object no token stands for: a key (typed maps read theirs here), or one that `take` did not want either. */
static PyObject *shared_typed_object(qpy_objects *s, qr_reader *r, uint32_t node, const qr_token *t)
{
    PyObject *object = (PyObject *)t->at, *value = qpy_objects_at(r);
    uint32_t calls = s->calls;
    if (t->count == 0)
        return mismatch(r, object, node);
    if (QR_LIKELY(Py_TYPE(object) == s->sink.plan->nodes[node].exact))
        return Py_NewRef(object);
    Py_INCREF(object);
    Py_INCREF(value);
    qpy_objects_set(r, object);
    PyObject *key = PyUnicode_Check(object) && s->sink.plan->nodes[node].unpack ? shared_packed(s, r, node, t) : objects_read_node(r, s, s->sink.plan->core, node);
    qpy_objects_set(r, value);
    if (QR_UNLIKELY(!key))
        qpy_objects_hold(s);
    if (QR_UNLIKELY(!key || calls != s->calls)) { /* the pair may be gone, but it is still read */
        PyObject *type, *exception, *traceback;
        PyErr_Fetch(&type, &exception, &traceback);
        int kept = qpy_objects_keep(s, object) && qpy_objects_keep(s, value);
        PyErr_Restore(type, exception, traceback);
        if (!kept && key) {
            Py_CLEAR(key);
            qr_reader_fail(r, QR_ERROR_MEMORY, NULL);
        }
    }
    Py_DECREF(object);
    Py_DECREF(value);
    return key;
}

/* ---------------------------------------------------------------- what need not be read */

/* Has the class declared fields? Only such objects are read by their attributes. */
static int has_attributes(const qpy_state *state, PyTypeObject *type)
{
    return qpy_record_check(state, type) || ((type->tp_flags & Py_TPFLAGS_HEAPTYPE) &&
           (_PyType_Lookup(type, state->str_dataclass_fields) || _PyType_Lookup(type, state->str_attrs)));
}

static PyObject *read_attributes(qr_reader *r, qpy_objects *s, const qr_plan *plan, uint32_t number, PyObject *object)
{
    const qr_record *record = qpy_plan_record(s->sink.plan, number);
    qpy_objects_iter iter = {.source = object, .plan = s->sink.plan, .i = record->first, .n = (Py_ssize_t)record->first + record->count, .calls = s->calls};
    if (QR_UNLIKELY(s->collector))
        return qpy_collect_record(s->collector, number, &iter, (const uint8_t *)object);
    return objects_read_record(r, s, plan, number, iter, (const uint8_t *)object);
}

/* Anything but an exact dict where a record is wanted. */
static int take_record(qr_reader *r, qpy_objects *s, const qr_plan *plan, uint32_t number, PyObject *object, PyObject **value)
{
    const qpy_record_side *side = qpy_plan_record_side(s->sink.plan, number);
    PyTypeObject *type = Py_TYPE(object);
    *value = NULL;
    if (side->form == QPY_FORM_TYPEDDICT)
        return 0;
    if (PyAnySet_Check(object)) /* has no order, so no first field */
        return mismatch(r, object, number), 1;
    if (type != side->cls && !PyType_IsSubtype(type, side->cls)) {
        if (!has_attributes(s->sink.state, type))
            return 0;
        *value = read_attributes(r, s, plan, number, object);
        return 1;
    }
    Py_INCREF(object); /* user code may take it away meanwhile */
    if (qpy_objects_is(s, number, object, type == side->cls))
        *value = Py_NewRef(object);
    else if (r->error == QR_ERROR_NONE)
        *value = side->form != QPY_FORM_NAMEDTUPLE ? read_attributes(r, s, plan, number, object)
                 : QR_UNLIKELY(s->collector)     ? qpy_collect_record_array(s->collector, number)
                                                 : objects_read_record_array(r, s, plan, number);
    s->calls++;
    if (!*value)
        qpy_objects_hold(s);
    Py_DECREF(object);
    return 1;
}

static int take_choice(qpy_objects *s, const qr_plan *plan, uint32_t number, PyObject *object, PyObject **value)
{
    const qr_choices *set = &plan->choice_sets[plan->nodes[number].value];
    for (uint32_t i = 0; i < set->count; i++)
        if (s->sink.plan->choices[set->first + i] == object) {
            *value = Py_NewRef(object);
            return 1;
        }
    return 0;
}

/* Is the scalar a value of that arm as it is? 0 with the reader's error when user code raised. */
static int stays(qr_reader *r, qpy_objects *s, uint32_t arm, PyObject *object)
{
    if (QR_LIKELY(Py_TYPE(object) == s->sink.plan->nodes[arm].exact))
        return 1;
    Py_INCREF(object); /* a predicate may take it away meanwhile */
    int is = qpy_objects_is(s, arm, object, 1);
    s->calls++;
    if (r->error != QR_ERROR_NONE)
        qpy_objects_hold(s);
    Py_DECREF(object);
    return is;
}

/* Objects of a class of their own say by it which arm they belong to. A str or a number stays one where the union has such an arm
 * that takes it; only another one is read as what it spells. In what an encoder wrote the class says nothing. */
static int take_union(qr_reader *r, qpy_objects *s, const qr_plan *plan, uint32_t number, PyObject *object, PyObject **value)
{
    int is_scalar = PyUnicode_CheckExact(object) || PyLong_CheckExact(object) || PyFloat_CheckExact(object) || PyBool_Check(object);
    if (PyDict_CheckExact(object) || PyList_CheckExact(object) || PyTuple_CheckExact(object) || object == Py_None)
        return 0;
    if (r->options & QPY_OBJECTS_WRITTEN && (is_scalar || PyBytes_CheckExact(object)))
        return 0;
    uint32_t arm = qpy_union_arm(s->sink.state, s->sink.plan, number, object, NULL);
    if (arm == QR_PLAN_NONE || plan->nodes[arm].kind == QR_KIND_MAP)
        return 0;
    *value = NULL;
    if (is_scalar && !stays(r, s, arm, object))
        return r->error != QR_ERROR_NONE;
    *value = QR_UNLIKELY(s->collector) ? qpy_collect_node(s->collector, arm) : objects_read_node(r, s, plan, arm);
    return 1;
}

/* One that may be copied at once; beyond a limit it is left to the record loop, which says so. */
static int is_sequence(const qpy_objects *s, PyObject *object)
{
    const qr_depth *depth = &s->reader.depth;
    return (PyList_CheckExact(object) || PyTuple_CheckExact(object)) && (size_t)Py_SIZE(object) <= s->reader.item_limit && (depth->left | depth->deeper);
}

/* A list or tuple of nothing but values of the node's one class, or of anything, is copied at once; else the record loop reads it
 * and finds the fault. No user code runs here but what the collector starts while the copy is made. */
static QR_NOINLINE int take_array(qpy_objects *s, const qr_plan *plan, uint32_t number, PyObject *object, PyObject **value)
{
    const qr_node *node = &plan->nodes[number];
    PyTypeObject *exact = s->sink.plan->nodes[node->item].exact;
    int to_list = s->sink.plan->nodes[number].flavour == QPY_LIST, any = plan->nodes[node->item].kind == QR_KIND_ANY;
    Py_ssize_t n = Py_SIZE(object);
    PyObject *copy = to_list ? PyList_New(n) : PyTuple_New(n);
    PyObject **from = PyList_CheckExact(object) ? ((PyListObject *)object)->ob_item : ((PyTupleObject *)object)->ob_item;
    Py_ssize_t i = 0;
    if (QR_UNLIKELY(!copy)) {
        *value = NULL;
        return qr_reader_fail(&s->reader, QR_ERROR_MEMORY, NULL), 1;
    }
    PyObject **to = to_list ? ((PyListObject *)copy)->ob_item : ((PyTupleObject *)copy)->ob_item;
    if (QR_LIKELY(Py_SIZE(object) == n))
        for (; i < n && (any || Py_TYPE(from[i]) == exact); i++)
            to[i] = Py_NewRef(from[i]);
    if (QR_LIKELY(i == n)) {
        if (!to_list && !any && !PyType_IS_GC(exact)) /* as the collector would, once it sees it */
            PyObject_GC_UnTrack(copy);
        *value = copy;
        return 1;
    }
    Py_DECREF(copy);
    return 0;
}

/* The same for tuple[A, B]. */
static QR_NOINLINE int take_tuple(qpy_objects *s, const qr_plan *plan, uint32_t number, PyObject *object, PyObject **value)
{
    const qr_node *node = &plan->nodes[number];
    Py_ssize_t n = node->item_count, i = 0;
    int may_cycle = 0;
    if (Py_SIZE(object) != n || s->sink.plan->nodes[number].flavour != QPY_TUPLE)
        return 0;
    PyObject *copy = PyTuple_New(n);
    PyObject **from = PyList_CheckExact(object) ? ((PyListObject *)object)->ob_item : ((PyTupleObject *)object)->ob_item;
    if (QR_UNLIKELY(!copy)) {
        *value = NULL;
        return qr_reader_fail(&s->reader, QR_ERROR_MEMORY, NULL), 1;
    }
    if (QR_LIKELY(Py_SIZE(object) == n))
        for (; i < n && Py_TYPE(from[i]) == s->sink.plan->nodes[plan->items[node->item + i]].exact; i++) {
            may_cycle |= PyType_IS_GC(Py_TYPE(from[i])) != 0;
            PyTuple_SET_ITEM(copy, i, Py_NewRef(from[i]));
        }
    if (QR_LIKELY(i == n)) {
        if (!may_cycle)
            PyObject_GC_UnTrack(copy);
        *value = copy;
        return 1;
    }
    Py_DECREF(copy);
    return 0;
}

/* A deque that would lose its maxlen. */
static QR_NOINLINE int take_made(qr_reader *r, qpy_objects *s, uint32_t number, PyObject *object, PyObject **value)
{
    int fits = qpy_containers_fits(s->sink.state, &s->sink.plan->nodes[number], object);
    if (fits == 1)
        return 0;
    *value = NULL;
    objects_note(r, fits < 0 ? QR_ERROR_SINK : QR_ERROR_WRONG_MAXLEN, (const uint8_t *)object, number, UINT32_MAX);
    return 1;
}

/* Can the items be told by their class alone? */
static int has_plain_items(const qpy_objects *s, const qr_plan *plan, uint32_t number)
{
    const qr_node *node = &plan->nodes[number];
    return !(node->flags & QR_NODE_BOUNDED) && s->sink.plan->nodes[number].flavour <= QPY_TUPLE &&
           (s->sink.plan->nodes[node->item].exact || plan->nodes[node->item].kind == QR_KIND_ANY);
}

static QR_NOINLINE int take_other(qr_reader *r, qpy_objects *s, const qr_plan *plan, uint32_t number, PyObject *object, PyObject **value)
{
    const qr_node *node = &plan->nodes[number];
    int is_value, bounded = node->flags & QR_NODE_BOUNDED;
    if (object == Py_None && (node->kind != QR_KIND_RAW || (node->flags & QR_NODE_NULLABLE)))
        return 0;
    switch (node->kind) {
    case QR_KIND_INT: is_value = !bounded && PyLong_Check(object) && !PyBool_Check(object); break;
    case QR_KIND_FLOAT: is_value = !bounded && PyFloat_Check(object); break;
    case QR_KIND_STR: is_value = !bounded && PyUnicode_Check(object); break;
    case QR_KIND_BYTES: is_value = !bounded && PyObject_TypeCheck(object, (PyTypeObject *)s->sink.plan->nodes[number].cls); break;
    case QR_KIND_CHOICE: return take_choice(s, plan, number, object, value);
    case QR_KIND_UNION: return take_union(r, s, plan, number, object, value);
    case QR_KIND_ADAPTER:
        if (!s->sink.plan->nodes[number].encode || s->sink.plan->nodes[number].cls == Py_None || r->options & QPY_OBJECTS_WRITTEN || !qpy_adapt_takes(s->sink.plan, number, object))
            return 0;
        *value = Py_NewRef(object);
        if (bounded)
            *value = shared_bounded(s, r, number, *value, (const uint8_t *)object);
        return 1;
    case QR_KIND_RAW:
        *value = Py_IS_TYPE(object, s->sink.state->raw_type) ? Py_NewRef(object) : mismatch(r, object, number);
        return 1;
    case QR_KIND_TUPLE:
        *value = NULL;
        if (is_sequence(s, object))
            return take_tuple(s, plan, number, object, value);
        return PyAnySet_Check(object) ? (mismatch(r, object, number), 1) : 0; /* has no order */
    default:
        if (!qr_kind_is_scalar_text(node->kind) || qpy_scalar_kind(s->sink.state, Py_TYPE(object)) != node->kind)
            return 0;
        *value = Py_NewRef(object);
        if (bounded)
            *value = shared_bounded(s, r, number, *value, (const uint8_t *)object);
        return 1;
    }
    if (is_value)
        *value = Py_NewRef(object);
    return is_value;
}

static inline __attribute__((always_inline)) int objects_take(qr_reader *r, qpy_objects *s, const qr_plan *plan, uint32_t number, PyObject **value)
{
    PyObject *object = qpy_objects_at(r);
    PyTypeObject *type = Py_TYPE(object);
    if (QR_LIKELY(type == s->sink.plan->nodes[number].exact)) {
        *value = Py_NewRef(object);
        return 1;
    }
    switch (plan->nodes[number].kind) {
    case QR_KIND_ANY:
        *value = Py_NewRef(object);
        return 1;
    case QR_KIND_ARRAY:
        if (QR_UNLIKELY(s->sink.plan->nodes[number].flavour == QPY_MADE))
            return take_made(r, s, number, object, value);
        return has_plain_items(s, plan, number) && is_sequence(s, object) ? take_array(s, plan, number, object, value) : 0;
    case QR_KIND_MAP: return 0;
    case QR_KIND_RECORD: return QR_LIKELY(type == &PyDict_Type) || object == Py_None ? 0 : take_record(r, s, plan, number, object, value);
    default: return take_other(r, s, plan, number, object, value);
    }
}

/* ---------------------------------------------------------------- convert */

void qpy_objects_init(qpy_objects *self, qr_path *path, qpy_state *state, qpy_plan *plan, PyObject *root, const qr_limits *limits, uint32_t options)
{
    qpy_sink_init(&self->sink, state, plan, qpy_objects_format.name);
    qr_reader_init(&self->reader, (const uint8_t *)"", 0, limits, options);
    self->reader.start = NULL; /* no offsets */
    qpy_objects_set(&self->reader, root);
    path->count = path->lost = 0;
    self->reader.path = path;
    self->reader.memory = &qpy_memory;
    self->record = NULL;
    self->key = self->made = self->failed = self->kept = NULL;
    self->kept_steps = 0;
    self->calls = 0;
    self->collector = NULL;
}

void qpy_objects_release(qpy_objects *self, const qpy_format *format)
{
    PyObject *type, *value, *traceback;
    qpy_sink_resume_gc(&self->sink);
    if (self->reader.error != QR_ERROR_NONE)
        qpy_raise_read(self->sink.state, &self->reader, self->sink.plan, format);
    PyErr_Fetch(&type, &value, &traceback); /* what is dropped must not see it */
    qpy_sink_release(&self->sink);
    qr_reader_release(&self->reader);
    Py_CLEAR(self->made);
    Py_CLEAR(self->failed);
    Py_CLEAR(self->kept);
    PyErr_Restore(type, value, traceback);
}

static PyObject *convert_object(qpy_state *state, PyObject *object, const qpy_decode_options *options)
{
    qpy_objects objects;
    qr_path path;
    if (!options->plan)
        return Py_NewRef(object);
    qpy_objects_init(&objects, &path, state, options->plan, object, &options->limits, options->read_options);
    objects.sink.user_context = options->context;
    objects.sink.strict_keys = (int)options->limits.reject_duplicate_keys;
    PyObject *result = objects_read_node(&objects.reader, &objects, options->plan->core, 0);
    if (QR_UNLIKELY(!result))
        qr_reader_fail(&objects.reader, QR_ERROR_SINK, NULL);
    qpy_objects_release(&objects, &qpy_objects_format);
    if (QR_UNLIKELY(!result) && options->all_errors && qr_error_class_of(objects.reader.error) == QR_CLASS_VALIDATION)
        qpy_collect_convert(&objects.sink, object, options);
    return result;
}

static PyObject *convert_with(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names, uint32_t read_options)
{
    qpy_state *state = qpy_state_of(module);
    qpy_decode_options options;
    if (count < 1 || count > 2) {
        PyErr_Format(PyExc_TypeError, "convert() takes an object and a type, %zd positional arguments were given", count);
        return NULL;
    }
    PyObject *result = NULL;
    if (!qpy_decode_options_init(&options, state, QPY_STYLE_NONE, "convert", args + 1, count - 1, names))
        ;
    else if (options.limits.bytes || options.limits.str_bytes)
        PyErr_SetString(PyExc_ValueError, "convert() reads no document: limits.bytes and limits.str_bytes mean nothing there");
    else {
        options.read_options |= read_options;
        result = convert_object(state, args[0], &options);
    }
    Py_XDECREF(options.plan);
    return result;
}

static PyObject *convert(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) { return convert_with(module, args, count, names, 0); }
static PyObject *convert_pickled(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return convert_with(module, args, count, names, QPY_OBJECTS_PICKLED);
}
static PyObject *convert_written(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return convert_with(module, args, count, names, QPY_OBJECTS_PICKLED | QPY_OBJECTS_WRITTEN);
}

/* ---------------------------------------------------------------- for collect.c: the same as tables */

static inline int qr_objects_finish(qr_reader *r) { return r->error == QR_ERROR_NONE; }

#define QR_D(name) dynamic_##name
#include "core/format/dynamic.tmpl.h"
const qr_dynamic qpy_objects_dynamic = {
    .format = (qr_format)0, .BINARY = 0, .TEXT_KEYS = QR_OBJECTS_TEXT_KEYS, .TEXT_NUMBERS = QR_OBJECTS_TEXT_NUMBERS, QR_DYNAMIC_FUNCTIONS,
};
const qr_dynamic qpy_pickled_dynamic = {
    .format = (qr_format)0, .BINARY = 1, .TEXT_KEYS = QR_OBJECTS_TEXT_KEYS, .TEXT_NUMBERS = QR_OBJECTS_TEXT_NUMBERS, QR_DYNAMIC_FUNCTIONS,
};

#define QPY_D(name) collected_##name
#define QPY_MEMBER objects
#include "binding/collect_sink.tmpl.h"
static int collected_take(qr_reader *r, void *s, const qr_plan *plan, uint32_t number, PyObject **value) { return objects_take(r, s, plan, number, value); }
static void collected_hold(void *s) { qpy_objects_hold(s); }
static void collected_forget(void *s)
{
    qpy_objects *self = s;
    Py_CLEAR(self->failed);
    Py_CLEAR(self->kept);
    Py_CLEAR(self->made);
    self->kept_steps = 0;
}
const qpy_collect_sink qpy_objects_collect_sink = {
#include "binding/collect_sink.def"
    QPY_SINK_REST, .take = collected_take, .hold = collected_hold, .forget = collected_forget,
};

/* ---------------------------------------------------------------- into the module */

static PyMethodDef methods[] = {
    {"convert", (PyCFunction)(void (*)(void))convert, METH_FASTCALL | METH_KEYWORDS,
     "convert(obj, type=Any, /, *, strict=True, errors=\"first\", limits=None, adapters=None, context=None)\n--\n\nThe object as a value of a type: dicts become records, lists what is declared, text dates and UUIDs. What is of its "
     "type already\nis kept as it is; objects with fields (records, dataclasses, attrs) are read by their attributes.\n\nstrict=False also takes numbers and truth values "
     "written as text. errors=\"all\" goes on after a fault. Raises ValidationError with the path."},
    {"_convert_pickled", (PyCFunction)(void (*)(void))convert_pickled, METH_FASTCALL | METH_KEYWORDS,
     "_convert_pickled(obj, type=Any, /, **options)\n--\n\nAs convert, of objects that were pickled: bytes are bytes, and a str is a str if it may be one."},
    {"_convert_written", (PyCFunction)(void (*)(void))convert_written, METH_FASTCALL | METH_KEYWORDS,
     "_convert_written(obj, type=Any, /, **options)\n--\n\nAs convert, of what an Encoder of pickles wrote."},
    {"validate", (PyCFunction)(void (*)(void))qpy_objects_validate, METH_FASTCALL | METH_KEYWORDS,
     "validate(obj, type, /, *, errors=\"first\", limits=None, adapters=None)\n--\n\nChecks that the object is a value of the type, down to the last field and bound; converts nothing.\n\nerrors=\"all\" goes on after a fault. Raises ValidationError with the path."},
    {"to_builtins", (PyCFunction)(void (*)(void))qpy_objects_to_builtins, METH_FASTCALL | METH_KEYWORDS,
     "to_builtins(obj, /, *, limits=None, adapters=None)\n--\n\nThe object as dicts, lists, str, int, float, bool, bytes and None, as a document would hold it.\n\nRaises EncodeError with the path of a value that cannot be."},
    {NULL, NULL, 0, NULL},
};

int qpy_format_objects_init(PyObject *module, qpy_state *state)
{
    (void)state;
    PyObject *name = PyUnicode_FromString("quire");
    int status = name ? 0 : -1;
    for (PyMethodDef *def = methods; status == 0 && def->ml_name; def++) {
        PyObject *function = PyCFunction_NewEx(def, module, name);
        status = function ? PyModule_AddObjectRef(module, def->ml_name, function) : -1;
        Py_XDECREF(function);
    }
    Py_XDECREF(name);
    return status;
}
