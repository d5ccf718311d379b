/* SPDX-License-Identifier: Apache-2.0 */
/* objects_check: is an object a value of its declared type already? quire.validate, Encoder(T), and convert's question about
 * instances of the record it wants.
 *
 * A direct walk over plan and object. The instance of the record loop with the check sink would read what *can become* a
 * value; this asks what *is* one, and for most fields that is one comparison of the object's class with the one that the
 * plan expects (`exact`). Nothing is prepared until something is wrong. An Encoder compares the same while it writes and asks here
 * for what is not that simple (qpy_walk_checks), then once more when something is wrong, for the fault. */
#include "binding/objects_faults.h"

#include "binding/adapt.h"
#include "binding/codec.h"
#include "binding/collect.h"
#include "binding/containers.h"
#include "binding/record/internal.h"
#include "binding/scalar.h"
#include "binding/union.h"
#include "binding/walk.h"

typedef struct qpy_check {
    qpy_state *state;
    qpy_plan *plan;
    qpy_objects *objects; /* where faults go */
    qr_path *path;        /* ready == 0: with which `objects` is to be initialised */
    PyObject *root;
    qr_depth depth;
    uint32_t calls;       /* how often user code may have run */
    qpy_faults *all;      /* errors="all": where faults are kept; NULL: the first one ends the check */
    uint8_t ready, quiet, bounds, partial;
} qpy_check;

static int check_node(qpy_check *c, uint32_t number, PyObject *object);

QR_INLINE int check_value(qpy_check *c, uint32_t number, PyObject *object)
{
    return QR_LIKELY(Py_TYPE(object) == c->plan->nodes[number].exact) || check_node(c, number, object);
}

/* ---------------------------------------------------------------- faults */

static QR_COLD qr_reader *reader_of(qpy_check *c)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (!c->ready)
        qpy_objects_init(c->objects, c->path, c->state, c->plan, c->root, NULL, 0);
    c->ready = 1;
    PyErr_Restore(type, value, traceback);
    return &c->objects->reader;
}

static QR_COLD int fail(qpy_check *c, qr_error error, uint32_t number, PyObject *object)
{
    if (c->quiet && error != QR_ERROR_SINK && error != QR_ERROR_MEMORY)
        return 0;
    qr_reader *r = reader_of(c);
    if (r->error == QR_ERROR_NONE) {
        r->error_node = number;
        qr_reader_fail(r, error, (const uint8_t *)object);
        qpy_objects_hold(c->objects);
    }
    return 0;
}
static int fail_user(qpy_check *c, uint32_t number) { return fail(c, PyErr_ExceptionMatches(PyExc_MemoryError) ? QR_ERROR_MEMORY : QR_ERROR_SINK, number, NULL); }

/* The step of a container to what failed in it. 1 when the check goes on with what follows; else 0. */
static QR_COLD int step(qpy_check *c, qr_step step)
{
    if (c->all) {
        int64_t left = (int64_t)c->depth.left + c->depth.deeper;
        int goes_on = qpy_faults_keep(c->all, c->objects, -1);
        qpy_faults_step(c->all, left, step);
        if (goes_on)
            return 1;
    }
    if (c->ready && c->objects->reader.error != QR_ERROR_NONE) {
        qr_path_append(c->objects->reader.path, step);
        qpy_objects_hold(c->objects);
    }
    return 0;
}
static int step_index(qpy_check *c, Py_ssize_t index) { return step(c, (qr_step){QR_STEP_INDEX, {.number = (size_t)index}}); }
static int step_field(qpy_check *c, uint32_t field) { return step(c, (qr_step){QR_STEP_FIELD, {.number = field}}); }
static int step_key(qpy_check *c, PyObject *key) { return step(c, (qr_step){QR_STEP_KEY, {.at = key}}); }

/* Fields of the record's object that must be there and are not, as bits; one of them is `field`. Those before it are. */
static void note_missing(uint64_t missing[16], const qr_record *record, uint32_t field) { missing[(field - record->first) / 64] |= (uint64_t)1 << ((field - record->first) % 64); }

