/* SPDX-License-Identifier: Apache-2.0 */
/* objects_build: quire.to_builtins, Python objects as a target.
 *
 * Not an instance of walk.tmpl.h: that writes a stream into a buffer, where a list's items follow its head; objects are made
 * from the inside out, and nothing is taken apart on the way (docs/adr/0004-to-builtins-is-no-walker.md). What a value is
 * written as, which fields are left out and where a fault lies is asked of the same functions (walk.h). */
#include "binding/objects.h"

#include "binding/adapt.h"
#include "binding/codec.h"
#include "binding/scalar.h"
#include "binding/union.h"
#include "binding/walk.h"

static PyObject *build(qpy_walker *w, PyObject *object);
static PyObject *build_node(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *object);

static PyObject *fail(qpy_walker *w, qr_error error, PyObject *object)
{
    qpy_walk_fail(w, error, object);
    return NULL;
}

static PyObject *leave(qpy_walker *w, PyObject *object, PyObject *result)
{
    qpy_walk_leave(w, object);
    return result;
}

/* ---------------------------------------------------------------- lists */

/* An item of that node, when the plan has to be asked for it (plan NULL: as any value). */
static PyObject *build_item(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *object)
{
    return plan ? build_node(w, plan, number, object) : build(w, object);
}

/* numbers: of each item, as many as there are; NULL: all are of `number`. */
static PyObject *build_items(qpy_walker *w, PyObject *object, const qpy_plan *plan, uint32_t number, const uint32_t *numbers)
{
    int is_list = PyList_Check(object);
    Py_ssize_t n = Py_SIZE(object);
    QPY_WALK_ENTER(w, object, build_items(w, object, plan, number, numbers));
    PyObject *list = PyList_New(n);
    for (Py_ssize_t i = 0; list && i < n; i++) {
        PyObject *item = NULL;
        if (Py_SIZE(object) != n)
            fail(w, QR_ERROR_CHANGED, object);
        else if (!(item = build_item(w, plan, numbers ? numbers[i] : number, is_list ? PyList_GET_ITEM(object, i) : PyTuple_GET_ITEM(object, i))))
            qpy_walk_step(w, NULL, i);
        if (item)
            PyList_SET_ITEM(list, i, item);
        else
            Py_CLEAR(list);
    }
    if (list && Py_SIZE(object) != n) {
        fail(w, QR_ERROR_CHANGED, object);
        Py_CLEAR(list);
    }
    return leave(w, object, list);
}

static PyObject *build_list(qpy_walker *w, PyObject *object) { return build_items(w, object, NULL, 0, NULL); }

static PyObject *build_set(qpy_walker *w, PyObject *object, const qpy_plan *plan, uint32_t number)
{
    w->calls++;
    PyObject *items = PySequence_List(object), *list = items ? build_items(w, items, plan, number, NULL) : NULL;
    Py_XDECREF(items);
    return list;
}

/* ---------------------------------------------------------------- dicts */

/* A key stays what it is when it is a scalar; an Enum's is its value, a date or a UUID as a key is text. */
static PyObject *build_key(qpy_walker *w, PyObject *key)
{
    if (PyUnicode_CheckExact(key) || PyLong_CheckExact(key))
        return Py_NewRef(key);
    if (PyTuple_Check(key))
        return qpy_walk_packed_key(w, key);
    PyObject *made = build(w, key);
    if (made && (PyList_Check(made) || PyDict_Check(made))) {
        Py_DECREF(made);
        return fail(w, QR_ERROR_UNSUPPORTED_KEY, key);
    }
    return made;
}

