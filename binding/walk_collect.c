/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/walk_collect.h"

#include "binding/adapt.h"
#include "binding/collect.h"
#include "binding/union.h"

typedef struct collector {
    qpy_state *state;
    const qpy_codec *codec;
    const qr_style *style; /* borrowed, or NULL */
    PyObject *adapters; /* borrowed, or NULL */
    const qpy_write_limits *limits;
    PyObject *list;     /* an exception for each fault */
    PyObject *way;      /* list: the steps from the root to the value that is looked at */
    qr_depth depth;
    uint8_t secret;     /* it is a secret */
    uint8_t fatal;      /* an exception is set that is no fault */
} collector;

static int is_over(const collector *c) { return c->fatal || (size_t)PyList_GET_SIZE(c->list) >= c->limits->errors; }

static void value_of(collector *c, qpy_plan *plan, uint32_t number, PyObject *object);

/* ---------------------------------------------------------------- the way */

/* 1, or 0: no memory. The step is borrowed. */
static int enter(collector *c, PyObject *step)
{
    if (PyList_Append(c->way, step) == 0)
        return 1;
    c->fatal = 1;
    return 0;
}
static void leave(collector *c)
{
    Py_ssize_t n = PyList_GET_SIZE(c->way);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (PyList_SetSlice(c->way, n - 1, n, NULL) < 0)
        PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}

/* A part of what is looked at. */
static void part_of(collector *c, PyObject *step, qpy_plan *plan, uint32_t number, PyObject *object)
{
    if (is_over(c) || !enter(c, step))
        return;
    value_of(c, plan, number, object);
    leave(c);
}

/* ---------------------------------------------------------------- faults */

static int is_encode_error(void) { return PyErr_ExceptionMatches(PyExc_ValueError) && PyErr_ExceptionMatches(PyExc_TypeError); }

/* The exception that is set joins the list. */
static void keep_fault(collector *c)
{
    c->fatal = !is_encode_error();
    if (c->fatal)
        return;
    PyObject *fault = qpy_raise_take();
    c->fatal = !fault || PyList_Append(c->list, fault) < 0;
    if (c->fatal && !PyErr_Occurred())
        PyErr_NoMemory();
    Py_XDECREF(fault);
}

static void start(collector *c, qpy_walker *w)
{
    qpy_walker_init(w, c->state, c->codec->format->name, 0);
    qpy_walker_use(w, c->adapters);
    w->depth = c->depth;
}

/* The fault of a walker, with the way to it; releases the walker. */
static void failed(collector *c, qpy_walker *w)
{
    if (c->secret) {
        w->secret = 1;
        Py_CLEAR(w->steps);
    }
    for (Py_ssize_t i = PyList_GET_SIZE(c->way); i-- > 0;)
        qpy_walk_step(w, PyList_GET_ITEM(c->way, i), 0);
    qpy_walker_check(w, 0);
    keep_fault(c);
    qpy_walker_release(w);
}

static int write_alone(collector *c, qpy_walker *w, qpy_plan *plan, uint32_t number, PyObject *object)
{
    start(c, w);
    if (!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK))
        return 0;
    int ok = c->style ? c->codec->write_styled(w, plan, number, object, c->style, NULL) : c->codec->write(w, plan, number, object);
    return ok && w->buffer.error == QR_ERROR_NONE;
}

/* Can it be written as a whole? What is wrong with it is found later. */
static qr_error error_of(collector *c, qpy_plan *plan, uint32_t number, PyObject *object)
{
    qpy_walker w;
    int ok = write_alone(c, &w, plan, number, object);
    qr_error error = ok ? QR_ERROR_NONE : w.buffer.error == QR_ERROR_NONE ? QR_ERROR_SINK : w.buffer.error;
    PyErr_Clear();
    qpy_walker_release(&w);
    return error;
}

/* What is not of its type, with all that is wrong in it: 1 when something was found. */
static int mismatches(collector *c, qpy_plan *plan, uint32_t number, PyObject *object)
{
    Py_ssize_t before = PyList_GET_SIZE(c->list);
    if (c->secret)
        return 0;
    c->fatal = !qpy_objects_collect_written(c->state, plan, number, object, c->way, c->list, c->limits);
    return c->fatal || PyList_GET_SIZE(c->list) > before;
}