static QR_COLD int is_missing(qpy_check *c, const qpy_record_side *form, uint32_t field, PyObject *object)
{
    const qpy_field_side *side = &c->plan->fields[field];
    if (form->form == QPY_FORM_TYPEDDICT) {
        if (!(c->plan->core->fields[field].flags & QR_FIELD_REQUIRED))
            return 0;
        int has = PyDict_Contains(object, side->name);
        return has < 0 ? -1 : !has;
    }
    if (!side->stored || (!side->init && !side->default_kind))
        return 0;
    c->calls++;
    PyObject *value = PyObject_GetAttr(object, side->name);
    if (!value && !PyErr_ExceptionMatches(PyExc_AttributeError))
        return -1;
    PyErr_Clear();
    Py_XDECREF(value);
    return value == NULL;
}

/* All that are missing make one fault. With errors="all" it is kept at once, and the other fields are looked at: 1, else 0. */
static QR_COLD int fail_missing(qpy_check *c, uint32_t number, uint32_t field, PyObject *object)
{
    const qr_record *record = qpy_plan_record(c->plan, number);
    if (c->quiet)
        return 0;
    qr_reader *r = reader_of(c);
    uint64_t missing[16] = {0};
    note_missing(missing, record, field);
    for (uint32_t other = field + 1; other < record->first + record->count; other++) {
        int is = is_missing(c, qpy_plan_record_side(c->plan, number), other, object);
        if (is < 0)
            return fail_user(c, number);
        if (is)
            note_missing(missing, record, other);
    }
    if (r->error != QR_ERROR_NONE)
        return 0;
    memcpy(r->error_missing, missing, sizeof missing);
    fail(c, QR_ERROR_MISSING_FIELD, number, object);
    return c->all && qpy_faults_keep(c->all, c->objects, (int64_t)c->depth.left + c->depth.deeper);
}

/* One level down, at the head of a function that is as before when it is called `again` (QR_STACK_ENTER). The object is held, for user
 * code may run below. */
static QR_COLD uint32_t go_deeper(qpy_check *c, uint32_t number, PyObject *object)
{
    uint32_t lent = qr_depth_lend(&c->depth);
    return lent ? lent : (uint32_t)fail(c, QR_ERROR_DEPTH, number, object);
}
#define ENTER(c, number, object, again)                                             \
    QR_STACK_ENTER(&(c)->depth, go_deeper(c, number, object), 0, again);            \
    Py_INCREF(object)
static int leave(qpy_check *c, PyObject *object, int ok)
{
    c->depth.left++;
    Py_DECREF(object);
    return ok;
}

/* ---------------------------------------------------------------- scalars */

/* Is the value of an int one of a double? */
static int is_exact(PyObject *integer)
{
    int overflow;
    long long small = PyLong_AsLongLongAndOverflow(integer, &overflow);
    if (!overflow && small >= -9007199254740992 && small <= 9007199254740992)
        return 1;
    double value = PyLong_AsDouble(integer);
    PyObject *back = value == -1.0 && PyErr_Occurred() ? NULL : PyLong_FromDouble(value);
    int same = back ? PyObject_RichCompareBool(back, integer, Py_EQ) : 0;
    Py_XDECREF(back);
    PyErr_Clear();
    return same > 0;
}

/* The bounds that the core does not know of: in Python's arithmetic. */
static int check_judged(qpy_check *c, uint32_t number, PyObject *object)
{
    qr_reader *r = reader_of(c);
    c->calls++;
    PyObject *value = qpy_sink_bounded(&c->objects->sink, r, number, Py_NewRef(object), (const uint8_t *)object);
    if (value) {
        Py_DECREF(value);
        return 1;
    }
    if (c->quiet && r->error != QR_ERROR_SINK)
        r->error = QR_ERROR_NONE;
    else
        qpy_objects_hold(c->objects);
    return 0;
}

static qr_error bound_of_number(const qr_plan_bounds *bounds, unsigned kind, PyObject *object, int *is_big)
{
    int overflow = 0;
    if (PyFloat_Check(object))
        return qr_bounds_check_float(bounds, PyFloat_AS_DOUBLE(object));
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    *is_big = overflow != 0;
    return overflow ? QR_ERROR_NONE : kind == QR_KIND_FLOAT ? qr_bounds_check_float(bounds, (double)value) : qr_bounds_check_int(bounds, value);
}

