/* SPDX-License-Identifier: Apache-2.0 */
/* build: lists, dicts and instances from what is on the stack.
 *
 * Dicts of one pickle mostly have the keys of the one before, and as the same objects, because the pickler memoized them: the second
 * time a template is made of them (cpython_private.h). An instance whose class changes nothing about its state gets it without
 * its __dict__ being made. */
#include "binding/pickle/typed.h"

#include "binding/members.h"
#include "binding/record/record.h"

/* ---------------------------------------------------------------- lists */

int qpy_unpickle_extend_list(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject *list, PyObject **from)
{
    Py_ssize_t n = s->top - from;
    if (n && !qpy_list_extend(list, from, n, m->state->private_ok))
        return 0;
    s->top = from;
    return 1;
}

/* ---------------------------------------------------------------- dicts */

static int may_cycle(PyObject *const *pairs, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++)
        if (qpy_may_cycle(pairs[2 * i + 1]))
            return 1;
    return 0;
}

/* The template of these keys when they were seen before, noted when not. Borrowed, or NULL. */
static PyObject *template_of(qpy_unpickle *m, PyObject *const *pairs, Py_ssize_t n)
{
    qpy_unpickle_shape *shape = &m->shapes[n % QPY_UNPICKLE_SHAPES];
    Py_ssize_t *size = &m->shape_sizes[n % QPY_UNPICKLE_SHAPES];
    int same = *size == n;
    for (Py_ssize_t i = 0; same && i < n; i++)
        same = shape->keys[i] == pairs[2 * i];
    if (same && shape->template_)
        return shape->template_;
    if (!same) {
        if (*size)
            Py_CLEAR(shape->template_);
        else
            shape->template_ = NULL;
        *size = n;
        for (Py_ssize_t i = 0; i < n; i++)
            shape->keys[i] = pairs[2 * i];
        return NULL;
    }
    shape->template_ = qpy_dict_template(shape->keys, n);
    if (!shape->template_)
        PyErr_Clear();
    return shape->template_;
}

static void forget_names(qpy_unpickle_type *plan)
{
    plan->placed = 0;
    while (plan->count) {
        plan->count--;
        Py_DECREF(plan->given[plan->count]);
        Py_DECREF(plan->interned[plan->count]);
    }
}

void qpy_unpickle_forget(qpy_unpickle *self)
{
    Py_CLEAR(self->spare);
    for (size_t i = 0; i < QPY_UNPICKLE_TYPES; i++)
        if (self->types[i]) {
            self->types[i] = NULL;
            forget_names(&self->plans[i]);
        }
    Py_CLEAR(self->dataclasses.setstate);
    Py_CLEAR(self->dataclasses.field);
    Py_CLEAR(self->dataclasses.field_kind);
    for (size_t i = 0; i < QPY_UNPICKLE_SHAPES; i++)
        if (self->shape_sizes[i]) {
            self->shape_sizes[i] = 0;
            Py_CLEAR(self->shapes[i].template_);
        }
}

/* 1: done, the pairs are taken; 0: not that way; -1 with an exception. */
static int fill_at_once(qpy_unpickle *m, PyObject *dict, PyObject **pairs, Py_ssize_t n)
{
    if (n <= QPY_SPLIT_KEYS) {
        PyObject *template_ = template_of(m, pairs, n);
        if (template_) {
            PyObject *values[QPY_SPLIT_KEYS];
            for (Py_ssize_t i = 0; i < n; i++)
                values[i] = pairs[2 * i + 1];
            int done = qpy_dict_fill_from_template(dict, template_, values, n, may_cycle(pairs, n));
            if (done > 0)
                for (Py_ssize_t i = 0; i < n; i++)
                    Py_DECREF(pairs[2 * i]);
            if (done)
                return done;
        }
    }
    return qpy_dict_fill(dict, pairs, n, may_cycle(pairs, n));
}

int qpy_unpickle_fill_dict(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject *dict, PyObject **from)
{
    Py_ssize_t n = (s->top - from) / 2;
    if (n > 1 && m->state->private_ok && PyDict_GET_SIZE(dict) == 0) {
        int done = fill_at_once(m, dict, from, n);
        if (done > 0)
            s->top = from;
        if (done)
            return done > 0;
    }
    int status = 0;
    for (Py_ssize_t i = 0; status == 0 && i < n; i++)
        status = PyDict_SetItem(dict, from[2 * i], from[2 * i + 1]);
    qpy_unpickle_stack_clear(s, from);
    return status == 0;
}

