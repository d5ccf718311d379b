/* SPDX-License-Identifier: Apache-2.0 */
/* typed_made: what a typed load has made, and may still be built. */
#include "binding/pickle/typed.h"

#include "binding/members.h"
#include "binding/record/record.h"

/* ---------------------------------------------------------------- noted */

static qpy_typed_made *place_of(qpy_typed_made *table, size_t room, const PyObject *object)
{
    size_t i = ((size_t)((uintptr_t)object >> 4) * 0x9E3779B97F4A7C15u >> 20) & (room - 1);
    while (table[i].object && table[i].object != object)
        i = (i + 1) & (room - 1);
    return &table[i];
}

qpy_typed_made *qpy_typed_noted(const qpy_typed *t, PyObject *object)
{
    qpy_typed_made *found = t->made_room ? place_of(t->made, t->made_room, object) : NULL;
    return found && found->object ? found : NULL;
}

int qpy_typed_note(qpy_typed *t, PyObject *object, PyObject *with)
{
    if (2 * (t->made_count + 1) > t->made_room) {
        size_t room = t->made_room ? 2 * t->made_room : 64;
        qpy_typed_made *table = room > PY_SSIZE_T_MAX / sizeof *table ? NULL : PyMem_Calloc(room, sizeof *table);
        if (!table) {
            PyErr_NoMemory();
            return 0;
        }
        for (size_t i = 0; i < t->made_room; i++)
            if (t->made[i].object)
                *place_of(table, room, t->made[i].object) = t->made[i];
        PyMem_Free(t->made);
        t->made = table;
        t->made_room = room;
    }
    qpy_typed_made *place = place_of(t->made, t->made_room, object);
    if (place->object) { /* a handler that gives an object twice */
        place->built = 0;
        Py_XSETREF(place->with, Py_NewRef(with));
        return 1;
    }
    *place = (qpy_typed_made){Py_NewRef(object), Py_NewRef(with), 0, 0};
    t->made_count++;
    return 1;
}

void qpy_typed_forget(qpy_typed *t)
{
    while (t->expected_count)
        Py_DECREF(t->expected[--t->expected_count]);
    PyMem_Free(t->expected);
    for (size_t i = 0; i < t->made_room; i++) {
        Py_XDECREF(t->made[i].object);
        Py_XDECREF(t->made[i].with);
    }
    PyMem_Free(t->made);
}

/* ---------------------------------------------------------------- classes */

static qpy_typed_class *class_place(qpy_typed *t, const PyTypeObject *type)
{
    return &t->classes[((uintptr_t)type >> 4 ^ (uintptr_t)type >> 9) % QPY_TYPED_CLASSES];
}

/* 1, or 0 where its fields are not all of one kind. */
static int learn(qpy_typed_class *known, PyObject *shape)
{
    PyObject *fields = PyTuple_GET_ITEM(shape, QPY_SHAPE_FIELDS), *name, *place;
    Py_ssize_t at = 0;
    *known = (qpy_typed_class){.type = NULL, .fields = fields, .names = PyTuple_GET_ITEM(shape, QPY_SHAPE_NAMES)};
    if (PyTuple_GET_ITEM(shape, QPY_SHAPE_MAKER) != Py_None || PyTuple_GET_ITEM(shape, QPY_SHAPE_SETTER) != Py_None || PyDict_GET_SIZE(fields) > QPY_UNPICKLE_SLOTS)
        return 0;
    while (PyDict_Next(fields, &at, &name, &place)) {
        int is_slot = Py_IS_TYPE(place, &PyMemberDescr_Type);
        if (known->count && is_slot != known->in_slots)
            return 0;
        if (is_slot) {
            const PyMemberDef *member = ((PyMemberDescrObject *)place)->d_member;
            if (member->type != QPY_MEMBER_OBJECT)
                return 0;
            known->offsets[known->count] = member->offset;
        }
        known->in_slots = is_slot;
        known->count++;
    }
    known->type = (PyTypeObject *)PyTuple_GET_ITEM(shape, QPY_SHAPE_CLASS);
    if (!known->count)
        known->in_slots = known->type->tp_dictoffset == 0;
    return 1;
}