static Py_ssize_t length_of_bytes(PyObject *object)
{
    if (PyMemoryView_Check(object))
        return PyMemoryView_GET_BUFFER(object)->len;
    return PyBytes_Check(object) ? PyBytes_GET_SIZE(object) : PyByteArray_GET_SIZE(object);
}

static int check_bounds(qpy_check *c, uint32_t number, PyObject *object)
{
    const qr_node *node = &c->plan->core->nodes[number];
    const qr_plan_bounds *bounds = &c->plan->core->bounds[node->bounds];
    qr_error error = QR_ERROR_NONE;
    int judged = 1;
    switch (node->kind) {
    case QR_KIND_INT:
    case QR_KIND_FLOAT: error = bound_of_number(bounds, node->kind, object, &judged); break;
    case QR_KIND_STR: error = qr_bounds_check_length(bounds, (size_t)PyUnicode_GET_LENGTH(object)); break;
    case QR_KIND_BYTES: error = qr_bounds_check_length(bounds, (size_t)length_of_bytes(object)); break;
    default: break;
    }
    if (error != QR_ERROR_NONE)
        return fail(c, error, number, object);
    return !judged || check_judged(c, number, object);
}

static int check_length(qpy_check *c, uint32_t number, Py_ssize_t length, PyObject *object)
{
    const qr_node *node = &c->plan->core->nodes[number];
    qr_error error = c->bounds && (node->flags & QR_NODE_BOUNDED) ? qr_bounds_check_length(&c->plan->core->bounds[node->bounds], (size_t)length) : QR_ERROR_NONE;
    return error == QR_ERROR_NONE || fail(c, error, number, object);
}

/* ---------------------------------------------------------------- arrays and maps */

static int is_array(const qpy_plan *plan, uint32_t number, PyObject *object)
{
    const qpy_node_side *side = &plan->nodes[number];
    if (QR_LIKELY(side->flavour == QPY_LIST && PyList_Check(object)))
        return 1;
    return qpy_containers_holds(side, object);
}

/* A list or a tuple, for an array node. */
static int check_items(qpy_check *c, uint32_t number, PyObject *object)
{
    uint32_t item = c->plan->core->nodes[number].item;
    PyTypeObject *exact = c->plan->nodes[item].exact;
    int is_list = PyList_Check(object), ok = 1;
    ENTER(c, number, object, check_items(c, number, object));
    for (Py_ssize_t i = 0; i < Py_SIZE(object); i++) {
        PyObject *value = is_list ? PyList_GET_ITEM(object, i) : PyTuple_GET_ITEM(object, i);
        if (QR_UNLIKELY(Py_TYPE(value) != exact) && QR_UNLIKELY(!check_node(c, item, value))) {
            ok = 0;
            if (!step_index(c, i))
                break;
        }
    }
    return leave(c, object, ok);
}

static int check_array(qpy_check *c, uint32_t number, PyObject *object)
{
    uint32_t item = c->plan->core->nodes[number].item;
    if (!is_array(c->plan, number, object))
        return fail(c, QR_ERROR_TYPE_MISMATCH, number, object);
    int is_plain = PyList_Check(object) || PyTuple_Check(object);
    if (!check_length(c, number, is_plain ? Py_SIZE(object) : PyObject_Size(object), object))
        return 0;
    int fits = qpy_containers_fits(c->state, &c->plan->nodes[number], object);
    if (fits < 1)
        return fits < 0 ? fail_user(c, number) : fail(c, QR_ERROR_WRONG_MAXLEN, number, object);
    if (c->plan->core->nodes[item].kind == QR_KIND_ANY)
        return 1;
    if (is_plain)
        return check_items(c, number, object);
    c->calls++;
    PyObject *list = PySequence_List(object);
    if (!list)
        return fail_user(c, number);
    int ok = check_items(c, number, list);
    Py_DECREF(list);
    return ok;
}