/* Written alone, as one: at most one fault, but for what is not of its type. */
static void whole(collector *c, qpy_plan *plan, uint32_t number, PyObject *object)
{
    qpy_walker w;
    if (write_alone(c, &w, plan, number, object)) {
        qpy_walker_release(&w);
        return;
    }
    if (w.buffer.error == QR_ERROR_TYPE_MISMATCH && plan) {
        PyErr_Clear();
        if (mismatches(c, plan, number, object)) {
            qpy_walker_release(&w);
            return;
        }
    }
    failed(c, &w);
}

/* ---------------------------------------------------------------- containers */

/* numbers: of each place; NULL: all are of that node. plan NULL: of any. */
static void items_of(collector *c, PyObject *object, qpy_plan *plan, uint32_t number, const uint32_t *numbers)
{
    for (Py_ssize_t i = 0; !is_over(c) && i < Py_SIZE(object); i++) {
        PyObject *item = Py_NewRef(PyList_Check(object) ? PyList_GET_ITEM(object, i) : PyTuple_GET_ITEM(object, i)), *index = PyLong_FromSsize_t(i);
        if (index)
            part_of(c, index, plan, numbers ? numbers[i] : number, item);
        else
            c->fatal = 1;
        Py_XDECREF(index);
        Py_DECREF(item);
    }
}

/* The keys, each with a value that can be written. */
static PyObject *only_keys(PyObject *dict)
{
    PyObject *key, *value, *made = PyDict_New();
    Py_ssize_t i = 0;
    while (made && PyDict_Next(dict, &i, &key, &value))
        if (PyDict_SetItem(made, key, Py_None) < 0)
            Py_CLEAR(made);
    return made;
}

/* Each alone, then all together, for two may be written alike. */
static void any_keys_of(collector *c, PyObject *keys)
{
    PyObject *key, *value;
    Py_ssize_t i = 0, before = PyList_GET_SIZE(c->list);
    if (error_of(c, NULL, 0, keys) == QR_ERROR_NONE)
        return;
    while (!is_over(c) && PyDict_Next(keys, &i, &key, &value)) {
        PyObject *one = PyDict_New();
        if (one && PyDict_SetItem(one, key, Py_None) == 0)
            whole(c, NULL, 0, one);
        else
            c->fatal = 1;
        Py_XDECREF(one);
    }
    if (!is_over(c) && PyList_GET_SIZE(c->list) == before)
        whole(c, NULL, 0, keys);
}

/* A pair whose key is written by its type cannot be taken apart: with a value that is sound it is written as a dict of its own. */
static void adapted_pair_of(collector *c, qpy_plan *plan, const qr_node *node, uint32_t number, PyObject *key, PyObject *value)
{
    Py_ssize_t before = PyList_GET_SIZE(c->list);
    part_of(c, key, plan, node->value, value);
    if (is_over(c) || PyList_GET_SIZE(c->list) > before)
        return;
    PyObject *one = PyDict_New();
    if (one && PyDict_SetItem(one, key, value) == 0)
        whole(c, plan, number, one);
    else
        c->fatal = 1;
    Py_XDECREF(one);
}

static void pairs_of(collector *c, PyObject *object, qpy_plan *plan, const qr_node *node, uint32_t number)
{
    PyObject *copy = PyDict_Copy(object), *keys = copy ? only_keys(copy) : NULL, *key, *value;
    Py_ssize_t i = 0, before = PyList_GET_SIZE(c->list);
    int adapts = plan && QPY_ADAPTS_KEY(plan, node->item);
    c->fatal = !keys;
    while (plan && !adapts && !is_over(c) && PyDict_Next(copy, &i, &key, &value))
        if (Py_TYPE(key) != plan->nodes[node->item].exact && enter(c, key)) {
            mismatches(c, plan, node->item, key);
            leave(c);
        }
    if (!adapts && !is_over(c) && PyList_GET_SIZE(c->list) == before)
        any_keys_of(c, keys);
    i = 0;
    while (!is_over(c) && PyDict_Next(copy, &i, &key, &value)) {
        if (adapts)
            adapted_pair_of(c, plan, node, number, key, value);
        else
            part_of(c, key, plan, plan ? node->value : 0, value);
    }
    if (adapts && !is_over(c) && PyList_GET_SIZE(c->list) == before)
        whole(c, plan, number, copy);
    Py_XDECREF(copy);
    Py_XDECREF(keys);
}

