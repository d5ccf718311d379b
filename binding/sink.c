/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/sink.h"
#include "binding/adapt.h"
#include "binding/attribute.h"
#include "binding/bytearray.h"

#include "binding/containers.h"
#include "binding/cpython_private.h"
#include "binding/ext.h"
#include "binding/raise.h"
#include "binding/scalar.h"

/* ---------------------------------------------------------------- life */

/* Below 3.12 the collector may start at any allocation, again and again while a large result is being made, and can find
 * nothing: no container is reachable from elsewhere before it is finished. The pass is due afterwards as ever. */
void qpy_sink_pause_gc(qpy_sink *self)
{
#if PY_VERSION_HEX < 0x030C0000
    self->pausing = self->pause_left > 0 && PyGC_Disable();
#else
    (void)self;
#endif
}

void qpy_sink_resume_gc(qpy_sink *self)
{
#if PY_VERSION_HEX < 0x030C0000
    if (self->pausing)
        PyGC_Enable();
    self->pausing = 0;
#else
    (void)self;
#endif
}

/* A set is never made of one that was freed, so this is where a pass that is due starts. */
void qpy_sink_let_collect(qpy_sink *self)
{
    self->pause_left = QPY_PAUSE_CONTAINERS;
#if PY_VERSION_HEX < 0x030C0000
    if (!self->pausing)
        return;
    PyGC_Enable();
    PyObject *set = PySet_New(NULL);
    self->pausing = PyGC_Disable();
    if (!set)
        PyErr_Clear();
    Py_XDECREF(set);
#endif
}

void qpy_sink_prepare(qpy_sink *self, qpy_state *state, qpy_plan *plan, const char *format)
{
    self->state = state;
    self->plan = plan;
    self->base = self->top = self->stack;
    self->limit = self->stack + QPY_STACK_INLINE;
    self->key_type = &PyUnicode_Type;
    self->format = format;
    self->user_context = NULL;
    self->source = NULL;
    self->strict_keys = 0;
    self->shapes = NULL;
    self->keys = NULL;
    self->context = NULL;
    self->pausing = 0;
}

void qpy_sink_init(qpy_sink *self, qpy_state *state, qpy_plan *plan, const char *format)
{
    qpy_sink_prepare(self, state, plan, format);
    qpy_sink_attach(self);
}

void qpy_sink_attach(qpy_sink *self)
{
    qpy_state *state = self->state;
    self->context = qpy_shapes_acquire(state->shapes, self->key_type != &PyUnicode_Type);
    self->shapes = self->context ? state->shapes : NULL;
    self->keys = self->shapes ? state->keys : NULL;
    qpy_keys_begin(self->keys);
    self->pausing = 0;
    self->pause_left = QPY_PAUSE_CONTAINERS;
    qpy_sink_pause_gc(self);
}

void qpy_sink_detach(qpy_sink *self)
{
    if (self->shapes)
        qpy_shapes_release(self->shapes);
    self->shapes = NULL;
    qpy_sink_resume_gc(self);
}

void qpy_sink_release(qpy_sink *self)
{
    while (self->top > self->base)
        Py_XDECREF(*--self->top);
    if (self->base != self->stack)
        PyMem_Free(self->base);
    qpy_sink_detach(self);
}

int qpy_sink_grow(qpy_sink *self)
{
    size_t used = (size_t)(self->top - self->base), capacity = (size_t)(self->limit - self->base) * 2;
    PyObject **bigger = self->base == self->stack ? PyMem_Malloc(capacity * sizeof *bigger) : PyMem_Realloc(self->base, capacity * sizeof *bigger);
    if (!bigger) {
        PyErr_NoMemory();
        return 0;
    }
    if (self->base == self->stack)
        memcpy(bigger, self->stack, used * sizeof *bigger);
    self->base = bigger;
    self->top = bigger + used;
    self->limit = bigger + capacity;
    return 1;
}

qpy_outside qpy_sink_go_outside(qpy_sink *self)
{
    qpy_outside saved = {self->context};
    qpy_sink_resume_gc(self);
    return saved;
}
void qpy_sink_come_back(qpy_sink *self, qpy_outside saved)
{
    self->context = saved.context;
    qpy_sink_pause_gc(self);
}

/* ---------------------------------------------------------------- failing */

static PyObject *fail(qr_reader *r, qr_error error, uint32_t node, uint32_t field, const uint8_t *at)
{
    if (r->error == QR_ERROR_NONE) {
        r->error_node = node;
        r->error_field = field;
    }
    qr_reader_fail(r, error, at);
    return NULL;
}