static int check_tuple(qpy_check *c, uint32_t number, PyObject *object)
{
    const qr_node *node = &c->plan->core->nodes[number];
    if (!PyTuple_Check(object))
        return fail(c, QR_ERROR_TYPE_MISMATCH, number, object);
    if (PyTuple_GET_SIZE(object) != node->item_count)
        return fail(c, QR_ERROR_WRONG_LENGTH, number, object);
    int ok = 1;
    ENTER(c, number, object, check_tuple(c, number, object));
    for (Py_ssize_t i = 0; i < node->item_count; i++)
        if (!check_value(c, c->plan->core->items[node->item + i], PyTuple_GET_ITEM(object, i))) {
            ok = 0;
            if (!step_index(c, i))
                break;
        }
    return leave(c, object, ok);
}

static int check_pairs(qpy_check *c, const qr_node *node, PyObject *dict)
{
    qpy_dict_iter iter;
    PyObject *key, *value;
    uint32_t calls = c->calls;
    int all_ok = 1;
    qpy_dict_iter_init(&iter, dict, c->state->private_ok);
    while (qpy_dict_iter_next(&iter, &key, &value)) {
        int ok = Py_TYPE(key) == c->plan->nodes[node->item].exact;
        if (QR_LIKELY(ok) && QR_LIKELY(Py_TYPE(value) == c->plan->nodes[node->value].exact))
            continue;
        Py_INCREF(key);
        Py_INCREF(value);
        ok = (ok || check_node(c, node->item, key)) && check_value(c, node->value, value);
        if (!ok) {
            all_ok = 0;
            ok = step_key(c, key);
        }
        Py_DECREF(key);
        Py_DECREF(value);
        if (!ok)
            return 0;
        if (QR_UNLIKELY(calls != c->calls) && !qpy_dict_iter_valid(&iter))
            return fail(c, QR_ERROR_INPUT_CHANGED, QR_PLAN_NONE, NULL);
        calls = c->calls;
    }
    return all_ok;
}

static int check_map(qpy_check *c, uint32_t number, PyObject *object)
{
    if (!PyDict_Check(object) || (c->plan->nodes[number].flavour == QPY_MADE && !qpy_containers_holds(&c->plan->nodes[number], object)))
        return fail(c, QR_ERROR_TYPE_MISMATCH, number, object);
    if (!check_length(c, number, PyDict_GET_SIZE(object), object))
        return 0;
    ENTER(c, number, object, check_map(c, number, object));
    return leave(c, object, check_pairs(c, &c->plan->core->nodes[number], object));
}

/* ---------------------------------------------------------------- records */

/* A field that is not set, or UNSET: is that how it may be? */
static int is_left_out(const qpy_check *c, const qpy_field_side *side, const PyObject *value) { return value == c->state->unset && side->default_ == value; }

/* One field; borrowed value. */
static int check_field(qpy_check *c, uint32_t field, PyObject *value)
{
    const qpy_field_side *side = &c->plan->fields[field];
    if (QR_LIKELY(Py_TYPE(value) == side->exact) || (value == Py_None && side->nullable) || is_left_out(c, side, value))
        return 1;
    return check_node(c, c->plan->core->fields[field].node, value);
}

static int check_slots(qpy_check *c, uint32_t number, PyObject *object)
{
    const qr_record *record = qpy_plan_record(c->plan, number);
    const qpy_field_side *sides = &c->plan->fields[record->first];
    int ok = 1, missed = c->partial;
    for (uint32_t i = 0; i < record->count; i++) {
        PyObject *value = *qpy_record_slot(object, sides[i].offset);
        if (QR_UNLIKELY(!value)) {
            if (missed || (!sides[i].init && !sides[i].default_kind)) /* __post_init__'s affair */
                continue;
            ok = 0;
            missed = 1;
            if (!fail_missing(c, number, record->first + i, object))
                return 0;
            continue;
        }
        if (QR_LIKELY(Py_TYPE(value) == sides[i].exact))
            continue;
        if (!check_field(c, record->first + i, value)) {
            ok = 0;
            if (!step_field(c, record->first + i))
                return 0;
        }
    }
    return ok;
}