/* ---------------------------------------------------------------- objects with fields */

/* 1 with the value of a field that is written, 0 when there is none. */
static int field_of(collector *c, qpy_plan *plan, const qr_record *record, const qpy_record_side *side, uint32_t i, PyObject *object, PyObject **value)
{
    const qpy_field_side *field = &plan->fields[record->first + i];
    qpy_walker w;
    *value = NULL;
    if (!field->written)
        return 0;
    start(c, &w);
    *value = qpy_walk_attribute(&w, side, field, i, object);
    int omits = *value ? (record->array ? 0 : qpy_walk_omits(&w, field, *value)) : -1;
    if (omits < 0) {
        qpy_walk_field(&w, plan, record->first + i);
        failed(c, &w);
    }
    else
        qpy_walker_release(&w);
    if (omits)
        Py_CLEAR(*value);
    return *value != NULL;
}

static void extras_of(collector *c, const qpy_record_side *side, PyObject *object)
{
    PyObject *pairs = NULL;
    qpy_walker w;
    start(c, &w);
    if (!qpy_walk_extras(&w, side, object, &pairs))
        failed(c, &w);
    else
        qpy_walker_release(&w);
    for (Py_ssize_t i = 0; pairs && i < PyList_GET_SIZE(pairs); i++)
        part_of(c, PyTuple_GET_ITEM(PyList_GET_ITEM(pairs, i), 0), NULL, 0, PyTuple_GET_ITEM(PyList_GET_ITEM(pairs, i), 1));
    Py_XDECREF(pairs);
}

static void fields_of(collector *c, qpy_plan *plan, uint32_t number, PyObject *object, int typed)
{
    const qr_record *record = qpy_plan_record(plan, number);
    const qpy_record_side *side = qpy_plan_record_side(plan, number);
    Py_INCREF((PyObject *)plan);
    for (uint32_t i = 0; !is_over(c) && i < record->count; i++) {
        const qpy_field_side *field = &plan->fields[record->first + i];
        PyObject *value;
        if (!field_of(c, plan, record, side, i, object, &value) || is_over(c)) {
            Py_XDECREF(value);
            continue;
        }
        qpy_plan *its = typed || field->adapts ? plan : NULL;
        uint32_t node = plan->core->fields[record->first + i].node;
        if (field->secret && enter(c, field->name)) {
            uint8_t was = c->secret;
            c->secret = 1;
            whole(c, its, node, value);
            c->secret = was;
            leave(c);
        }
        else
            part_of(c, field->name, its, node, value);
        Py_DECREF(value);
    }
    if (!is_over(c))
        extras_of(c, side, object);
    Py_DECREF((PyObject *)plan);
}

/* A TypedDict: what is not of its type, then what no document holds. What is found twice is dropped at the end. */
static void entries_of(collector *c, qpy_plan *plan, uint32_t number, PyObject *object)
{
    const qr_record *record = qpy_plan_record(plan, number);
    PyObject *copy = PyDict_Copy(object), *key, *value;
    Py_ssize_t i = 0, before = PyList_GET_SIZE(c->list);
    c->fatal = !copy;
    if (copy)
        mismatches(c, plan, number, object);
    while (!is_over(c) && PyDict_Next(copy, &i, &key, &value)) {
        uint32_t field = qpy_walk_field_of(plan, record, key);
        if (field == QR_PLAN_NONE)
            part_of(c, key, NULL, 0, value);
        else if (plan->fields[field].written && !plan->fields[field].secret)
            part_of(c, key, plan, plan->core->fields[field].node, value);
    }
    if (!is_over(c) && PyList_GET_SIZE(c->list) == before)
        whole(c, plan, number, object);
    Py_XDECREF(copy);
}

/* ---------------------------------------------------------------- any value */

static void any_value_of(collector *c, PyObject *object)
{
    qpy_plan *plan = NULL;
    qr_kind kind;
    qpy_walker w;
    if (PyDict_CheckExact(object)) {
        pairs_of(c, object, NULL, NULL, 0);
        return;
    }
    if (PyList_CheckExact(object) || PyTuple_CheckExact(object)) {
        items_of(c, object, NULL, 0, NULL);
        return;
    }
    start(c, &w);
    qpy_way way = qpy_walk_way(&w, object, &plan, &kind);
    qpy_walker_release(&w);
    if (way == QPY_WAY_ERROR)
        PyErr_Clear(); /* comes up again */
    if (way == QPY_WAY_RECORD || way == QPY_WAY_OBJECT)
        fields_of(c, plan, 0, object, 0);
    else
        whole(c, NULL, 0, object);
}