/* An exception that user code raised: a ValueError or TypeError is a fault of the value (`raise` wraps it), everything else goes
 * through as it is. */
static PyObject *fail_user(qr_reader *r, uint32_t node, const uint8_t *at) { return fail(r, QR_ERROR_SINK, node, UINT32_MAX, at); }

/* ---------------------------------------------------------------- arrays */

static PyObject *make_list(qpy_sink *self, PyObject **values, Py_ssize_t n)
{
    PyObject **items, *list = qpy_list_new(n, &items, self->state->private_ok);
    if (QR_LIKELY(list) && QR_LIKELY(n)) {
        memcpy(items, values, (size_t)n * sizeof *values);
        Py_SET_SIZE(list, n);
    }
    return list;
}

PyObject *qpy_sink_pairs(PyObject **pairs, Py_ssize_t n)
{
    PyObject *list = PyList_New(n);
    for (Py_ssize_t i = 0; list && i < n; i++) {
        PyObject *pair = PyTuple_Pack(2, pairs[2 * i], pairs[2 * i + 1]);
        if (pair)
            PyList_SET_ITEM(list, i, pair);
        else
            Py_CLEAR(list);
    }
    if (list)
        for (Py_ssize_t i = 0; i < 2 * n; i++)
            Py_DECREF(pairs[i]);
    return list;
}

/* A tuple of atoms can never be part of a cycle: the collector would find that out in its first pass and untrack it. */
PyObject *qpy_sink_tuple(const qpy_sink *self, PyObject **values, Py_ssize_t n)
{
    PyObject *tuple = n ? qpy_tuple_new(n, self->state->private_ok) : PyTuple_New(0);
    if (!tuple || n == 0)
        return tuple;
    memcpy(((PyTupleObject *)tuple)->ob_item, values, (size_t)n * sizeof *values);
    qpy_tuple_finish(tuple);
    return tuple;
}

/* unique: an item that is there already is an error, as a key would be (Limits.duplicate_keys). */
static PyObject *make_set(PyObject **values, Py_ssize_t n, int frozen, int unique)
{
    PyObject *set = frozen ? PyFrozenSet_New(NULL) : PySet_New(NULL);
    for (Py_ssize_t i = 0; set && i < n; i++)
        if (PySet_Add(set, values[i]) < 0)
            Py_CLEAR(set);
    if (set && QR_UNLIKELY(unique) && PySet_GET_SIZE(set) != n) {
        PyErr_SetString(PyExc_ValueError, "an item of a set is there twice");
        Py_CLEAR(set);
    }
    if (set)
        for (Py_ssize_t i = 0; i < n; i++)
            Py_DECREF(values[i]);
    return set;
}

/* A NamedTuple class or another tuple subclass, through its own __new__(cls, *values). */
static PyObject *make_subclass(qpy_sink *self, PyObject *cls, PyObject **values, Py_ssize_t n)
{
    PyObject *tuple = qpy_sink_tuple(self, values, n), *result = NULL;
    if (!tuple)
        return NULL;
    qpy_outside saved = qpy_sink_go_outside(self);
    if (((PyTypeObject *)cls)->tp_new) {
        PyObject *args = PyTuple_Pack(1, tuple);
        result = args ? PyTuple_Type.tp_new((PyTypeObject *)cls, args, NULL) : NULL;
        Py_XDECREF(args);
    }
    qpy_sink_come_back(self, saved);
    if (!result) /* the values stay on the stack */
        for (Py_ssize_t i = 0; i < n; i++)
            Py_INCREF(values[i]);
    Py_DECREF(tuple);
    return result;
}

static PyObject *call_container(qpy_sink *self, const qpy_node_side *side, PyObject *plain, int is_map)
{
    qpy_outside saved = qpy_sink_go_outside(self);
    PyObject *result = qpy_containers_make(side, plain, is_map);
    qpy_sink_come_back(self, saved);
    return result;
}

static PyObject *make_called(qpy_sink *self, const qpy_node_side *side, PyObject **values, Py_ssize_t n)
{
    PyObject *list = make_list(self, values, n), *result;
    if (!list)
        return NULL;
    for (Py_ssize_t i = 0; i < n; i++) /* the values are on the stack as well until it is there */
        Py_INCREF(values[i]);
    size_t base = (size_t)(values - self->base);
    result = call_container(self, side, list, 0);
    values = self->base + base;
    if (result)
        for (Py_ssize_t i = 0; i < n; i++)
            Py_DECREF(values[i]);
    Py_DECREF(list);
    return result;
}

