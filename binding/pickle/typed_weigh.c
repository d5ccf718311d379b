/* SPDX-License-Identifier: Apache-2.0 */
/* typed_weigh: the result of a typed load, weighed as a tree before anybody walks it: what is shared counts each time. */
#include "binding/pickle/typed.h"

enum { WALK_FIRST = 64 };

typedef struct level {
    PyObject *object; /* borrowed: the value keeps it */
    PyObject *items;  /* of what is walked by an iterator: strong; else NULL */
    PyObject *value;  /* of a dict: what its key was given before; else NULL */
    PyObject *own;    /* the object, where it was only made to be walked: strong; else NULL */
    Py_ssize_t at;
} level;

/* The next part of what is open, keys and values in turn: 1, 0 at the end, -1 with an exception. *part is borrowed. */
static int next_part(level *l, PyObject **part)
{
    if (l->items) {
        *part = PyIter_Next(l->items);
        if (*part)
            Py_DECREF(*part); /* its container keeps it, and nothing runs meanwhile */
        return *part ? 1 : PyErr_Occurred() ? -1 : 0;
    }
    if (PyDict_Check(l->object)) {
        if (l->value) {
            *part = l->value;
            l->value = NULL;
            return 1;
        }
        return PyDict_Next(l->object, &l->at, part, &l->value);
    }
    if (l->at >= Py_SIZE(l->object))
        return 0;
    *part = PyList_CheckExact(l->object) ? PyList_GET_ITEM(l->object, l->at) : PyTuple_GET_ITEM(l->object, l->at);
    l->at++;
    return 1;
}

static int has_too_many(qpy_unpickle *m, Py_ssize_t n)
{
    return (size_t)n > m->typed->items && !qpy_typed_refuse(m, "limit: a container of too many items", NULL, NULL);
}

/* 0, or -1 with an exception. */
static int add_weight(qpy_unpickle *m, size_t weight)
{
    if (weight > m->typed->nodes)
        return qpy_typed_refuse(m, "limit: written out, with what is shared each time, it would be too large", NULL, NULL) - 1;
    m->typed->nodes -= weight;
    return 0;
}

/* Text and bytes count by their length, a little: whoever looks at them looks at all. 0, or -1 with an exception. */
static int weigh_text(qpy_unpickle *m, PyObject *text)
{
    size_t length = (size_t)(PyUnicode_Check(text) ? PyUnicode_GET_LENGTH(text) : PyBytes_GET_SIZE(text)), weight = length / QPY_TYPED_TEXT_WEIGHT;
    if (length > m->typed->str_bytes)
        return qpy_typed_refuse(m, "limit: a string that is too long", NULL, NULL) - 1;
    return add_weight(m, weight);
}

static void close_level(level *l)
{
    Py_CLEAR(l->items);
    Py_CLEAR(l->own);
}

/* The fields of an instance, as open_level. */
static int open_instance(qpy_unpickle *m, const qpy_typed_class *known, PyObject *instance, level *l)
{
    PyObject *values[QPY_UNPICKLE_SLOTS];
    Py_ssize_t n = qpy_typed_values(known, instance, values), parts = 0;
    if (n < 0) { /* somebody has looked at its __dict__ */
        l->object = l->own = PyObject_GenericGetDict(instance, NULL);
        int status = !l->own || has_too_many(m, PyDict_GET_SIZE(l->own)) ? -1 : PyDict_GET_SIZE(l->own) > 0;
        if (status <= 0)
            close_level(l);
        return status;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *value = values[i];
        if (PyUnicode_CheckExact(value) ? weigh_text(m, value) < 0 : 0)
            return -1;
        if (!(PyUnicode_CheckExact(value) || PyLong_CheckExact(value) || PyFloat_CheckExact(value) || value == Py_None || PyBool_Check(value)))
            values[parts++] = value;
    }
    if (add_weight(m, (size_t)(1 + n)) < 0)
        return -1;
    if (!parts)
        return 0;
    if (!(l->object = l->own = PyTuple_New(parts)))
        return -1;
    for (Py_ssize_t i = 0; i < parts; i++)
        PyTuple_SET_ITEM(l->own, i, Py_NewRef(values[i]));
    return 1;
}

