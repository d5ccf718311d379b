/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/union.h"

#include "binding/adapt.h"
#include "binding/containers.h"
#include "binding/scalar.h"
#include "binding/text.h"
#include "binding/walk.h"
#include "core/base/base64.h"
#include "core/plan/scalar.h"

/* ---------------------------------------------------------------- values of one node */

int qpy_union_is_choice(const qpy_plan *plan, uint32_t number, PyObject *object)
{
    const qr_choices *set = &plan->core->choice_sets[plan->core->nodes[number].value];
    PyTypeObject *type = Py_TYPE(object);
    if ((PyObject *)type == plan->nodes[number].cls)
        return 1;
    for (uint32_t i = 0; i < set->count; i++) {
        PyObject *choice = plan->choices[set->first + i];
        if (choice == object)
            return 1;
        if (type != Py_TYPE(choice))
            continue;
        if (PyUnicode_CheckExact(object) ? PyUnicode_Compare(object, choice) == 0 : PyLong_CheckExact(object) && PyObject_RichCompareBool(object, choice, Py_EQ) == 1)
            return 1;
    }
    return 0;
}

/* ---------------------------------------------------------------- the table of classes */

static uint32_t place_of(const PyTypeObject *cls)
{
    uintptr_t bits = (uintptr_t)cls;
    return (uint32_t)(bits >> 4 ^ bits >> 9 ^ bits >> 15);
}

static uint32_t find_class(const qpy_union_side *side, const PyTypeObject *cls)
{
    for (uint32_t i = place_of(cls);; i++) {
        const qpy_class_arm *entry = &side->classes[i & side->mask];
        if (entry->cls == cls)
            return entry->arm;
        if (!entry->cls)
            return QR_PLAN_NONE;
    }
}

/* The first arm of a class has it: where there are several, they are told apart otherwise. */
static void enter_class(qpy_union_side *side, PyTypeObject *cls, uint32_t arm)
{
    uint32_t i = place_of(cls);
    while (side->classes[i & side->mask].cls && side->classes[i & side->mask].cls != cls)
        i++;
    if (!side->classes[i & side->mask].cls)
        side->classes[i & side->mask] = (qpy_class_arm){cls, arm};
}

/* The one class of the arm's objects, or NULL. */
static PyTypeObject *class_of(const qpy_plan *plan, uint32_t arm)
{
    const qr_node *node = &plan->core->nodes[arm];
    const qpy_node_side *side = &plan->nodes[arm];
    switch (node->kind) {
    case QR_KIND_BOOL: return &PyBool_Type;
    case QR_KIND_INT: return &PyLong_Type;
    case QR_KIND_FLOAT: return &PyFloat_Type;
    case QR_KIND_STR: return &PyUnicode_Type;
    case QR_KIND_TUPLE: return side->flavour == QPY_NAMEDTUPLE ? (PyTypeObject *)side->cls : &PyTuple_Type;
    case QR_KIND_RECORD: return plan->records[node->value].form == QPY_FORM_TYPEDDICT ? NULL : plan->records[node->value].cls;
    default: return PyType_Check(side->cls) ? (PyTypeObject *)side->cls : NULL;
    }
}

/* May a text of the arm be taken by one that is tried before it? Dates, times, numbers and UUIDs are never each other's. */
static int text_may_change(const qr_plan *core, const qr_union *u)
{
    for (uint32_t i = 1; i < u->text_count; i++) {
        unsigned kind = core->nodes[core->items[u->text + i]].kind, first = core->nodes[core->items[u->text]].kind;
        if (kind != QR_KIND_CHOICE && (!qr_kind_is_scalar_text(kind) || first == QR_KIND_CHOICE))
            return 1;
    }
    return u->ints_count && (u->int_ != QR_PLAN_NONE || u->float_ != QR_PLAN_NONE);
}