PyObject *qpy_sink_close_array(qpy_sink *self, uint32_t node, qpy_frame *frame)
{
    PyObject **values = self->base + frame->base, *result;
    Py_ssize_t n = self->top - values;
    switch (node == QR_PLAN_NONE ? QPY_LIST : self->plan->nodes[node].flavour) {
    case QPY_TUPLE: result = qpy_sink_tuple(self, values, n); break;
    case QPY_SET: result = make_set(values, n, 0, self->strict_keys); break;
    case QPY_FROZENSET: result = make_set(values, n, 1, self->strict_keys); break;
    case QPY_NAMEDTUPLE: result = make_subclass(self, self->plan->nodes[node].cls, values, n); break;
    case QPY_MADE: result = make_called(self, &self->plan->nodes[node], values, n); break;
    default: result = make_list(self, values, n); break;
    }
    if (result)
        self->top = self->base + frame->base;
    return result;
}

/* ---------------------------------------------------------------- maps */

/* From here on the map is not followed: its keys so far join the values on the stack, as pairs. */
static int leave_trie(qpy_sink *self, qpy_frame *frame)
{
    qpy_shape *shape = frame->shape;
    PyObject *keys[QPY_SHAPE_KEYS];
    size_t n = shape->depth;
    frame->root->misses++;
    frame->shape = NULL;
    self->context = frame->root;
    qpy_shape_keys(shape, keys);
    for (size_t i = 0; i < n; i++) /* room for the keys */
        if (!qpy_sink_push(self, Py_NewRef(keys[i])))
            return 0;
    PyObject **values = self->base + frame->base;
    for (size_t i = n; i-- > 0;) {
        values[2 * i + 1] = values[i];
        values[2 * i] = keys[i];
    }
    return 1;
}

/* The first map at this place: its root is made, or found. */
static void enter_trie(qpy_sink *self, qpy_frame *frame)
{
    frame->root = frame->shape = qpy_shape_sub(self->shapes, frame->outer);
    frame->made = frame->root ? frame->root->made : (uint32_t)QPY_NOT_FOLLOWED;
}

int qpy_sink_key(qpy_sink *self, qpy_frame *frame, PyObject *key)
{
    if (QR_UNLIKELY(!frame->root && frame->outer && frame->made == 0))
        enter_trie(self, frame);
    if (frame->shape) {
        uint32_t made = frame->root->made;
        qpy_shape *next = Py_IS_TYPE(key, self->key_type) ? qpy_shape_step(self->shapes, frame->root, frame->shape, key) : NULL;
        if (next) {
            frame->shape = next;
            self->context = made == frame->root->made ? qpy_shape_holder(frame->root, next) : frame->root; /* a new key may never come again */
            Py_DECREF(key);
            return 1;
        }
        if (!leave_trie(self, frame)) {
            Py_DECREF(key);
            return 0;
        }
    }
    return qpy_sink_push(self, key);
}

/* Pairs on the stack. */
static PyObject *make_dict(qpy_sink *self, PyObject **pairs, size_t n, qr_reader *r)
{
    if (QR_LIKELY(self->state->private_ok && !self->strict_keys)) {
        int may_cycle = 0;
        for (size_t i = 0; i < n; i++)
            may_cycle |= PyType_IS_GC(Py_TYPE(pairs[2 * i + 1])) != 0;
        PyObject *made = qpy_dict_from_pairs(pairs, (Py_ssize_t)n, may_cycle);
        if (QR_LIKELY(made) || PyErr_Occurred())
            return made;
    }
    /* a table whose room is made beforehand is none of those for text keys alone */
    PyObject *dict = n == 0 || PyUnicode_CheckExact(pairs[0]) ? PyDict_New() : qpy_dict_new((Py_ssize_t)n);
    for (size_t i = 0; dict && i < n; i++)
        if (PyDict_SetItem(dict, pairs[2 * i], pairs[2 * i + 1]) < 0)
            Py_CLEAR(dict);
    if (!dict)
        return NULL;
    if (QR_UNLIKELY(self->strict_keys && (size_t)PyDict_GET_SIZE(dict) != n)) {
        Py_DECREF(dict);
        return fail(r, QR_ERROR_DUPLICATE_KEY, UINT32_MAX, UINT32_MAX, r->p);
    }
    for (size_t i = 0; i < 2 * n; i++)
        Py_DECREF(pairs[i]);
    return dict;
}