/* Two keys that become one would lose a value. */
static int put_pair(qpy_walker *w, PyObject *dict, PyObject *key, PyObject *value, const qpy_plan *plan, uint32_t map)
{
    Py_ssize_t before = PyDict_GET_SIZE(dict);
    const qr_node *node = plan ? &plan->core->nodes[map] : NULL;
    PyObject *wire = node && QPY_ADAPTS_KEY(plan, node->item) ? qpy_adapt_key(w, plan, node->item, key) : Py_NewRef(key);
    PyObject *built = wire ? build_key(w, wire) : NULL, *item = built ? build_item(w, plan, node ? node->value : 0, value) : NULL;
    Py_XDECREF(wire);
    int ok = item && PyDict_SetItem(dict, built, item) == 0;
    if (ok && PyDict_GET_SIZE(dict) == before)
        ok = qpy_walk_fail(w, QR_ERROR_DUPLICATE_KEY, key);
    if (!ok)
        qpy_walk_step(w, key, 0);
    Py_XDECREF(built);
    Py_XDECREF(item);
    return ok;
}

/* map: the node of the dict, with a plan. */
static PyObject *build_pairs(qpy_walker *w, PyObject *object, const qpy_plan *plan, uint32_t map)
{
    qpy_dict_iter iter;
    PyObject *key, *value, *dict = PyDict_New();
    uint32_t calls = w->calls;
    Py_ssize_t n = PyDict_GET_SIZE(object);
    qpy_dict_iter_init(&iter, object, w->state->private_ok);
    while (dict && qpy_dict_iter_next(&iter, &key, &value)) {
        n--;
        Py_INCREF(key);
        Py_INCREF(value);
        if (!put_pair(w, dict, key, value, plan, map))
            Py_CLEAR(dict);
        Py_DECREF(key);
        Py_DECREF(value);
        if (dict && calls != w->calls && !qpy_dict_iter_valid(&iter)) {
            fail(w, QR_ERROR_CHANGED, object);
            Py_CLEAR(dict);
        }
        calls = w->calls;
    }
    if (dict && n != 0) {
        fail(w, QR_ERROR_CHANGED, object);
        Py_CLEAR(dict);
    }
    return dict;
}

static PyObject *build_map(qpy_walker *w, PyObject *object, const qpy_plan *plan, uint32_t map)
{
    QPY_WALK_ENTER(w, object, build_map(w, object, plan, map));
    PyObject *plain = qpy_walk_plain_dict(w, object), *dict = plain ? build_pairs(w, plain, plan, map) : NULL;
    Py_XDECREF(plain);
    return leave(w, object, dict);
}

static PyObject *build_dict(qpy_walker *w, PyObject *object) { return build_map(w, object, NULL, 0); }

/* ---------------------------------------------------------------- records */

/* The field's value as it is written: 1, 0 when it is left out, -1 when it failed. */
static int build_field(qpy_walker *w, const qpy_plan *plan, const qr_record *record, uint32_t i, int typed, PyObject *object, PyObject **item)
{
    const qpy_field_side *field = &plan->fields[record->first + i];
    PyObject *value = qpy_walk_attribute(w, &plan->records[record - plan->core->records], field, i, object);
    int omit = value ? (record->array ? 0 : qpy_walk_omits(w, field, value)) : -1;
    *item = omit != 0 ? NULL : typed || field->adapts ? build_node(w, plan, plan->core->fields[record->first + i].node, value) : build(w, value);
    Py_XDECREF(value);
    if (omit > 0)
        return 0;
    if (!*item)
        qpy_walk_field(w, plan, record->first + i);
    return *item ? 1 : -1;
}