/* ---------------------------------------------------------------- types */

/* Does object.__setattr__ take its instances? It refuses those of a class whose base in C stores in its own way. */
static int sets_attributes(const qpy_state *state, PyTypeObject *type)
{
    setattrofunc own = PyObject_GenericSetAttr; /* or what the interpreter gives a class with a __setattr__ in Python */
    PyObject *name = PyUnicode_InternFromString("__setattr__"), *found = name ? _PyType_Lookup(type, name) : NULL;
    if (found && PyFunction_Check(found) && !qpy_record_check(state, type)) /* a record is tracked when something is stored */
        own = type->tp_setattro;
    if (!name)
        PyErr_Clear();
    Py_XDECREF(name);
    while (type && (type->tp_setattro == PyObject_GenericSetAttr || type->tp_setattro == own))
        type = type->tp_base;
    return found && !type;
}

/* Nothing comes between an instance of the type and its state; with a table it is the table that says so. */
static void look_at(qpy_unpickle *m, qpy_unpickle_type *plan, PyTypeObject *type)
{
    plan->in_dict = plan->in_slots = plan->slots = 0;
    plan->setstate = plan->fields = NULL;
    PyObject *setstate = _PyType_Lookup(type, m->state->str_setstate), *dict;
    if (m->typed) {
        const qpy_typed_class *known = qpy_typed_class_of(m->typed, type);
        plan->fields = known ? known->fields : NULL;
        plan->in_slots = known && known->in_slots;
        plan->in_dict = known && !known->in_slots;
        return;
    }
    if (type->tp_getattro != PyObject_GenericGetAttr || !(type->tp_flags & Py_TPFLAGS_HEAPTYPE))
        return;
    dict = _PyType_Lookup(type, m->state->str_instance_dict);
    if (setstate) {
        if (!dict && type->tp_dictoffset == 0 && PyFunction_Check(setstate) && sets_attributes(m->state, type))
            plan->setstate = setstate;
        return;
    }
    plan->in_dict = dict && Py_IS_TYPE(dict, &PyGetSetDescr_Type);
    plan->in_slots = !dict && type->tp_setattro == PyObject_GenericSetAttr && type->tp_dictoffset == 0;
}

static qpy_unpickle_type *plan_of(qpy_unpickle *m, PyTypeObject *type)
{
    size_t i = (size_t)((uintptr_t)type >> 4 ^ (uintptr_t)type >> 9) % QPY_UNPICKLE_TYPES;
    qpy_unpickle_type *plan = &m->plans[i];
    if (QR_LIKELY(m->types[i] == type && plan->version && plan->version == type->tp_version_tag))
        return plan;
    if (m->types[i])
        forget_names(plan);
    else
        plan->count = plan->placed = 0;
    m->types[i] = type;
    look_at(m, plan, type); /* looking up gives the type a version */
    plan->version = type->tp_version_tag;
    return plan;
}

/* ---------------------------------------------------------------- states */

/* Names of attributes are interned, and those in a memo are not: notes which is which. 1, or 0 when one is no str, or must not be set. */
static QR_NOINLINE int intern_anew(qpy_unpickle_type *plan, PyObject **pairs, Py_ssize_t n)
{
    forget_names(plan);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *given = pairs[2 * i];
        if (!PyUnicode_CheckExact(given) || (plan->fields && !PyDict_GetItemWithError(plan->fields, given)))
            return 0;
        Py_INCREF(given);
        if (!PyUnicode_CHECK_INTERNED(given))
            PyUnicode_InternInPlace(&pairs[2 * i]);
        if (n <= QPY_UNPICKLE_SLOTS) {
            plan->given[i] = Py_NewRef(given);
            plan->interned[i] = Py_NewRef(pairs[2 * i]);
            plan->count++;
        }
        Py_DECREF(given);
    }
    return 1;
}

/* Interns the names in their place: 1, or 0 when one is no str, or must not be set. */
QR_INLINE int intern_names(qpy_unpickle_type *plan, PyObject **pairs, Py_ssize_t n)
{
    Py_ssize_t same = plan->count == n ? 0 : -1;
    while (same >= 0 && same < n)
        same = plan->given[same] == pairs[2 * same] ? same + 1 : -1;
    if (QR_UNLIKELY(same < 0))
        return intern_anew(plan, pairs, n);
    for (Py_ssize_t i = 0; i < n; i++)
        if (pairs[2 * i] != plan->interned[i])
            Py_SETREF(pairs[2 * i], Py_NewRef(plan->interned[i]));
    return 1;
}