PyObject *qpy_sink_close_map(qpy_sink *self, uint32_t node, qpy_frame *frame, qr_reader *r)
{
    PyObject **values = self->base + frame->base, *dict;
    size_t n = (size_t)(self->top - values);
    if (QR_LIKELY(frame->shape)) {
        if (QR_LIKELY(frame->made == frame->root->made))
            frame->root->hits += frame->root->hits < QPY_SHAPE_HITS;
        else
            frame->root->misses++;
        int may_cycle = 0;
        for (size_t i = 0; i < n; i++)
            may_cycle |= PyType_IS_GC(Py_TYPE(values[i])) != 0;
        dict = n ? qpy_shape_dict(self->shapes, frame->shape, values, may_cycle) : PyDict_New();
    }
    else
        dict = make_dict(self, values, n / 2, r);
    self->context = frame->outer;
    if (QR_UNLIKELY(!dict))
        return NULL;
    self->top = self->base + frame->base;
    if (QR_LIKELY(node == QR_PLAN_NONE || self->plan->nodes[node].flavour != QPY_MADE))
        return dict;
    PyObject *made = call_container(self, &self->plan->nodes[node], dict, 1);
    Py_DECREF(dict);
    return made;
}

/* ---------------------------------------------------------------- records */

/* Other classes than Record gather their values on the stack, one place for each field, and are made at the end. */
int qpy_sink_open_other(qpy_sink *self, qpy_frame *frame)
{
    const qr_record *record = &self->plan->core->records[frame->record - self->plan->records];
    frame->base = (size_t)(self->top - self->base);
    frame->object = NULL;
    while ((size_t)(self->limit - self->top) < record->count)
        if (!qpy_sink_grow(self))
            return 0;
    memset(self->top, 0, record->count * sizeof *self->top);
    self->top += record->count;
    return 1;
}

int qpy_sink_put_other(qpy_sink *self, qpy_frame *frame, uint32_t field, PyObject *value)
{
    const qr_record *record = &self->plan->core->records[frame->record - self->plan->records];
    self->base[frame->base + (field - record->first)] = value;
    return 1;
}

/* The default of a field: a new reference, or NULL with an exception. */
static PyObject *make_default(qpy_sink *self, const qpy_field_side *field)
{
    if (field->default_kind == 1)
        return Py_NewRef(field->default_);
    if (field->default_ == (PyObject *)&PyList_Type)
        return PyList_New(0);
    if (field->default_ == (PyObject *)&PyDict_Type)
        return PyDict_New();
    qpy_outside saved = qpy_sink_go_outside(self);
    PyObject *value = PyObject_CallNoArgs(field->default_);
    qpy_sink_come_back(self, saved);
    return value;
}

static int call_post_init(qpy_sink *self, qr_reader *r, PyObject *object, uint32_t node, const uint8_t *at)
{
    qpy_outside saved = qpy_sink_go_outside(self);
    PyObject *result = PyObject_CallMethodNoArgs(object, self->state->str_post_init);
    qpy_sink_come_back(self, saved);
    Py_XDECREF(result);
    if (!result)
        fail_user(r, node, at);
    return result != NULL;
}

/* In a list until the record is finished: nobody else can see it before. */
int qpy_sink_keep(qpy_frame *frame, PyObject *key, PyObject *value)
{
    PyObject **slot = qpy_record_slot(frame->object, frame->record->unknown), *pair = key && value ? PyTuple_Pack(2, key, value) : NULL;
    if (pair && !*slot)
        *slot = PyList_New(0);
    int kept = pair && *slot && PyList_Append(*slot, pair) == 0;
    frame->may_cycle = 1;
    Py_XDECREF(key);
    Py_XDECREF(value);
    Py_XDECREF(pair);
    return kept;
}

static int close_unknown(const qpy_record_side *side, PyObject *object)
{
    PyObject **slot = side->unknown ? qpy_record_slot(object, side->unknown) : NULL;
    if (!slot || !*slot)
        return 1;
    PyObject *tuple = PyList_AsTuple(*slot);
    if (tuple)
        Py_SETREF(*slot, tuple);
    return tuple != NULL;
}