/* The attribute of a field of an instance of the class itself, where it can be read in place: borrowed, or NULL. */
QR_INLINE PyObject *attribute_in_place(const qpy_record_side *form, PyObject *object, uint32_t i, PyObject *name)
{
    return QR_LIKELY(Py_TYPE(object) == form->cls) && qpy_plan_is_plain(form) ? qpy_instance_get(object, i, name) : NULL;
}

static int check_attributes(qpy_check *c, uint32_t number, PyObject *object)
{
    const qr_record *record = qpy_plan_record(c->plan, number);
    const qpy_record_side *form = qpy_plan_record_side(c->plan, number);
    int all_ok = 1, missed = c->partial;
    for (uint32_t i = 0; i < record->count; i++) {
        const qpy_field_side *side = &c->plan->fields[record->first + i];
        if (!side->stored)
            continue;
        PyObject *value = attribute_in_place(form, object, i, side->name);
        if (QR_LIKELY(value != NULL)) {
            if (QR_LIKELY(Py_TYPE(value) == side->exact))
                continue;
            Py_INCREF(value);
        }
        else {
            c->calls++;
            value = PyObject_GetAttr(object, side->name);
        }
        if (!value) {
            if (!PyErr_ExceptionMatches(PyExc_AttributeError))
                return fail_user(c, number);
            PyErr_Clear();
            if (missed || (!side->init && !side->default_kind))
                continue;
            all_ok = 0;
            missed = 1;
            if (!fail_missing(c, number, record->first + i, object))
                return 0;
            continue;
        }
        int ok = check_field(c, record->first + i, value);
        if (!ok) {
            all_ok = 0;
            ok = step_field(c, record->first + i);
        }
        Py_DECREF(value);
        if (!ok)
            return 0;
    }
    return all_ok;
}

static int check_namedtuple(qpy_check *c, uint32_t number, PyObject *object)
{
    const qr_record *record = qpy_plan_record(c->plan, number);
    if (PyTuple_GET_SIZE(object) != record->count)
        return fail(c, QR_ERROR_WRONG_LENGTH, number, object);
    int ok = 1;
    for (uint32_t i = 0; i < record->count; i++)
        if (!check_field(c, record->first + i, PyTuple_GET_ITEM(object, i))) {
            ok = 0;
            if (!step_field(c, record->first + i))
                break;
        }
    return ok;
}

/* Each key that is no field's, until one is enough. */
static QR_COLD int check_unknown(qpy_check *c, uint32_t number, PyObject *object)
{
    const qr_record *record = qpy_plan_record(c->plan, number);
    PyObject *key, *value;
    Py_ssize_t at = 0;
    if (c->quiet)
        return 0;
    while (PyDict_Next(object, &at, &key, &value)) {
        if (qpy_walk_field_of(c->plan, record, key) != QR_PLAN_NONE)
            continue;
        fail(c, QR_ERROR_UNKNOWN_FIELD, number, object);
        if (!step_key(c, key))
            break;
    }
    return 0;
}

static int check_typeddict(qpy_check *c, uint32_t number, PyObject *object)
{
    const qr_record *record = qpy_plan_record(c->plan, number);
    Py_ssize_t found = 0;
    int all_ok = 1, missed = 0;
    for (uint32_t i = 0; i < record->count; i++) {
        PyObject *value = PyDict_GetItemWithError(object, c->plan->fields[record->first + i].name);
        if (!value) {
            if (PyErr_Occurred())
                return fail_user(c, number);
            if (missed || !(c->plan->core->fields[record->first + i].flags & QR_FIELD_REQUIRED))
                continue;
            all_ok = 0;
            missed = 1;
            if (!fail_missing(c, number, record->first + i, object))
                return 0;
            continue;
        }
        found++;
        Py_INCREF(value);
        int ok = check_field(c, record->first + i, value);
        if (!ok) {
            all_ok = 0;
            ok = step_field(c, record->first + i);
        }
        Py_DECREF(value);
        if (!ok)
            return 0;
    }
    if (record->unknown == QR_UNKNOWN_ERROR && found != PyDict_GET_SIZE(object))
        return check_unknown(c, number, object);
    return all_ok;
}