qpy_typed_class *qpy_typed_class_of(qpy_typed *t, PyTypeObject *type)
{
    qpy_typed_class *known = class_place(t, type);
    if (QR_LIKELY(known->type == type))
        return known;
    const qpy_typed_made *place = qpy_typed_noted(t, (PyObject *)type);
    return place && learn(known, place->with) ? known : NULL;
}

Py_ssize_t qpy_typed_values(const qpy_typed_class *known, PyObject *instance, PyObject **values)
{
    Py_ssize_t n = 0;
    if (known->in_slots) {
        for (uint8_t i = 0; i < known->count; i++)
            if ((values[n] = *qpy_record_slot(instance, known->offsets[i])))
                n++;
        return n;
    }
    return qpy_instance_list(instance, values, QPY_UNPICKLE_SLOTS);
}

/* ---------------------------------------------------------------- expected */

static int is_plain(const PyTypeObject *type) { return !(type->tp_flags & Py_TPFLAGS_IS_ABSTRACT) && type->tp_alloc == PyType_GenericAlloc; }

static int grow(qpy_typed *t)
{
    size_t room = t->expected_room ? 2 * t->expected_room : 16;
    PyObject **more = room > PY_SSIZE_T_MAX / sizeof *more ? NULL : PyMem_Realloc(t->expected, room * sizeof *more);
    if (!more)
        return 0;
    t->expected = more;
    t->expected_room = room;
    return 1;
}

PyObject *qpy_typed_make(qpy_unpickle *m, PyObject *shape)
{
    qpy_typed *t = m->typed;
    PyTypeObject *type = (PyTypeObject *)PyTuple_GET_ITEM(shape, QPY_SHAPE_CLASS);
    const qpy_typed_class *known = class_place(t, type);
    if (QR_UNLIKELY(known->type != type)) {
        qpy_typed_class first;
        if (!m->state->private_ok || !learn(&first, shape))
            return NULL;
        if (!qpy_typed_noted(t, (PyObject *)type) && !qpy_typed_note(t, (PyObject *)type, shape)) {
            PyErr_Clear(); /* it is tried again in the ordinary way */
            return NULL;
        }
        if (!(known = qpy_typed_class_of(t, type)))
            return NULL;
    }
    if (known->fields != PyTuple_GET_ITEM(shape, QPY_SHAPE_FIELDS) || !is_plain(type) || (t->expected_count == t->expected_room && !grow(t)))
        return NULL;
    PyObject *made = qpy_unpickle_new_instance(type);
    if (QR_LIKELY(made != NULL))
        t->expected[t->expected_count++] = Py_NewRef(made);
    else
        PyErr_Clear();
    return made;
}

/* The one that was made last is noted, as any other: 1, or 0 with an exception. */
static int settle_one(qpy_typed *t)
{
    PyObject *object = t->expected[t->expected_count - 1];
    const qpy_typed_made *place = qpy_typed_noted(t, (PyObject *)Py_TYPE(object));
    if (!qpy_typed_note(t, object, place ? place->with : Py_None))
        return 0;
    t->expected_count--;
    Py_DECREF(object);
    return 1;
}

int qpy_typed_settle(qpy_typed *t)
{
    while (t->expected_count)
        if (!settle_one(t))
            return 0;
    return 1;
}

int qpy_typed_expects(qpy_unpickle *m, PyObject *instance, Py_ssize_t n, size_t weight)
{
    qpy_typed *t = m->typed;
    while (t->expected_count && QR_UNLIKELY(t->expected[t->expected_count - 1] != instance))
        if (!settle_one(t)) {
            PyErr_Clear(); /* it is tried again in the ordinary way */
            return 0;
        }
    return t->expected_count && (size_t)n <= t->items && weight <= t->work_left;
}

void qpy_typed_stored(qpy_unpickle *m, size_t weight)
{
    qpy_typed *t = m->typed;
    t->work_left -= weight;
    Py_DECREF(t->expected[--t->expected_count]); /* the stack has it */
}