static PyObject *close_slots(qpy_sink *self, qr_reader *r, uint32_t node, qpy_frame *frame, const uint64_t *seen, const uint8_t *at)
{
    const qpy_record_side *side = frame->record;
    const qr_record *record = &self->plan->core->records[side - self->plan->records];
    const qpy_field_side *fields = &self->plan->fields[record->first];
    PyObject *object = frame->object;
    for (uint32_t word = 0; word * 64 < record->count; word++) {
        uint32_t left = record->count - word * 64;
        uint64_t absent = (left >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << left) - 1) & ~seen[word];
        for (; QR_UNLIKELY(absent); absent &= absent - 1) {
            const qpy_field_side *field = &fields[word * 64 + (uint32_t)__builtin_ctzll(absent)];
            if (QR_UNLIKELY(!field->default_kind)) /* a gap, or __post_init__'s affair */
                continue;
            PyObject *value = make_default(self, field);
            if (QR_UNLIKELY(!value)) {
                fail_user(r, node, at);
                return NULL; /* drop takes the object */
            }
            frame->may_cycle |= qpy_may_cycle(value);
            *qpy_record_slot(object, field->offset) = value;
        }
    }
    if (QR_UNLIKELY(side->closing) && !close_unknown(side, object)) {
        fail_user(r, node, at);
        return NULL;
    }
    if (frame->may_cycle)
        PyObject_GC_Track(object);
    if (QR_UNLIKELY(side->closing) && side->post_init && !call_post_init(self, r, object, node, at))
        return NULL;
    frame->object = NULL;
    return object;
}

/* Fills the places of fields that were not in the document. */
static int fill_defaults(qpy_sink *self, const qr_record *record, PyObject **values)
{
    size_t base = (size_t)(values - self->base);
    for (uint32_t i = 0; i < record->count; i++) {
        const qpy_field_side *field = &self->plan->fields[record->first + i];
        if (!self->base[base + i] && field->default_kind) {
            PyObject *value = make_default(self, field);
            if (!value)
                return 0;
            self->base[base + i] = value;
        }
    }
    return 1;
}

static PyObject *close_typeddict(qpy_sink *self, const qpy_record_side *side, const qr_record *record, PyObject **values)
{
    int complete = 1, may_cycle = 0;
    for (uint32_t i = 0; i < record->count; i++) {
        complete &= values[i] != NULL;
        may_cycle |= values[i] && PyType_IS_GC(Py_TYPE(values[i]));
    }
    if (complete && side->dict_template) {
        PyObject *dict = qpy_dict_from_template(side->dict_template, values, record->count, may_cycle);
        if (dict)
            memset(values, 0, record->count * sizeof *values);
        return dict;
    }
    PyObject *dict = PyDict_New();
    for (uint32_t i = 0; dict && i < record->count; i++)
        if (values[i] && PyDict_SetItem(dict, self->plan->fields[record->first + i].name, values[i]) < 0)
            Py_CLEAR(dict);
    return dict;
}

static PyObject *close_namedtuple(const qpy_record_side *side, const qr_record *record, PyObject **values)
{
    PyObject *tuple = PyTuple_New(record->count), *args, *result;
    if (!tuple)
        return NULL;
    for (uint32_t i = 0; i < record->count; i++)
        PyTuple_SET_ITEM(tuple, i, Py_NewRef(values[i]));
    args = PyTuple_Pack(1, tuple);
    Py_DECREF(tuple);
    if (!args)
        return NULL;
    result = PyTuple_Type.tp_new(side->cls, args, NULL);
    Py_DECREF(args);
    return result;
}

/* A class whose __init__ is its own affair: called with keywords. */
static PyObject *close_call(qpy_sink *self, const qpy_record_side *side, const qr_record *record, PyObject **values)
{
    PyObject *kwargs = PyDict_New(), *result = NULL;
    size_t base = (size_t)(values - self->base);
    for (uint32_t i = 0; kwargs && i < record->count; i++) {
        const qpy_field_side *field = &self->plan->fields[record->first + i];
        if (self->base[base + i] && field->init && PyDict_SetItem(kwargs, field->keyword, self->base[base + i]) < 0)
            Py_CLEAR(kwargs);
    }
    if (!kwargs)
        return NULL;
    qpy_outside saved = qpy_sink_go_outside(self);
    result = PyObject_VectorcallDict((PyObject *)side->cls, NULL, 0, kwargs);
    Py_DECREF(kwargs);
    for (uint32_t i = 0; result && i < record->count; i++) {
        const qpy_field_side *field = &self->plan->fields[record->first + i];
        PyObject *value = self->base[base + i];
        if (value && !field->init && field->stored && PyObject_GenericSetAttr(result, field->name, value) < 0)
            Py_CLEAR(result);
    }
    qpy_sink_come_back(self, saved);
    return result;
}