static int compile_one(qpy_plan *plan, uint32_t number)
{
    const qr_union *u = &plan->core->unions[number];
    qpy_union_side *side = &plan->unions[number];
    uint32_t count = 0, size = 4, arm;
    while (qpy_plan_arm(plan->core, u, count, &arm))
        count++;
    while (size < 2 * count)
        size *= 2;
    side->classes = PyMem_Calloc(size, sizeof *side->classes);
    if (!side->classes) {
        PyErr_NoMemory();
        return 0;
    }
    side->mask = size - 1;
    for (size_t kind = 0; kind < QR_KIND_COUNT; kind++)
        side->kinds[kind] = QR_PLAN_NONE;
    for (uint32_t i = 0; qpy_plan_arm(plan->core, u, i, &arm); i++) {
        if (arm == QR_PLAN_NONE)
            continue;
        unsigned kind = plan->core->nodes[arm].kind;
        PyTypeObject *cls = class_of(plan, arm);
        if (cls)
            enter_class(side, cls, arm);
        else if (qr_kind_is_scalar_text(kind))
            side->kinds[kind] = arm;
        side->literals |= kind == QR_KIND_CHOICE && !cls;
    }
    side->may_change = text_may_change(plan->core, u) || u->map_default != QR_PLAN_NONE || u->tag_count || u->key_count;
    return 1;
}

int qpy_union_compile(qpy_plan *plan)
{
    uint32_t count = plan->core->unions_count;
    plan->unions = PyMem_Calloc(count + 1, sizeof *plan->unions);
    if (!plan->unions) {
        PyErr_NoMemory();
        return 0;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!compile_one(plan, i))
            return 0;
    return 1;
}

void qpy_union_release(qpy_plan *plan)
{
    for (uint32_t i = 0; plan->unions && i < plan->core->unions_count; i++)
        PyMem_Free(plan->unions[i].classes);
    PyMem_Free(plan->unions);
    plan->unions = NULL;
}

/* ---------------------------------------------------------------- objects with names */

/* The bitmaps of what key arms require; `few` is used when it is enough. NULL with an exception. */
static uint64_t *open_bitmaps(const qr_union *u, uint64_t few[QR_UNION_WORDS])
{
    if (u->key_words > QR_UNION_WORDS) {
        uint64_t *many = PyMem_Calloc(u->key_words, sizeof *many);
        return many ? many : (uint64_t *)PyErr_NoMemory();
    }
    memset(few, 0, QR_UNION_WORDS * sizeof *few);
    return few;
}

static uint32_t arm_of_names(const qr_plan *core, const qr_union *u, uint64_t *present, const uint64_t *few)
{
    uint32_t arm = qr_plan_find_key_arm(core, u, present);
    if (present != few)
        PyMem_Free(present);
    return arm;
}

/* What the keys of a dict say: an arm, or QR_PLAN_NONE, perhaps with an exception. */
static uint32_t arm_of_keys(const qr_plan *core, const qr_union *u, PyObject *dict)
{
    uint64_t few[QR_UNION_WORDS], *present = open_bitmaps(u, few);
    PyObject *key, *value, *made = NULL;
    Py_ssize_t i = 0, length;
    if (!present)
        return QR_PLAN_NONE;
    while (PyDict_Next(dict, &i, &key, &value)) {
        const char *text = PyUnicode_Check(key) ? qpy_text_utf8(key, &length, &made) : NULL;
        if (text)
            qr_plan_mark_key(core, u, present, (const uint8_t *)text, (size_t)length);
        else
            PyErr_Clear(); /* a lone surrogate: the name of none */
        Py_CLEAR(made);
    }
    return arm_of_names(core, u, present, few);
}

/* The arm that an object with the record's names would be read as. */
static uint32_t arm_of_fields(const qr_plan *core, const qr_union *u, const qr_plan *other, const qr_record *record)
{
    uint64_t few[QR_UNION_WORDS], *present = open_bitmaps(u, few);
    if (!present)
        return QR_PLAN_NONE;
    if (record->has_tag)
        qr_plan_mark_key(core, u, present, record->tag_name, record->tag_name_length);
    for (uint32_t i = 0; i < record->count; i++)
        qr_plan_mark_key(core, u, present, other->fields[record->first + i].name, other->fields[record->first + i].length);
    return arm_of_names(core, u, present, few);
}