static int check_record(qpy_check *c, uint32_t number, PyObject *object)
{
    const qpy_record_side *side = qpy_plan_record_side(c->plan, number);
    int ok, is_typeddict = side->form == QPY_FORM_TYPEDDICT;
    if (is_typeddict ? !PyDict_Check(object) : Py_TYPE(object) != side->cls && !PyType_IsSubtype(Py_TYPE(object), side->cls))
        return fail(c, QR_ERROR_TYPE_MISMATCH, number, object);
    ENTER(c, number, object, check_record(c, number, object));
    if (is_typeddict)
        ok = check_typeddict(c, number, object);
    else if (side->form == QPY_FORM_NAMEDTUPLE)
        ok = check_namedtuple(c, number, object);
    else if (Py_TYPE(object) == side->cls && ((side->form == QPY_FORM_RECORD && !side->gaps) || (side->form == QPY_FORM_DATACLASS && side->slots)))
        ok = check_slots(c, number, object);
    else
        ok = check_attributes(c, number, object);
    return leave(c, object, ok);
}

/* ---------------------------------------------------------------- unions */

static int check_union(qpy_check *c, uint32_t number, PyObject *object)
{
    uint32_t arm = qpy_union_arm(c->state, c->plan, number, object, NULL);
    if (arm == QR_PLAN_NONE)
        return PyErr_Occurred() ? fail_user(c, number) : fail(c, QR_ERROR_TYPE_MISMATCH, number, object);
    return check_value(c, arm, object);
}

/* An encoder's second look: what is written for the object, to say what is wrong with it. */
static QR_COLD int check_adapted(qpy_check *c, uint32_t number, PyObject *object)
{
    ENTER(c, number, object, check_adapted(c, number, object));
    c->calls++;
    PyObject *wire = PyObject_CallOneArg(c->plan->nodes[number].encode, object);
    int ok = wire ? check_value(c, c->plan->core->nodes[number].item, wire) : fail_user(c, number);
    if (!ok)
        qpy_objects_hold(c->objects);
    Py_XDECREF(wire);
    return leave(c, object, ok);
}

/* ---------------------------------------------------------------- any node */

static QR_NOINLINE int check_node(qpy_check *c, uint32_t number, PyObject *object)
{
    const qr_node *node = &c->plan->core->nodes[number];
    int ok, integer;
    if (object == Py_None && (node->flags & QR_NODE_NULLABLE))
        return 1;
    switch (node->kind) {
    case QR_KIND_ANY: return 1;
    case QR_KIND_RECORD: return check_record(c, number, object);
    case QR_KIND_ARRAY: return check_array(c, number, object);
    case QR_KIND_MAP: return check_map(c, number, object);
    case QR_KIND_TUPLE: return check_tuple(c, number, object);
    case QR_KIND_UNION: return check_union(c, number, object);
    case QR_KIND_ADAPTER:
        if (!c->plan->nodes[number].encode)
            return check_value(c, node->item, object) && (!c->bounds || check_judged(c, number, object));
        if (!qpy_adapt_takes(c->plan, number, object))
            return fail(c, QR_ERROR_TYPE_MISMATCH, number, object);
        if (!c->bounds && c->quiet == 0)
            return check_adapted(c, number, object);
        return !c->bounds || !(node->flags & QR_NODE_BOUNDED) || check_judged(c, number, object);
    case QR_KIND_CHOICE: return qpy_union_is_choice(c->plan, number, object) || fail(c, QR_ERROR_INVALID_CHOICE, number, object);
    case QR_KIND_RAW: ok = Py_IS_TYPE(object, c->state->raw_type); break;
    case QR_KIND_NONE: ok = object == Py_None; break;
    case QR_KIND_BOOL: ok = PyBool_Check(object); break;
    case QR_KIND_INT: ok = PyLong_Check(object) && !PyBool_Check(object); break;
    case QR_KIND_FLOAT:
        integer = PyLong_Check(object) && !PyBool_Check(object);
        if (integer && !is_exact(object))
            return fail(c, QR_ERROR_INEXACT, number, object);
        ok = integer || PyFloat_Check(object);
        break;
    case QR_KIND_STR: ok = PyUnicode_Check(object); break;
    case QR_KIND_BYTES: ok = PyObject_TypeCheck(object, (PyTypeObject *)c->plan->nodes[number].cls) && (!PyMemoryView_Check(object) || qpy_walk_is_flat(object)); break;
    default: ok = qpy_scalar_kind(c->state, Py_TYPE(object)) == (int)node->kind; break;
    }
    if (!ok)
        return fail(c, QR_ERROR_TYPE_MISMATCH, number, object);
    return !c->bounds || !(node->flags & QR_NODE_BOUNDED) || check_bounds(c, number, object);
}

