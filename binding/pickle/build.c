/* SPDX-License-Identifier: Apache-2.0 */
/* build: lists, dicts and instances from what is on the stack.
 *
 * Dicts of one pickle mostly have the keys of the one before, and as the same objects, because the pickler memoized them: the second
 * time a template is made of them (cpython_private.h). An instance whose class changes nothing about its state gets it without
 * its __dict__ being made. */
#include "binding/pickle/machine.h"

#include "binding/members.h"
#include "binding/record.h"

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

void qpy_unpickle_forget(qpy_unpickle *self)
{
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

/* Nothing comes between an instance of the type and its state. */
static void look_at(qpy_unpickle_type *plan, PyTypeObject *type, qpy_state *state)
{
    plan->in_dict = plan->in_slots = plan->slots = 0;
    if (_PyType_Lookup(type, state->str_setstate) || type->tp_getattro != PyObject_GenericGetAttr)
        return;
    PyObject *dict = _PyType_Lookup(type, state->str_instance_dict);
    plan->in_dict = dict && Py_IS_TYPE(dict, &PyGetSetDescr_Type) && type->tp_flags & Py_TPFLAGS_HEAPTYPE;
    plan->in_slots = !dict && type->tp_setattro == PyObject_GenericSetAttr && type->tp_dictoffset == 0 && type->tp_flags & Py_TPFLAGS_HEAPTYPE;
}

static qpy_unpickle_type *plan_of(qpy_unpickle *m, PyTypeObject *type)
{
    size_t i = (size_t)((uintptr_t)type >> 4 ^ (uintptr_t)type >> 9) % QPY_UNPICKLE_TYPES;
    qpy_unpickle_type *plan = &m->plans[i];
    if (QR_LIKELY(m->types[i] == type && plan->version && plan->version == type->tp_version_tag))
        return plan;
    look_at(plan, type, m->state); /* looking up gives the type a version */
    m->types[i] = type;
    plan->version = type->tp_version_tag;
    return plan;
}

/* ---------------------------------------------------------------- states */

/* Interns a name in its place: 1, or 0 when it is none. */
QR_INLINE int intern(PyObject **name)
{
    if (QR_UNLIKELY(!PyUnicode_CheckExact(*name)))
        return 0;
    if (QR_UNLIKELY(!PyUnicode_CHECK_INTERNED(*name)))
        PyUnicode_InternInPlace(name);
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
    if (!found || !Py_IS_TYPE(found, &PyMemberDescr_Type))
        return -1;
    PyMemberDef *member = ((PyMemberDescrObject *)found)->d_member;
    if (member->type != QPY_MEMBER_OBJECT || member->flags || !PyType_IsSubtype(type, PyDescr_TYPE(found)) || PyDescr_NAME(found) != name)
        return -1;
    plan->names[plan->slots] = name;
    plan->offsets[plan->slots] = member->offset;
    return plan->slots++;
}

static int fill_slots(qpy_unpickle_type *plan, PyObject *instance, PyObject **pairs, Py_ssize_t n)
{
    uint8_t places[QPY_UNPICKLE_SLOTS];
    uint32_t taken = 0;
    if (n > QPY_UNPICKLE_SLOTS)
        return 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        int slot = slot_of(plan, Py_TYPE(instance), pairs[2 * i], (int)i);
        if (slot < 0 || taken >> slot & 1 || *qpy_record_slot(instance, plan->offsets[slot]))
            return 0;
        taken |= (uint32_t)1 << slot;
        places[i] = (uint8_t)slot;
    }
    for (Py_ssize_t i = 0; i < n; i++)
        *qpy_record_slot(instance, plan->offsets[places[i]]) = pairs[2 * i + 1];
    return 1;
}

int qpy_unpickle_store_state(qpy_unpickle *m, PyObject *instance, PyObject **from, PyObject **to, int in_slots)
{
    qpy_unpickle_type *plan = plan_of(m, Py_TYPE(instance));
    if (!(in_slots ? plan->in_slots : plan->in_dict) || !m->state->private_ok)
        return 0;
    for (PyObject **key = from; key < to; key += 2)
        if (!intern(key))
            return 0;
    return in_slots ? fill_slots(plan, instance, from, (to - from) / 2) : qpy_instance_fill(instance, from, (to - from) / 2);
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
    Py_DECREF(dict);
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