static PyObject *close_dataclass(qpy_sink *self, const qpy_record_side *side, const qr_record *record, PyObject **values)
{
    PyTypeObject *cls = side->cls;
    PyObject *none = PyTuple_New(0); /* object.__new__ does more than tp_alloc: the room for attributes */
    PyObject *object = none && cls->tp_new ? cls->tp_new(cls, none, NULL) : NULL;
    Py_XDECREF(none);
    int plain = !side->slots && qpy_plan_is_plain(side);
    for (uint32_t i = 0; object && i < record->count; i++) {
        const qpy_field_side *field = &self->plan->fields[record->first + i];
        PyObject *value = values[i];
        if (!value)
            continue;
        if (plain && qpy_instance_set(object, i, field->name, value))
            values[i] = NULL;
        else if (side->slots) { /* a slot of a new object is empty */
            *qpy_record_slot(object, field->offset) = value;
            values[i] = NULL;
        }
        else if (PyObject_GenericSetAttr(object, field->name, value) < 0)
            Py_CLEAR(object);
    }
    return object;
}

static PyObject *close_other(qpy_sink *self, qr_reader *r, uint32_t node, qpy_frame *frame, const uint8_t *at)
{
    const qpy_record_side *side = frame->record;
    const qr_record *record = &self->plan->core->records[side - self->plan->records];
    PyObject *object = NULL;
    if (side->form == QPY_FORM_CALL || fill_defaults(self, record, self->base + frame->base)) { /* a class that is called has its own */
        PyObject **values = self->base + frame->base;
        switch (side->form) {
        case QPY_FORM_TYPEDDICT: object = close_typeddict(self, side, record, values); break;
        case QPY_FORM_NAMEDTUPLE: object = close_namedtuple(side, record, values); break;
        case QPY_FORM_CALL: object = close_call(self, side, record, values); break;
        default: object = close_dataclass(self, side, record, values); break;
        }
    }
    if (!object) {
        fail_user(r, node, at);
        return NULL;
    }
    if (side->post_init && side->form == QPY_FORM_DATACLASS && !call_post_init(self, r, object, node, at)) {
        Py_DECREF(object);
        return NULL;
    }
    PyObject **values = self->base + frame->base;
    while (self->top > values)
        Py_XDECREF(*--self->top);
    return object;
}

PyObject *qpy_sink_close_record(qpy_sink *self, qr_reader *r, uint32_t node, qpy_frame *frame, const uint64_t *seen, const uint8_t *at)
{
    if (QR_LIKELY(frame->record->form == QPY_FORM_RECORD))
        return close_slots(self, r, node, frame, seen, at);
    return close_other(self, r, node, frame, at);
}

/* ---------------------------------------------------------------- scalars */

/* The digits were counted against the limit already; the interpreter's own (sys.set_int_max_str_digits, never below 640) is
 * for its users. */
enum { DIGITS_AT_ONCE = 512 };
static PyObject *digits_to_integer(const uint8_t *digits, size_t n)
{
    if (n <= DIGITS_AT_ONCE) {
        char text[DIGITS_AT_ONCE + 1]; /* PyLong_FromString wants a text of its own */
        memcpy(text, digits, n);
        text[n] = 0;
        return PyLong_FromString(text, NULL, 10);
    }
    size_t low = n / 2;
    PyObject *high = digits_to_integer(digits, n - low), *rest = high ? digits_to_integer(digits + n - low, low) : NULL;
    PyObject *ten = rest ? PyLong_FromLong(10) : NULL, *exponent = ten ? PyLong_FromSize_t(low) : NULL;
    PyObject *power = exponent ? PyNumber_Power(ten, exponent, Py_None) : NULL, *scaled = power ? PyNumber_Multiply(high, power) : NULL;
    PyObject *result = scaled ? PyNumber_Add(scaled, rest) : NULL;
    Py_XDECREF(high);
    Py_XDECREF(rest);
    Py_XDECREF(ten);
    Py_XDECREF(exponent);
    Py_XDECREF(power);
    Py_XDECREF(scaled);
    return result;
}

PyObject *qpy_sink_big_integer(const qr_token *token)
{
    size_t sign = token->length && token->text[0] == '-';
    PyObject *value = digits_to_integer(token->text + sign, token->length - sign), *negative;
    if (!sign || !value)
        return value;
    negative = PyNumber_Negative(value);
    Py_DECREF(value);
    return negative;
}

PyObject *qpy_sink_ext(qpy_sink *self, qr_reader *r, const qr_token *token)
{
    if (token->ext == -1) {
        qr_scalar scalar;
        qr_error error = qr_scalar_read_timestamp(token->text, token->length, &scalar);
        if (error == QR_ERROR_NONE)
            return qpy_scalar_new(self->state, QR_KIND_DATETIME, &scalar);
        if (error == QR_ERROR_INVALID_TIMESTAMP)
            return fail(r, error, UINT32_MAX, UINT32_MAX, token->at);
        /* finer than a microsecond or beyond the years of datetime: kept as it is */
    }
    return qpy_ext_new(self->state, token->ext, token->text, token->length);
}