/* ---------------------------------------------------------------- who asks */

int qpy_objects_is(qpy_objects *self, uint32_t number, PyObject *object, int quiet)
{
    qpy_check c = {.state = self->sink.state, .plan = self->sink.plan, .objects = self, .depth = self->reader.depth, .ready = 1, .quiet = quiet != 0, .bounds = 1};
    return check_value(&c, number, object);
}

/* By its class, for that is what was compared. */
static PyObject *value_at(qpy_state *state, const qr_reader *r, const uint8_t *at, const char **got)
{
    const PyObject *object = qpy_objects_of(r)->failed ? qpy_objects_of(r)->failed : (const PyObject *)at;
    PyObject *value = qpy_objects_format.value_at(state, r, at, got);
    if (object != Py_None)
        *got = qpy_raise_class_name(Py_TYPE(object));
    return value;
}
static PyObject *key_at(qpy_state *state, const qr_reader *r, const void *at) { return qpy_objects_format.key_at(state, r, at); }
static const qpy_format encode_format = {.name = "objects", .value_at = value_at, .key_at = key_at, .attributes = 1, .class_ = "encode"};
static const qpy_format validate_format = {.name = "objects", .value_at = value_at, .key_at = key_at, .attributes = 1};

static QR_NOINLINE int check(qpy_state *state, qpy_plan *plan, PyObject *value, int bounds, const qpy_format *format, uint32_t depth)
{
    qpy_objects objects;
    qr_path path;
    qpy_check c = {.state = state, .plan = plan, .objects = &objects, .path = &path, .root = value, .bounds = bounds != 0};
    qr_depth_init(&c.depth, depth);
    int ok = check_value(&c, 0, value);
    if (QR_UNLIKELY(c.ready))
        qpy_objects_release(&objects, format);
    return ok;
}

int qpy_objects_collect(qpy_state *state, qpy_plan *plan, uint32_t number, PyObject *value, int bounds, const qpy_format *format, PyObject *way, PyObject *list, size_t most, uint32_t depth)
{
    qpy_objects objects;
    qr_path path;
    size_t have = (size_t)PyList_GET_SIZE(list);
    qpy_faults all = {.most = most > have ? most - have : 0};
    qpy_check c = {.state = state, .plan = plan, .objects = &objects, .path = &path, .root = value, .all = &all, .bounds = bounds != 0, .partial = way != NULL};
    qr_depth_init(&c.depth, depth);
    reader_of(&c);
    check_value(&c, number, value);
    qpy_faults_keep(&all, &objects, -1); /* of the value itself */
    int ok = qpy_faults_raise(&all, &objects, format, way, list);
    qpy_faults_release(&all);
    qpy_objects_release(&objects, format);
    return ok;
}

int qpy_objects_collect_written(qpy_state *state, qpy_plan *plan, uint32_t node, PyObject *value, PyObject *way, PyObject *list, const qpy_write_limits *limits)
{
    return qpy_objects_collect(state, plan, node, value, 0, &encode_format, way, list, limits->errors, limits->depth);
}

/* In place of the exception that is set: one with all faults. */
static QR_COLD void validate_all(qpy_state *state, qpy_plan *plan, PyObject *value, const qpy_write_limits *limits)
{
    PyObject *first = qpy_raise_take(), *list = PyList_New(0);
    if (!list || !qpy_objects_collect(state, plan, 0, value, 1, &validate_format, NULL, list, limits->errors, limits->depth))
        Py_CLEAR(list);
    qpy_collect_raise(first, list);
}

int qpy_objects_check(qpy_state *state, qpy_plan *plan, PyObject *value, uint32_t depth) { return check(state, plan, value, 0, &encode_format, depth); }