/* A part of the result: 1, or 0 with an exception. */
static int keep_container(qpy_typed *t, PyObject *object)
{
    int known = t->held ? PySet_Contains(t->containers, (PyObject *)Py_TYPE(object)) : 0;
    if (known <= 0)
        return known == 0;
    PyObject *key = t->kept || (t->kept = PySet_New(NULL)) ? PyLong_FromVoidPtr(object) : NULL;
    int status = key ? PySet_Add(t->kept, key) : -1;
    Py_XDECREF(key);
    return status == 0;
}

/* Opens what has parts: 1; 0 when it has none; -1 with an exception. */
static int open_level(qpy_unpickle *m, PyObject *object, level *l)
{
    *l = (level){.object = object};
    if (object == Py_None || PyLong_CheckExact(object) || PyFloat_CheckExact(object))
        return 0;
    if (PyUnicode_Check(object) || PyBytes_Check(object))
        return weigh_text(m, object);
    if (!PyList_CheckExact(object) && !PyDict_CheckExact(object)) {
        const qpy_typed_made *place = qpy_typed_noted(m->typed, object);
        if (place && place->built && !place->with)
            return add_weight(m, place->weight);
        if (place && place->built)
            l->object = place->with; /* its values: a list or a tuple */
        if (place && !place->built && PyFunction_Check(place->with) && ((PyFunctionObject *)place->with)->func_dict)
            return qpy_typed_refuse(m, "an object without the state that it needs", NULL, NULL) - 1;
        const qpy_typed_class *known = place || PyTuple_CheckExact(object) ? NULL : qpy_typed_class_of(m->typed, Py_TYPE(object));
        if (known)
            return open_instance(m, known, object, l);
    }
    if (Py_IS_TYPE(object, m->state->unpickle_named))
        return qpy_typed_refuse_named(m, "a global that is used as a value", object) - 1;
    if (!PyList_CheckExact(object) && !PyTuple_Check(object) && !PyDict_CheckExact(object) && !keep_container(m->typed, object))
        return -1;
    if (PyList_CheckExact(l->object) || PyTuple_Check(l->object))
        return has_too_many(m, Py_SIZE(l->object)) ? -1 : Py_SIZE(l->object) > 0;
    if (PyDict_Check(l->object))
        return has_too_many(m, PyDict_GET_SIZE(l->object)) ? -1 : PyDict_GET_SIZE(l->object) > 0;
    int walks = PyAnySet_Check(l->object);
    if (walks && has_too_many(m, PySet_GET_SIZE(l->object)))
        return -1;
    if (!walks && (walks = PySet_Contains(m->typed->containers, (PyObject *)Py_TYPE(l->object))) <= 0)
        return walks;
    return (l->items = PyObject_GetIter(l->object)) ? 1 : -1;
}

int qpy_typed_measure(qpy_unpickle *m, PyObject *value)
{
    size_t room = WALK_FIRST, depth = 0;
    level *levels = PyMem_Malloc(room * sizeof *levels);
    int status = levels ? open_level(m, value, &levels[0]) : (PyErr_NoMemory(), -1);
    depth = status > 0;
    while (status >= 0 && depth > 0) {
        PyObject *part;
        level next;
        status = next_part(&levels[depth - 1], &part);
        if (status == 0) {
            close_level(&levels[--depth]);
            continue;
        }
        if (status > 0 && m->typed->nodes-- == 0)
            status = qpy_typed_refuse(m, "limit: written out, with what is shared each time, it would be too large", NULL, NULL) - 1;
        if (status > 0)
            status = open_level(m, part, &next);
        if (status <= 0)
            continue;
        if (depth >= m->typed->depth) {
            close_level(&next);
            status = qpy_typed_refuse(m, "limit: nested too deep, or in a circle", NULL, NULL) - 1;
            continue;
        }
        if (depth == room) {
            level *more = PyMem_Realloc(levels, 2 * room * sizeof *levels);
            if (!more) {
                close_level(&next);
                PyErr_NoMemory();
                status = -1;
                continue;
            }
            levels = more;
            room *= 2;
        }
        levels[depth++] = next;
    }
    while (depth > 0)
        close_level(&levels[--depth]);
    PyMem_Free(levels);
    return status >= 0;
}