/* Of the document itself where it holds the bytes as they are. */
static PyObject *make_view(const qpy_sink *self, const uint8_t *data, size_t n)
{
    const uint8_t *start = self->source && PyBytes_CheckExact(self->source) ? (const uint8_t *)PyBytes_AS_STRING(self->source) : NULL;
    Py_ssize_t size = start ? PyBytes_GET_SIZE(self->source) : 0, from = data - start;
    int inside = start && (uintptr_t)data >= (uintptr_t)start && (uintptr_t)data + n <= (uintptr_t)start + (size_t)size;
    PyObject *bytes = inside ? Py_NewRef(self->source) : PyBytes_FromStringAndSize((const char *)data, (Py_ssize_t)n);
    PyObject *view = bytes ? PyMemoryView_FromObject(bytes) : NULL;
    if (view && inside)
        Py_SETREF(view, PySequence_GetSlice(view, from, from + (Py_ssize_t)n));
    Py_XDECREF(bytes);
    return view;
}

PyObject *qpy_sink_bytes(qpy_sink *self, uint32_t node, const uint8_t *data, size_t n)
{
    if (node != QR_PLAN_NONE && self->plan->nodes[node].cls == (PyObject *)&PyMemoryView_Type)
        return make_view(self, data, n);
    if (node != QR_PLAN_NONE && self->plan->nodes[node].cls == (PyObject *)&PyByteArray_Type)
        return qpy_bytearray_new(data, (Py_ssize_t)n);
    return PyBytes_FromStringAndSize((const char *)data, (Py_ssize_t)n);
}

PyObject *qpy_sink_scalar(qpy_sink *self, qr_reader *r, uint32_t node, const qr_scalar *scalar, const uint8_t *at)
{
    PyObject *value = qpy_scalar_new(self->state, (qr_kind)self->plan->core->nodes[node].kind, scalar);
    if (!value) {
        if (PyErr_ExceptionMatches(PyExc_ArithmeticError)) {
            PyErr_Clear();
            return fail(r, QR_ERROR_INVALID_FORMAT, node, UINT32_MAX, at);
        }
        return fail_user(r, node, at);
    }
    return value;
}

PyObject *qpy_sink_choice_open(qpy_sink *self, qr_reader *r, uint32_t node, PyObject *wire, const uint8_t *at)
{
    qpy_outside saved = qpy_sink_go_outside(self);
    PyObject *value = PyObject_CallOneArg(self->plan->nodes[node].cls, wire);
    qpy_sink_come_back(self, saved);
    Py_DECREF(wire);
    if (!value && PyErr_ExceptionMatches(PyExc_ValueError)) {
        PyErr_Clear();
        return fail(r, QR_ERROR_INVALID_CHOICE, node, UINT32_MAX, at);
    }
    return value ? value : fail_user(r, node, at);
}

PyObject *qpy_sink_packed(qpy_sink *self, qr_reader *r, uint32_t node, PyObject *text, const uint8_t *at)
{
    PyObject *unpack = self->plan->nodes[node].unpack, *value = NULL;
    if (unpack) {
        qpy_outside saved = qpy_sink_go_outside(self);
        value = PyObject_CallOneArg(unpack, text);
        qpy_sink_come_back(self, saved);
    }
    Py_DECREF(text);
    if (value)
        return value;
    return unpack ? fail_user(r, node, at) : fail(r, QR_ERROR_TYPE_MISMATCH, node, UINT32_MAX, at);
}

PyObject *qpy_sink_adapt(qpy_sink *self, qr_reader *r, uint32_t node, PyObject *wire, const uint8_t *at)
{
    PyObject *value = wire;
    if (self->plan->nodes[node].decode) {
        qpy_outside saved = qpy_sink_go_outside(self);
        value = qpy_adapt_decode(self->plan, node, wire, self->user_context);
        qpy_sink_come_back(self, saved);
    }
    if (!value)
        return fail_user(r, node, at);
    return self->plan->nodes[node].bounds ? qpy_sink_bounded(self, r, node, value, at) : value;
}

int qpy_sink_refused(qpy_sink *Py_UNUSED(self), qr_reader *Py_UNUSED(r))
{
    if (!PyErr_ExceptionMatches(PyExc_ValueError))
        return 0;
    PyErr_Clear();
    return 1;
}

/* 1 within, 0 not, -1 with an exception: value OP bound in Python's own arithmetic. */
static int holds(PyObject *value, PyObject *bound, int op) { return bound == Py_None ? 1 : PyObject_RichCompareBool(value, bound, op); }