/* Where the slot of that name is: its number in the plan, or -1. */
static int slot_of(qpy_unpickle_type *plan, PyTypeObject *type, PyObject *name, int hint)
{
    if (QR_LIKELY(hint < plan->slots && plan->names[hint] == name))
        return hint;
    for (int i = 0; i < plan->slots; i++)
        if (plan->names[i] == name)
            return i;
    PyObject *found = plan->slots < QPY_UNPICKLE_SLOTS ? _PyType_Lookup(type, name) : NULL;
    if (!found || !Py_IS_TYPE(found, &PyMemberDescr_Type) || (plan->fields && PyDict_GetItemWithError(plan->fields, name) != found))
        return -1;
    PyMemberDef *member = ((PyMemberDescrObject *)found)->d_member;
    if (member->type != QPY_MEMBER_OBJECT || member->flags || !PyType_IsSubtype(type, PyDescr_TYPE(found)) || PyDescr_NAME(found) != name)
        return -1;
    plan->names[plan->slots] = name;
    plan->offsets[plan->slots] = member->offset;
    return plan->slots++;
}

/* Each once, and still empty. */
static int find_places(qpy_unpickle_type *plan, PyObject *instance, PyObject *const *pairs, Py_ssize_t n, uint8_t *places)
{
    uint32_t taken = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        int slot = slot_of(plan, Py_TYPE(instance), pairs[2 * i], (int)i);
        if (slot < 0 || taken >> slot & 1 || *qpy_record_slot(instance, plan->offsets[slot]))
            return 0;
        taken |= (uint32_t)1 << slot;
        places[i] = (uint8_t)slot;
    }
    return 1;
}

static void put_in_places(const qpy_unpickle_type *plan, PyObject *instance, PyObject *const *pairs, Py_ssize_t n, const uint8_t *places)
{
    for (Py_ssize_t i = 0; i < n; i++)
        *qpy_record_slot(instance, plan->offsets[places[i]]) = pairs[2 * i + 1];
}

/* The same names as the last time: 1, or 0 when they are not, or there is something already. */
QR_INLINE int fill_known_slots(const qpy_unpickle_type *plan, PyObject *instance, PyObject *const *pairs, Py_ssize_t n)
{
    if (plan->placed != n)
        return 0;
    for (Py_ssize_t i = 0; i < n; i++)
        if (plan->given[i] != pairs[2 * i] || *qpy_record_slot(instance, plan->offsets[plan->places[i]]))
            return 0;
    put_in_places(plan, instance, pairs, n, plan->places);
    return 1;
}

static int fill_slots(qpy_unpickle_type *plan, PyObject *instance, PyObject **pairs, Py_ssize_t n)
{
    plan->placed = 0;
    if (!intern_names(plan, pairs, n) || n > QPY_UNPICKLE_SLOTS || !find_places(plan, instance, pairs, n, plan->places))
        return 0;
    put_in_places(plan, instance, pairs, n, plan->places);
    plan->placed = plan->count; /* the names are noted */
    return 1;
}

int qpy_unpickle_store_state(qpy_unpickle *m, PyObject *instance, PyObject **from, PyObject **to, int in_slots)
{
    qpy_unpickle_type *plan = plan_of(m, Py_TYPE(instance));
    Py_ssize_t n = (to - from) / 2;
    size_t weight = (size_t)n + 2 * (in_slots != 0);
    if (!(in_slots ? plan->in_slots : plan->in_dict) || !m->state->private_ok || (m->typed && !qpy_typed_expects(m, instance, n, weight)))
        return 0;
    if (!(in_slots ? fill_known_slots(plan, instance, from, n) || fill_slots(plan, instance, from, n) : intern_names(plan, from, n) && qpy_instance_fill(instance, from, n)))
        return 0;
    if (m->typed)
        qpy_typed_stored(m, weight);
    return 1;
}