/* The arm that the tag in a dict names. A new look at what user code may have made of it: no exception is left. */
static uint32_t arm_of_tag(qpy_state *state, const qr_plan *core, const qr_union *u, PyObject *dict)
{
    uint32_t arm = QR_PLAN_NONE;
    Py_ssize_t length;
    PyObject *made = NULL;
    PyObject *name = PyUnicode_DecodeUTF8((const char *)u->tag_name, u->tag_name_length, NULL);
    PyObject *tag = name ? Py_XNewRef(PyDict_GetItemWithError(dict, name)) : NULL;
    Py_XDECREF(name);
    if (tag && !PyUnicode_CheckExact(tag) && !PyLong_CheckExact(tag) && qpy_walk_is_enum(state, Py_TYPE(tag)))
        Py_SETREF(tag, PyObject_GetAttr(tag, state->str_value));
    const char *text = tag && PyUnicode_Check(tag) ? qpy_text_utf8(tag, &length, &made) : NULL;
    if (text)
        arm = qr_plan_find_tag_text(core, u, (const uint8_t *)text, (size_t)length);
    else if (tag && PyLong_Check(tag)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(tag, &overflow);
        arm = overflow ? QR_PLAN_NONE : qr_plan_find_tag_int(core, u, number, PyBool_Check(tag));
    }
    Py_XDECREF(made);
    Py_XDECREF(tag);
    if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_MemoryError))
        PyErr_Clear();
    return arm;
}

static int is_typed_dict(const qpy_plan *plan, uint32_t arm)
{
    return plan->core->nodes[arm].kind == QR_KIND_RECORD && qpy_plan_record_side(plan, arm)->form == QPY_FORM_TYPEDDICT;
}

/* A TypedDict by its tag or its keys, or the dict arm. */
static uint32_t arm_of_dict(qpy_state *state, const qpy_plan *plan, const qr_union *u, PyObject *dict, uint32_t *read_as)
{
    const qr_plan *core = plan->core;
    if (u->map != QR_PLAN_NONE)
        return core->nodes[u->map].kind == QR_KIND_MAP || is_typed_dict(plan, u->map) ? u->map : QR_PLAN_NONE;
    uint32_t arm = u->tag_count ? arm_of_tag(state, core, u, dict) : QR_PLAN_NONE;
    if (arm == QR_PLAN_NONE && u->key_count && !PyErr_Occurred())
        arm = arm_of_keys(core, u, dict);
    if (PyErr_Occurred())
        return QR_PLAN_NONE;
    int is_default = u->map_default != QR_PLAN_NONE && (plan->nodes[u->map_default].flavour != QPY_MADE || qpy_containers_holds(&plan->nodes[u->map_default], dict));
    if (u->open && is_default) /* what it holds may well be known by now */
        return u->map_default;
    if (arm != QR_PLAN_NONE && is_typed_dict(plan, arm))
        return arm;
    if (is_default)
        *read_as = arm; /* a dict that looks like another class */
    return is_default ? u->map_default : QR_PLAN_NONE;
}

int qpy_union_same_tag(const qr_record *a, const qr_record *b)
{
    if (!a->has_tag || !b->has_tag)
        return a->has_tag == b->has_tag;
    if (a->tag_name_length != b->tag_name_length || memcmp(a->tag_name, b->tag_name, a->tag_name_length) != 0 || a->tag_is_int != b->tag_is_int)
        return 0;
    return a->tag_is_int ? a->tag_int == b->tag_int : a->tag_length == b->tag_length && memcmp(a->tag, b->tag, a->tag_length) == 0;
}

/* An instance of a subclass is written with what that has: is that read as the arm of its base? */
static int is_read_as(qpy_state *state, const qpy_plan *plan, const qr_union *u, uint32_t arm, PyTypeObject *type, uint32_t *read_as)
{
    const qr_record *record = qpy_plan_record(plan, arm);
    const qpy_plan *own = qpy_plan_of_class(state, plan->adapters, type);
    if (!own || own->core->nodes[0].kind != QR_KIND_RECORD)
        return !PyErr_Occurred();
    const qr_record *written = &own->core->records[own->core->nodes[0].value];
    if (!qpy_union_same_tag(record, written))
        return 0;
    for (uint32_t i = 0; i < u->key_count; i++)
        if (plan->core->key_arms[u->keys + i].arm == arm) {
            uint32_t found = arm_of_fields(plan->core, u, own->core, written);
            if (found != arm)
                *read_as = found;
        }
    return !PyErr_Occurred();
}