static PyObject *build_array(qpy_walker *w, const qpy_plan *plan, const qr_record *record, int typed, PyObject *object)
{
    PyObject *list = PyList_New(0), *item;
    uint32_t width = plan->records[record - plan->core->records].width;
    for (uint32_t i = 0; list && i < width; i++) {
        int got = 1;
        if (plan->fields[record->first + i].written)
            got = build_field(w, plan, record, i, typed, object, &item);
        else
            item = Py_NewRef(Py_None);
        if (got < 0 || (got > 0 && PyList_Append(list, item) < 0))
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static int put_tag(PyObject *dict, const qr_record *record)
{
    PyObject *name = PyUnicode_DecodeUTF8((const char *)record->tag_name, record->tag_name_length, NULL);
    PyObject *tag = record->tag_is_int ? PyLong_FromLongLong(record->tag_int) : PyUnicode_DecodeUTF8((const char *)record->tag, record->tag_length, NULL);
    int ok = name && tag && PyDict_SetItem(dict, name, tag) == 0;
    Py_XDECREF(name);
    Py_XDECREF(tag);
    return ok;
}

static int build_extras(qpy_walker *w, const qpy_record_side *side, PyObject *object, PyObject *dict)
{
    PyObject *pairs;
    int ok = qpy_walk_extras(w, side, object, &pairs);
    for (Py_ssize_t i = 0; ok && pairs && i < PyList_GET_SIZE(pairs); i++) {
        PyObject *key = PyTuple_GET_ITEM(PyList_GET_ITEM(pairs, i), 0), *item = build(w, PyTuple_GET_ITEM(PyList_GET_ITEM(pairs, i), 1));
        ok = (item && PyDict_SetItem(dict, key, item) == 0) || qpy_walk_step(w, key, 0);
        Py_XDECREF(item);
    }
    Py_XDECREF(pairs);
    return ok;
}

static PyObject *build_fields(qpy_walker *w, const qpy_plan *plan, const qr_record *record, int typed, PyObject *object)
{
    PyObject *dict = PyDict_New(), *item;
    if (dict && record->has_tag && !put_tag(dict, record))
        Py_CLEAR(dict);
    for (uint32_t i = 0; dict && i < record->count; i++) {
        const qpy_field_side *field = &plan->fields[record->first + i];
        if (!field->written)
            continue;
        int got = build_field(w, plan, record, i, typed, object, &item);
        if (got < 0 || (got > 0 && PyDict_SetItem(dict, field->wire, item) < 0))
            Py_CLEAR(dict);
        Py_XDECREF(item);
    }
    if (dict && !build_extras(w, &plan->records[record - plan->core->records], object, dict))
        Py_CLEAR(dict);
    return dict;
}

/* typed: the fields are asked of the plan too (a generic class knows less than the plan that names its arguments). */
static PyObject *build_record(qpy_walker *w, PyObject *object, const qpy_plan *plan, uint32_t number, int typed)
{
    const qr_record *record = qpy_plan_record(plan, number);
    QPY_WALK_ENTER(w, object, build_record(w, object, plan, number, typed));
    Py_INCREF((PyObject *)plan);
    PyObject *result = record->array ? build_array(w, plan, record, typed, object) : build_fields(w, plan, record, typed, object);
    Py_DECREF((PyObject *)plan);
    return leave(w, object, result);
}

/* ---------------------------------------------------------------- everything else */

static PyObject *build_scalar(qpy_walker *w, PyObject *object, qr_kind kind)
{
    uint8_t room[QPY_SCALAR_ROOM];
    PyObject *text = NULL;
    w->calls++;
    Py_ssize_t n = qpy_scalar_text(w->state, kind, object, room, &text);
    return n < 0 || text ? text : PyUnicode_DecodeASCII((const char *)room, n, NULL);
}

static PyObject *build_enum(qpy_walker *w, PyObject *object)
{
    QPY_WALK_ENTER(w, object, build_enum(w, object));
    w->calls++;
    PyObject *value = PyObject_GetAttr(object, w->state->str_value);
    PyObject *result = value ? build(w, value) : NULL;
    Py_XDECREF(value);
    return leave(w, object, result);
}

/* The plain value of a subclass's instance. */
static PyObject *build_plain(qpy_way way, PyObject *object)
{
    switch (way) {
    case QPY_WAY_STR: return PyUnicode_FromObject(object);
    case QPY_WAY_INT: return PyLong_Type.tp_as_number->nb_int(object);
    case QPY_WAY_FLOAT: return PyFloat_FromDouble(PyFloat_AS_DOUBLE(object));
    default: return PyBytes_FromObject(object);
    }
}

static PyObject *build_adapted(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *object);

static PyObject *build_other(qpy_walker *w, PyObject *object)
{
    qpy_plan *plan = NULL;
    qr_kind kind = QR_KIND_ANY;
    PyObject *result;
    Py_INCREF(object);
    qpy_way way = qpy_walk_way(w, object, &plan, &kind);
    switch (way) {
    case QPY_WAY_RECORD:
    case QPY_WAY_OBJECT: result = build_record(w, object, plan, 0, 0); break;
    case QPY_WAY_ENUM: result = build_enum(w, object); break;
    case QPY_WAY_SCALAR: result = build_scalar(w, object, kind); break;
    case QPY_WAY_SET: result = build_set(w, object, NULL, 0); break;
    case QPY_WAY_ADAPTER: result = build_adapted(w, plan, 0, object); break;
    case QPY_WAY_LIST:
    case QPY_WAY_TUPLE: result = build_list(w, object); break;
    case QPY_WAY_DICT: result = build_dict(w, object); break;
    case QPY_WAY_STR:
    case QPY_WAY_INT:
    case QPY_WAY_FLOAT: result = build_plain(way, object); break;
    case QPY_WAY_BUFFER: result = PyBytes_CheckExact(object) ? Py_NewRef(object) : build_plain(way, object); break;
    case QPY_WAY_ERROR: result = NULL; break;
    default: result = fail(w, QR_ERROR_UNSUPPORTED_TYPE, object); break; /* Raw and Ext are of one format only */
    }
    if (!result && !w->failed)
        w->failed = Py_NewRef(object);
    Py_DECREF(object);
    return result;
}

static PyObject *build(qpy_walker *w, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type || object == Py_None || type == &PyBool_Type)
        return Py_NewRef(object);
    if (type == &PyDict_Type)
        return build_dict(w, object);
    if (type == &PyList_Type || type == &PyTuple_Type)
        return build_list(w, object);
    return build_other(w, object);
}

/* ---------------------------------------------------------------- what has to be asked of a plan */

static PyObject *build_adapted(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *object)
{
    QPY_WALK_ENTER(w, object, build_adapted(w, plan, number, object));
    Py_INCREF((PyObject *)plan);
    PyObject *wire = qpy_adapt_encode(w, plan, number, object), *result = wire ? build_node(w, plan, plan->core->nodes[number].item, wire) : NULL;
    Py_XDECREF(wire);
    Py_DECREF((PyObject *)plan);
    return leave(w, object, result);
}

static PyObject *build_entry(qpy_walker *w, const qpy_plan *plan, const qpy_walk_entry *entry)
{
    if (!entry->value)
        return Py_NewRef(Py_None);
    PyObject *item = entry->field != QR_PLAN_NONE ? build_node(w, plan, plan->core->fields[entry->field].node, entry->value) : build(w, entry->value);
    if (!item && entry->field != QR_PLAN_NONE)
        qpy_walk_field(w, plan, entry->field);
    else if (!item)
        qpy_walk_step(w, entry->key, 0);
    return item;
}

static PyObject *build_typeddict(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *object)
{
    const qr_record *record = qpy_plan_record(plan, number);
    qpy_walk_entry *entries;
    size_t n = 0;
    QPY_WALK_ENTER(w, object, build_typeddict(w, plan, number, object));
    int gathered = qpy_walk_entries(w, plan, number, object, &entries, &n);
    PyObject *made = !gathered ? NULL : record->array ? PyList_New(0) : PyDict_New();
    if (made && record->has_tag && !record->array && !put_tag(made, record))
        Py_CLEAR(made);
    for (size_t i = 0; made && i < n; i++) {
        PyObject *item = build_entry(w, plan, &entries[i]);
        PyObject *key = entries[i].field != QR_PLAN_NONE ? plan->fields[entries[i].field].wire : entries[i].key;
        if (!item || (record->array ? PyList_Append(made, item) : PyDict_SetItem(made, key, item)) < 0)
            Py_CLEAR(made);
        Py_XDECREF(item);
    }
    if (gathered)
        qpy_walk_drop_entries(entries, n);
    return leave(w, object, made);
}

/* Is the object of the very class that the node expects, so that only its parts are left to look at? */
static int is_expected(const qpy_plan *plan, uint32_t number, PyObject *object)
{
    const qr_node *node = &plan->core->nodes[number];
    unsigned flavour = plan->nodes[number].flavour;
    switch (node->kind) {
    case QR_KIND_ANY: return 1;
    case QR_KIND_ARRAY: return (PyList_CheckExact(object) && flavour == QPY_LIST) || (PyTuple_CheckExact(object) && flavour <= QPY_TUPLE);
    case QR_KIND_TUPLE: return PyTuple_CheckExact(object) && PyTuple_GET_SIZE(object) == node->item_count;
    case QR_KIND_MAP: return PyDict_CheckExact(object) && flavour != QPY_MADE;
    case QR_KIND_RECORD: return Py_TYPE(object) == qpy_plan_record_side(plan, number)->cls && qpy_plan_record_side(plan, number)->form != QPY_FORM_TYPEDDICT;
    default: return Py_TYPE(object) == plan->nodes[number].exact;
    }
}

/* A value of a node with adapters below it that its class does not tell: checked, and written by its type. */
static PyObject *build_node(qpy_walker *w, const qpy_plan *plan, uint32_t number, PyObject *object)
{
    const qr_node *node = &plan->core->nodes[number];
    if (object == Py_None && (node->flags & QR_NODE_NULLABLE))
        return Py_NewRef(Py_None);
    if (node->kind == QR_KIND_ADAPTER && !plan->nodes[number].encode)
        return build_node(w, plan, node->item, object);
    if (node->kind == QR_KIND_ADAPTER && qpy_adapt_takes(plan, number, object))
        return build_adapted(w, plan, number, object);
    if (node->kind == QR_KIND_UNION) {
        uint32_t arm = qpy_union_arm(w->state, plan, number, object, NULL);
        if (arm != QR_PLAN_NONE)
            return build_node(w, plan, arm, object);
        if (PyErr_Occurred())
            return NULL;
    }
    int adapts = plan->nodes[number].adapts & QPY_ADAPTS_ALWAYS; /* then what is in it is looked at below */
    if (!(adapts && is_expected(plan, number, object)) && !qpy_walk_checks(w, plan, number, object))
        return NULL;
    if (!adapts)
        return build(w, object);
    switch (node->kind) {
    case QR_KIND_ARRAY: return PyList_Check(object) || PyTuple_Check(object) ? build_items(w, object, plan, node->item, NULL) : build_set(w, object, plan, node->item);
    case QR_KIND_TUPLE: return build_items(w, object, plan, 0, plan->core->items + node->item);
    case QR_KIND_MAP: return build_map(w, object, plan, number);
    case QR_KIND_RECORD:
        if (qpy_plan_record_side(plan, number)->form == QPY_FORM_TYPEDDICT)
            return build_typeddict(w, plan, number, object);
        return Py_TYPE(object) == qpy_plan_record_side(plan, number)->cls ? build_record(w, object, plan, number, 1) : build(w, object);
    default: return build(w, object);
    }
}

PyObject *qpy_objects_to_builtins(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_walker walker;
    qpy_encode_options options;
    if (count != 1) {
        PyErr_Format(PyExc_TypeError, "to_builtins() takes one object, %zd positional arguments were given", count);
        return NULL;
    }
    if (!qpy_encode_options_init(&options, QPY_STYLE_NONE, "to_builtins", args + count, names))
        return NULL;
    qpy_walker_init(&walker, qpy_state_of(module), "objects", 0);
    qpy_walker_use(&walker, options.adapters);
    qr_depth_init(&walker.depth, options.limits.depth);
    PyObject *result = build(&walker, args[0]), *unused = qpy_walker_finish(&walker, result != NULL);
    if (!unused)
        Py_CLEAR(result);
    Py_XDECREF(unused);
    return result;
}