const uint8_t *qpy_unpickle_build_slots(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **from, const uint8_t *p, const uint8_t *end)
{
    size_t number = m->memo.count, memoizes = 0;
    PyObject *dict = from[-1];
    if (from - s->fence < 3 || from[-2] != Py_None || Py_REFCNT(dict) != 1 || PyDict_GET_SIZE(dict) || end - p < 4 || *p++ != QR_PICKLE_TUPLE2)
        return NULL;
    if (*p == QR_PICKLE_MEMOIZE) {
        memoizes = 1;
        p++;
    }
    else if (*p == QR_PICKLE_BINPUT) {
        memoizes = 1;
        number = p[1];
        p += 2;
    }
    if (*p++ != QR_PICKLE_BUILD || (memoizes && (!m->wanted || qpy_unpickle_is_wanted(m, number))))
        return NULL;
    if (!qpy_unpickle_store_state(m, from[-3], from, s->top, 1))
        return NULL;
    for (PyObject **key = from; key < s->top; key += 2)
        Py_DECREF(*key);
    m->memo.count += memoizes;
    s->top = from - 2;
    qpy_unpickle_spare(m, dict);
    Py_DECREF(Py_None);
    return p;
}

int qpy_unpickle_store_dict(qpy_unpickle *m, PyObject *instance, PyObject *state, int in_slots)
{
    qpy_unpickle_type *plan = plan_of(m, Py_TYPE(instance));
    PyObject *pairs[2 * QPY_SPLIT_KEYS], *key, *value;
    Py_ssize_t n = 0, at = 0;
    if (!(in_slots ? plan->in_slots : plan->in_dict) || !m->state->private_ok || PyDict_GET_SIZE(state) > QPY_SPLIT_KEYS)
        return 0;
    while (PyDict_Next(state, &at, &key, &value)) {
        pairs[2 * n] = Py_NewRef(key);
        pairs[2 * n++ + 1] = value;
    }
    int done = qpy_unpickle_store_state(m, instance, pairs, pairs + 2 * n, in_slots);
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_DECREF(pairs[2 * i]);
        if (done)
            Py_INCREF(pairs[2 * i + 1]);
    }
    return done;
}

/* ---------------------------------------------------------------- dataclasses */

/* The names of the fields as dataclasses.fields() gives them, at most `room`: how many, or -1 where it cannot be told. */
static Py_ssize_t field_names(const qpy_unpickle_dataclasses *known, PyObject *fields, PyObject **names, Py_ssize_t room)
{
    PyObject *key, *field;
    Py_ssize_t n = 0, at = 0;
    while (PyDict_Next(fields, &at, &key, &field)) {
        if (!Py_IS_TYPE(field, (PyTypeObject *)known->field) || !*qpy_record_slot(field, known->kind))
            return -1;
        if (*qpy_record_slot(field, known->kind) != known->field_kind)
            continue;
        PyObject *name = *qpy_record_slot(field, known->name);
        if (n == room || !name || !PyUnicode_CheckExact(name))
            return -1;
        names[n++] = name;
    }
    return n;
}

int qpy_unpickle_store_fields(qpy_unpickle *m, PyObject *instance, PyObject *state)
{
    PyObject *names[QPY_UNPICKLE_SLOTS], *pairs[2 * QPY_UNPICKLE_SLOTS];
    qpy_unpickle_type *plan = plan_of(m, Py_TYPE(instance));
    if (QR_LIKELY(!plan->setstate) || !(PyList_CheckExact(state) || PyTuple_CheckExact(state)))
        return 0;
    if (!m->dataclasses.setstate) {
        qpy_unpickle_find_dataclasses(m);
        plan = plan_of(m, Py_TYPE(instance));
    }
    if (!plan->setstate || plan->setstate != m->dataclasses.setstate)
        return 0;
    PyObject *fields = _PyType_Lookup(Py_TYPE(instance), m->state->str_dataclass_fields);
    if (!fields || !PyDict_CheckExact(fields))
        return 0;
    Py_ssize_t n = field_names(&m->dataclasses, fields, names, QPY_UNPICKLE_SLOTS), given = PySequence_Fast_GET_SIZE(state);
    if (n > given) /* as zip() has it: the shorter one counts */
        n = given;
    if (n < 1)
        return n == 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        pairs[2 * i] = names[i];
        pairs[2 * i + 1] = PySequence_Fast_GET_ITEM(state, i);
    }
    uint8_t places[QPY_UNPICKLE_SLOTS];
    if (!find_places(plan, instance, pairs, n, places))
        return 0;
    put_in_places(plan, instance, pairs, n, places);
    for (Py_ssize_t i = 0; i < n; i++)
        Py_INCREF(pairs[2 * i + 1]);
    return 1;
}