/* ---------------------------------------------------------------- arrays */

static uint32_t kinds_of(qpy_state *state, PyObject *adapters, PyObject *object)
{
    if (object == Py_None)
        return QR_UNION_NULL;
    if (PyBool_Check(object))
        return QR_UNION_BOOL;
    if (PyLong_Check(object))
        return QR_UNION_INT;
    if (PyFloat_Check(object))
        return QR_UNION_FLOAT;
    if (PyUnicode_Check(object))
        return QR_UNION_STR;
    if (PyDict_Check(object))
        return QR_UNION_MAP;
    if (PyList_Check(object) || PyTuple_Check(object) || PyAnySet_Check(object))
        return QR_UNION_ARRAY;
    if (PyBytes_Check(object) || PyByteArray_Check(object))
        return QR_UNION_BYTES | QR_UNION_STR;
    if (qpy_scalar_kind(state, Py_TYPE(object)) >= 0)
        return QR_UNION_STR | QR_UNION_EXT;
    const qpy_plan *plan = qpy_plan_of_class(state, adapters, Py_TYPE(object));
    if (plan && plan->core->nodes[0].kind == QR_KIND_RECORD)
        return plan->core->records[plan->core->nodes[0].value].array ? QR_UNION_ARRAY : QR_UNION_MAP;
    PyErr_Clear();
    return UINT32_MAX;
}

/* Could the item stand there? As reading would say of what is written for it. */
static int fits_slot(const qpy_plan *plan, const qr_array_arm *arm, Py_ssize_t index, uint32_t kinds, PyObject *item)
{
    const qr_array_slot *slot = (size_t)index < arm->count ? &plan->core->array_slots[arm->first + (size_t)index] : NULL;
    if ((size_t)index >= arm->most || !((slot ? slot->kinds : arm->rest) & kinds))
        return 0;
    return !slot || slot->choice == QR_PLAN_NONE || qpy_union_is_choice(plan, slot->choice, item);
}

/* One of several arms that are made of the object's class, by its items. */
static uint32_t arm_of_items(qpy_state *state, const qpy_plan *plan, const qr_union *u, PyObject *object)
{
    const qr_array_arm *arms = &plan->core->array_arms[u->arrays];
    uint64_t left = 0;
    uint32_t found = QR_PLAN_NONE;
    for (uint32_t i = 0; i < u->array_count; i++) {
        const qr_node *node = &plan->core->nodes[arms[i].arm];
        if (node->kind == QR_KIND_ARRAY ? qpy_containers_holds(&plan->nodes[arms[i].arm], object) : node->kind == QR_KIND_TUPLE && PyTuple_Check(object))
            left |= (uint64_t)1 << i;
    }
    PyObject *items = left ? PySequence_List(object) : NULL; /* what is asked about them may change the object */
    if (!items)
        return QR_PLAN_NONE;
    for (Py_ssize_t index = 0; left & (left - 1) && index < PyList_GET_SIZE(items); index++) {
        PyObject *item = PyList_GET_ITEM(items, index);
        uint32_t kinds = kinds_of(state, plan->adapters, item);
        for (uint64_t rest = left; rest; rest &= rest - 1) {
            int i = __builtin_ctzll(rest);
            if (!fits_slot(plan, &arms[i], index, kinds, item))
                left &= ~((uint64_t)1 << i);
        }
    }
    for (int several = (left & (left - 1)) != 0; left && found == QR_PLAN_NONE; left &= left - 1)
        if (!several || (size_t)PyList_GET_SIZE(items) >= arms[__builtin_ctzll(left)].least)
            found = arms[__builtin_ctzll(left)].arm;
    Py_DECREF(items);
    return found;
}

/* ---------------------------------------------------------------- the arm of an object */