static qr_error judge(PyObject *value, PyObject *bounds, int *failed)
{
    static const struct { int op; qr_error error; } order[] = {{Py_GE, QR_ERROR_TOO_SMALL}, {Py_GT, QR_ERROR_TOO_SMALL}, {Py_LE, QR_ERROR_TOO_LARGE}, {Py_LT, QR_ERROR_TOO_LARGE}};
    for (Py_ssize_t i = 0; i < 4; i++) {
        int ok = holds(value, PyTuple_GET_ITEM(bounds, i), order[i].op);
        if (ok < 0)
            *failed = 1;
        if (ok <= 0)
            return order[i].error;
    }
    PyObject *multiple = PyTuple_GET_ITEM(bounds, 4);
    if (multiple == Py_None)
        return QR_ERROR_NONE;
    PyObject *rest = PyNumber_Remainder(value, multiple);
    int odd = rest ? PyObject_IsTrue(rest) : -1;
    Py_XDECREF(rest);
    if (odd < 0)
        *failed = 1;
    return odd ? QR_ERROR_NOT_MULTIPLE : QR_ERROR_NONE;
}

static qr_error search(qpy_sink *self, PyObject *pattern, PyObject *value, int *failed)
{
    qpy_outside saved = qpy_sink_go_outside(self);
    PyObject *match = qpy_call_method(pattern, "search", value);
    qpy_sink_come_back(self, saved);
    qr_error error = match == Py_None ? QR_ERROR_PATTERN_MISMATCH : QR_ERROR_NONE;
    *failed = !match;
    Py_XDECREF(match);
    return error;
}

/* The lengths of what an adapter makes; the core measures all else. */
static qr_error measure(PyObject *value, PyObject *bounds, int *failed)
{
    PyObject *least = PyTuple_GET_ITEM(bounds, 5), *most = PyTuple_GET_ITEM(bounds, 6);
    if (least == Py_None && most == Py_None)
        return QR_ERROR_NONE;
    Py_ssize_t length = PyObject_Size(value);
    *failed = length < 0;
    if (*failed)
        return QR_ERROR_NONE;
    if (least != Py_None && PyLong_AsSsize_t(least) > length)
        return QR_ERROR_TOO_SHORT;
    return most != Py_None && PyLong_AsSsize_t(most) < length ? QR_ERROR_TOO_LONG : QR_ERROR_NONE;
}

/* Functions that say yes or no. */
static qr_error ask(PyObject *value, PyObject *functions, qr_error error, int *failed)
{
    for (Py_ssize_t i = 0; functions != Py_None && i < PyTuple_GET_SIZE(functions); i++) {
        PyObject *answer = PyObject_CallOneArg(PyTuple_GET_ITEM(functions, i), value);
        int holds = answer ? PyObject_IsTrue(answer) : -1;
        Py_XDECREF(answer);
        *failed = holds < 0;
        if (holds <= 0)
            return error;
    }
    return QR_ERROR_NONE;
}

PyObject *qpy_sink_bounded(qpy_sink *self, qr_reader *r, uint32_t node, PyObject *value, const uint8_t *at)
{
    const qpy_node_side *side = &self->plan->nodes[node];
    int failed = 0, adapted = self->plan->core->nodes[node].kind == QR_KIND_ADAPTER;
    qr_error error = QR_ERROR_NONE;
    if (!side->bounds)
        return value;
    if (side->pattern && PyUnicode_Check(value))
        error = search(self, side->pattern, value, &failed);
    else if (adapted || !PyUnicode_Check(value))
        error = judge(value, side->bounds, &failed);
    if (adapted) {
        qpy_outside saved = qpy_sink_go_outside(self);
        if (error == QR_ERROR_NONE && !failed)
            error = measure(value, side->bounds, &failed);
        if (error == QR_ERROR_NONE && !failed)
            error = ask(value, PyTuple_GET_ITEM(side->bounds, 8), QR_ERROR_TIMEZONE, &failed);
        if (error == QR_ERROR_NONE && !failed)
            error = ask(value, PyTuple_GET_ITEM(side->bounds, 9), QR_ERROR_PREDICATE, &failed);
        qpy_sink_come_back(self, saved);
    }
    if (error == QR_ERROR_NONE && !failed)
        return value;
    Py_DECREF(value);
    if (!failed)
        return fail(r, error, node, UINT32_MAX, at);
    fail_user(r, node, at);
    if (error == QR_ERROR_PREDICATE || error == QR_ERROR_TIMEZONE) /* what its function raises is the constraint's refusal */
        r->error_field = qpy_raise_refusal(error);
    return NULL;
}