int qpy_walk_checks(qpy_walker *self, const qpy_plan *plan, uint32_t node, PyObject *value)
{
    qpy_objects objects;
    qr_path path;
    qpy_check c = {.state = self->state, .plan = (qpy_plan *)plan, .objects = &objects, .path = &path, .root = value, .depth = self->depth, .quiet = 1};
    Py_INCREF(value);
    int ok = check_value(&c, node, value);
    self->calls += c.calls;
    if (QR_UNLIKELY(c.ready)) /* only user code's exceptions */
        qpy_objects_release(&objects, &encode_format);
    else if (QR_UNLIKELY(!ok))
        qpy_walk_fail(self, QR_ERROR_TYPE_MISMATCH, value);
    Py_DECREF(value);
    return ok;
}

/* The plan of a record's class, held while user code may run: a new reference, or NULL with an exception. */
static qpy_plan *plan_of_record(qpy_record_class *cls)
{
    return (qpy_plan *)Py_XNewRef((PyObject *)qpy_plan_of_class(cls->state, NULL, &cls->head.ht_type));
}

int qpy_objects_check_record(qpy_record_class *cls, PyObject *record)
{
    qpy_plan *plan = plan_of_record(cls);
    int ok = plan && check(cls->state, plan, record, 1, &validate_format, QR_DEPTH_DEFAULT);
    Py_XDECREF(plan);
    return ok;
}

int qpy_objects_check_field(qpy_record_class *cls, PyObject *object, PyObject *name, PyObject *value)
{
    qpy_objects objects;
    qr_path path;
    qpy_plan *plan = plan_of_record(cls);
    if (!plan)
        return 0;
    const qr_record *record = qpy_plan_record(plan, 0);
    qpy_check c = {.state = cls->state, .plan = plan, .objects = &objects, .path = &path, .root = object, .bounds = 1};
    qr_depth_init(&c.depth, QR_DEPTH_DEFAULT);
    int ok = 1;
    for (uint32_t i = 0; ok && i < record->count; i++)
        if (plan->fields[record->first + i].name == name || PyUnicode_Compare(plan->fields[record->first + i].name, name) == 0) {
            ok = check_field(&c, record->first + i, value) || step_field(&c, record->first + i);
            break;
        }
    if (QR_UNLIKELY(c.ready))
        qpy_objects_release(&objects, &validate_format);
    Py_DECREF(plan);
    return ok && !PyErr_Occurred();
}

static int validate_option(PyObject *name, PyObject *value, PyObject **adapters, int *all, qpy_write_limits *limits)
{
    if (PyUnicode_CompareWithASCIIString(name, "adapters") == 0)
        return qpy_plan_use(value, adapters);
    if (PyUnicode_CompareWithASCIIString(name, "errors") == 0)
        return qpy_errors_option("validate", value, all);
    if (PyUnicode_CompareWithASCIIString(name, "limits") == 0)
        return qpy_write_limits_option("validate", value, limits);
    PyErr_Format(PyExc_TypeError, "validate() got an unexpected keyword argument %R (it takes errors, limits and adapters)", name);
    return 0;
}

PyObject *qpy_objects_validate(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_state *state = qpy_state_of(module);
    PyObject *adapters = NULL;
    qpy_write_limits limits = QPY_WRITE_LIMITS_DEFAULT;
    int all = 0;
    if (count != 2) {
        PyErr_Format(PyExc_TypeError, "validate() takes an object and a type, %zd positional arguments were given", count);
        return NULL;
    }
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++)
        if (!validate_option(PyTuple_GET_ITEM(names, i), args[count + i], &adapters, &all, &limits))
            return NULL;
    if (args[1] == (PyObject *)&PyBaseObject_Type)
        Py_RETURN_NONE;
    qpy_plan *plan = qpy_plan_get(state, adapters, args[1]);
    if (!plan)
        return NULL;
    int ok = check(state, plan, args[0], 1, &validate_format, limits.depth);
    if (QR_UNLIKELY(!ok) && all)
        validate_all(state, plan, args[0], &limits);
    Py_DECREF(plan);
    return ok ? Py_NewRef(Py_None) : NULL;
}