static uint32_t arm_of_literal(const qpy_plan *plan, const qr_union *u, PyObject *object)
{
    const uint32_t *const lists[] = {plan->core->items + u->ints, plan->core->items + u->text}, counts[] = {u->ints_count, u->text_count};
    for (size_t k = 0; k < 2; k++)
        for (uint32_t i = 0; i < counts[k]; i++)
            if (plan->core->nodes[lists[k][i]].kind == QR_KIND_CHOICE && qpy_union_is_choice(plan, lists[k][i], object))
                return lists[k][i];
    return u->bool_ != QR_PLAN_NONE && plan->core->nodes[u->bool_].kind == QR_KIND_CHOICE && qpy_union_is_choice(plan, u->bool_, object) ? u->bool_ : QR_PLAN_NONE;
}

/* By what the object is, when neither its class nor a base has an arm. */
static uint32_t arm_of_base(qpy_state *state, const qpy_plan *plan, const qr_union *u, const qpy_union_side *side, PyObject *object)
{
    int kind = qpy_scalar_kind(state, Py_TYPE(object));
    uint32_t arm;
    if (kind >= 0 && side->kinds[kind] != QR_PLAN_NONE)
        return side->kinds[kind];
    if (PyLong_Check(object) && !PyBool_Check(object))
        return u->float_;
    if (u->array != QR_PLAN_NONE && plan->core->nodes[u->array].kind == QR_KIND_ARRAY && qpy_containers_holds(&plan->nodes[u->array], object))
        return u->array;
    if (u->array_count && (arm = arm_of_items(state, plan, u, object)) != QR_PLAN_NONE) /* an abstract collection takes classes of several kinds */
        return arm;
    for (uint32_t i = 0; qpy_plan_arm(plan->core, u, i, &arm); i++)
        if (arm != QR_PLAN_NONE && (plan->core->nodes[arm].kind == QR_KIND_ANY || (plan->core->nodes[arm].kind == QR_KIND_RAW && Py_TYPE(object) == state->raw_type)))
            return arm;
    return QR_PLAN_NONE;
}

static uint32_t arm_of_subclass(qpy_state *state, const qpy_plan *plan, const qr_union *u, const qpy_union_side *side, PyObject *object, uint32_t *read_as)
{
    PyTypeObject *type = Py_TYPE(object);
    for (Py_ssize_t i = 1; !PyBool_Check(object) && type->tp_mro && i < PyTuple_GET_SIZE(type->tp_mro); i++) {
        uint32_t arm = find_class(side, (PyTypeObject *)PyTuple_GET_ITEM(type->tp_mro, i));
        if (arm == QR_PLAN_NONE)
            continue;
        if (plan->core->nodes[arm].kind == QR_KIND_RECORD && !is_read_as(state, plan, u, arm, type, read_as))
            return QR_PLAN_NONE;
        return u->array_count && plan->core->nodes[arm].kind == QR_KIND_ARRAY ? arm_of_items(state, plan, u, object) : arm;
    }
    return arm_of_base(state, plan, u, side, object);
}

uint32_t qpy_union_arm(qpy_state *state, const qpy_plan *plan, uint32_t node, PyObject *object, uint32_t *read_as)
{
    uint32_t number = plan->core->nodes[node].value, other = QR_PLAN_NONE, arm;
    const qr_union *u = &plan->core->unions[number];
    const qpy_union_side *side = &plan->unions[number];
    if (!read_as)
        read_as = &other;
    *read_as = QR_PLAN_NONE;
    if (side->literals && (arm = arm_of_literal(plan, u, object)) != QR_PLAN_NONE)
        return arm;
    arm = find_class(side, Py_TYPE(object));
    if (PyDict_Check(object) && (arm == QR_PLAN_NONE || plan->core->nodes[arm].kind != QR_KIND_ADAPTER))
        return arm_of_dict(state, plan, u, object, read_as);
    if (QR_LIKELY(arm != QR_PLAN_NONE)) {
        unsigned kind = plan->core->nodes[arm].kind;
        return QR_UNLIKELY(u->array_count) && (kind == QR_KIND_ARRAY || kind == QR_KIND_TUPLE) ? arm_of_items(state, plan, u, object) : arm;
    }
    return arm_of_subclass(state, plan, u, side, object, read_as);
}