static void union_of(collector *c, qpy_plan *plan, uint32_t number, PyObject *object)
{
    qr_error error = error_of(c, plan, number, object);
    if (error == QR_ERROR_NONE)
        return;
    uint32_t arm = error == QR_ERROR_READ_AS ? QR_PLAN_NONE : qpy_union_arm(c->state, plan, number, object, NULL);
    PyErr_Clear();
    if (arm != QR_PLAN_NONE)
        value_of(c, plan, arm, object);
    else
        whole(c, plan, number, object);
}

static void typed_value_of(collector *c, qpy_plan *plan, uint32_t number, PyObject *object)
{
    const qr_node *node = &plan->core->nodes[number];
    unsigned flavour = plan->nodes[number].flavour;
    switch (node->kind) {
    case QR_KIND_ANY: any_value_of(c, object); return;
    case QR_KIND_ARRAY:
        if ((PyList_CheckExact(object) && flavour == QPY_LIST) || (PyTuple_CheckExact(object) && flavour == QPY_TUPLE)) {
            items_of(c, object, plan, node->item, NULL);
            return;
        }
        break;
    case QR_KIND_TUPLE:
        if (PyTuple_CheckExact(object) && PyTuple_GET_SIZE(object) == node->item_count) {
            items_of(c, object, plan, 0, plan->core->items + node->item);
            return;
        }
        break;
    case QR_KIND_MAP:
        if (PyDict_CheckExact(object) && flavour != QPY_MADE) {
            pairs_of(c, object, plan, node, number);
            return;
        }
        break;
    case QR_KIND_RECORD:
        if (qpy_plan_record_side(plan, number)->form == QPY_FORM_TYPEDDICT ? PyDict_CheckExact(object) : Py_TYPE(object) == qpy_plan_record_side(plan, number)->cls) {
            if (PyDict_CheckExact(object))
                entries_of(c, plan, number, object);
            else
                fields_of(c, plan, number, object, 1);
            return;
        }
        break;
    case QR_KIND_UNION: union_of(c, plan, number, object); return;
    case QR_KIND_ADAPTER:
        if (!plan->nodes[number].encode) {
            value_of(c, plan, node->item, object);
            return;
        }
        break;
    default: break;
    }
    whole(c, plan, number, object);
}

static uint32_t lend(collector *c) { return qr_depth_lend(&c->depth); }

/* Beyond the depth that can be written the fault is met where it is written. */
static int go_on(collector *c, qpy_plan *plan, uint32_t number, PyObject *object)
{
    QR_STACK_ENTER(&c->depth, lend(c), 0, go_on(c, plan, number, object));
    Py_INCREF(object);
    if (plan && !(object == Py_None && (plan->core->nodes[number].flags & QR_NODE_NULLABLE)))
        typed_value_of(c, plan, number, object);
    else if (!plan)
        any_value_of(c, object);
    Py_DECREF(object);
    c->depth.left++;
    return 1;
}

static void value_of(collector *c, qpy_plan *plan, uint32_t number, PyObject *object)
{
    if (!is_over(c) && !go_on(c, plan, number, object))
        whole(c, plan, number, object);
}

void qpy_walk_collect(qpy_state *state, const qpy_codec *codec, const qr_style *style, qpy_plan *plan, PyObject *adapters, const qpy_write_limits *limits,
                      PyObject *object)
{
    if (!is_encode_error())
        return;
    PyObject *first = qpy_raise_take();
    collector c = {.state = state, .codec = codec, .style = style, .adapters = adapters, .limits = limits, .list = PyList_New(0), .way = PyList_New(0)};
    qr_depth_init(&c.depth, limits->depth);
    c.fatal = !c.list || !c.way;
    if (!c.fatal)
        value_of(&c, plan, 0, object);
    if (c.fatal)
        Py_CLEAR(c.list);
    PyObject *type, *value, *traceback; /* what is dropped must not see it */
    PyErr_Fetch(&type, &value, &traceback);
    Py_XDECREF(c.way);
    PyErr_Restore(type, value, traceback);
    qpy_collect_raise(first, c.list);
}