/* ---------------------------------------------------------------- is what is written read as the same again? */

/* Would the adapter's decode take the text? An adapter of another text than str is not asked: it may. */
static int adapter_takes(const qpy_plan *plan, uint32_t arm, const uint8_t *text, size_t length)
{
    if (!plan->nodes[arm].decode || plan->core->nodes[plan->core->nodes[arm].item].kind != QR_KIND_STR)
        return 1;
    PyObject *wire = PyUnicode_DecodeUTF8((const char *)text, (Py_ssize_t)length, NULL), *value = wire ? qpy_adapt_decode(plan, arm, wire, NULL) : NULL;
    int takes = value != NULL;
    Py_XDECREF(value);
    if (!takes && PyErr_ExceptionMatches(PyExc_ValueError))
        PyErr_Clear();
    return takes;
}

/* Would reading take the text for that arm? */
static int takes_text(const qpy_plan *plan, uint32_t arm, const uint8_t *text, size_t length, int is_binary)
{
    const qr_node *node = &plan->core->nodes[arm];
    qr_scalar scalar;
    size_t decoded;
    if (node->kind == QR_KIND_STR || node->kind == QR_KIND_ANY)
        return 1;
    if (node->kind == QR_KIND_ADAPTER)
        return takes_text(plan, node->item, text, length, is_binary) && adapter_takes(plan, arm, text, length);
    if (node->kind == QR_KIND_CHOICE)
        return qr_plan_find_choice_text(plan->core, &plan->core->choice_sets[node->value], text, length) != QR_PLAN_NONE;
    if (qr_kind_is_scalar_text(node->kind))
        return qr_scalar_read_text((qr_kind)node->kind, text, length, &scalar) == QR_ERROR_NONE;
    if (node->kind != QR_KIND_BYTES || is_binary || !qr_base64_decoded_length(text, length, &decoded))
        return 0;
    uint8_t *room = PyMem_Malloc(decoded + 1);
    int takes = room && qr_base64_read(room, text, length);
    PyMem_Free(room);
    if (!room)
        PyErr_NoMemory();
    return takes;
}

/* No arm that is tried before it takes the text. */
static int is_first(const qpy_plan *plan, const qr_union *u, uint32_t arm, const uint8_t *text, size_t length, int is_binary)
{
    for (uint32_t i = 0; i < u->text_count && plan->core->items[u->text + i] != arm; i++) {
        if (takes_text(plan, plan->core->items[u->text + i], text, length, is_binary))
            return 0;
        if (PyErr_Occurred())
            return -1;
    }
    return 1;
}

static int keeps_bytes(const qpy_plan *plan, const qr_union *u, uint32_t arm, PyObject *object)
{
    Py_buffer view;
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0)
        return -1;
    uint8_t *text = view.len < PY_SSIZE_T_MAX / 2 ? PyMem_Malloc(((size_t)view.len + 2) / 3 * 4 + 1) : NULL;
    int keeps = -1;
    if (text)
        keeps = is_first(plan, u, arm, text, (size_t)(qr_base64_write(text, view.buf, (size_t)view.len) - text), 0);
    else
        PyErr_NoMemory();
    PyMem_Free(text);
    PyBuffer_Release(&view);
    return keeps;
}

static int keeps_text(const qpy_plan *plan, const qr_union *u, uint32_t arm, PyObject *str, int is_binary)
{
    Py_ssize_t length;
    PyObject *made;
    const char *text = qpy_text_utf8(str, &length, &made);
    if (!text)
        return PyErr_ExceptionMatches(PyExc_UnicodeError) ? PyErr_Clear(), 1 : -1; /* whoever writes it will say so */
    int keeps = is_first(plan, u, arm, (const uint8_t *)text, (size_t)length, is_binary);
    Py_XDECREF(made);
    return keeps;
}

static int keeps_scalar(qpy_state *state, const qpy_plan *plan, const qr_union *u, uint32_t arm, PyObject *object)
{
    uint8_t room[QPY_SCALAR_ROOM];
    PyObject *made = NULL;
    Py_ssize_t length = qpy_scalar_text(state, (qr_kind)plan->core->nodes[arm].kind, object, room, &made);
    const char *text = (const char *)room;
    if (length < 0)
        return PyErr_Clear(), 1; /* whoever writes it will say so */
    if (made)
        text = PyUnicode_AsUTF8AndSize(made, &length);
    int keeps = text ? is_first(plan, u, arm, (const uint8_t *)text, (size_t)length, 0) : -1;
    Py_XDECREF(made);
    return keeps;
}

static int keeps_integer(const qpy_plan *plan, const qr_union *u, PyObject *object)
{
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(object, &overflow);
    for (uint32_t i = 0; !overflow && i < u->ints_count; i++) {
        const qr_choices *set = &plan->core->choice_sets[plan->core->nodes[qr_plan_wire(plan->core, plan->core->items[u->ints + i])].value];
        if (qr_plan_find_choice_int(plan->core, set, number, 0) != QR_PLAN_NONE)
            return 0;
    }
    return 1;
}

/* Is that dict, which the default arm makes, one that no class claims by its tag or its keys? */
static int keeps_names(qpy_state *state, const qpy_plan *plan, const qr_union *u, PyObject *dict)
{
    uint32_t arm = u->tag_count ? arm_of_tag(state, plan->core, u, dict) : QR_PLAN_NONE;
    if (arm == QR_PLAN_NONE && u->key_count && !PyErr_Occurred())
        arm = arm_of_keys(plan->core, u, dict);
    return PyErr_Occurred() ? -1 : arm == QR_PLAN_NONE;
}

/* May what the adapter writes be read as another arm: a text that an earlier one takes, an object that a class claims? */
static int adapted_may_change(const qpy_plan *plan, const qr_union *u, uint32_t arm)
{
    if (arm == u->map_default)
        return plan->core->nodes[qr_plan_wire(plan->core, arm)].kind == QR_KIND_MAP && (u->tag_count || u->key_count);
    return u->text_count > 1 && plan->core->items[u->text] != arm;
}

static int keeps_adapted(qpy_state *state, const qpy_plan *plan, const qr_union *u, uint32_t arm, PyObject *object, int is_binary)
{
    Py_ssize_t length;
    PyObject *wire = plan->nodes[arm].encode ? PyObject_CallOneArg(plan->nodes[arm].encode, object) : Py_NewRef(object);
    if (!wire)
        return PyErr_ExceptionMatches(PyExc_Exception) ? PyErr_Clear(), 1 : -1; /* whoever writes it will say so */
    int keeps = 1;
    if (PyDict_Check(wire))
        keeps = arm == u->map_default ? keeps_names(state, plan, u, wire) : 1;
    else if (PyUnicode_Check(wire)) {
        PyObject *made;
        const char *text = qpy_text_utf8(wire, &length, &made);
        PyErr_Clear();
        keeps = text ? is_first(plan, u, arm, (const uint8_t *)text, (size_t)length, is_binary) : 1;
        Py_XDECREF(made);
    }
    Py_DECREF(wire);
    return keeps;
}

int qpy_union_keeps(qpy_state *state, const qpy_plan *plan, uint32_t node, uint32_t arm, PyObject *object, int is_binary)
{
    const qr_union *u = &plan->core->unions[plan->core->nodes[node].value];
    switch (plan->core->nodes[arm].kind) {
    case QR_KIND_INT:
    case QR_KIND_FLOAT: return PyLong_Check(object) ? keeps_integer(plan, u, object) : 1;
    case QR_KIND_BYTES: return is_binary || u->text_count < 2 ? 1 : keeps_bytes(plan, u, arm, object);
    case QR_KIND_STR: return u->text_count < 2 ? 1 : keeps_text(plan, u, arm, object, is_binary);
    case QR_KIND_ADAPTER: return adapted_may_change(plan, u, arm) ? keeps_adapted(state, plan, u, arm, object, is_binary) : 1;
    default:
        if (qr_kind_is_scalar_text(plan->core->nodes[arm].kind) && u->text_count > 1 && plan->core->nodes[plan->core->items[u->text]].kind == QR_KIND_CHOICE)
            return keeps_scalar(state, plan, u, arm, object);
        return 1;
    }
}
