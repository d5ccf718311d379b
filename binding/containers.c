/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/containers.h"

#include "binding/attribute.h"
#include "binding/scalar_internal.h"

int qpy_containers_is_deque(qpy_state *state, PyObject *object)
{
    return qpy_scalar_find(&state->deque_type, state->str_collections, "deque") && PyObject_TypeCheck(object, state->deque_type);
}

int qpy_containers_holds(const qpy_node_side *side, PyObject *object)
{
    if (PyType_Check(side->cls) && PyObject_TypeCheck(object, (PyTypeObject *)side->cls))
        return 1;
    for (Py_ssize_t i = 0, n = side->also ? PyTuple_GET_SIZE(side->also) : 0; i < n; i++) {
        PyObject *cls = PyTuple_GET_ITEM(side->also, i);
        if (PyType_Check(cls) && PyObject_TypeCheck(object, (PyTypeObject *)cls))
            return 1;
    }
    return 0;
}

/* maxlen is no part of a deque's items nor of its ==, so it travels in the type only: another one would be lost. */
int qpy_containers_fits(qpy_state *state, const qpy_node_side *side, PyObject *object)
{
    if (side->flavour != QPY_MADE || !side->extra || !qpy_containers_is_deque(state, object))
        return 1;
    PyObject *maxlen = qpy_attribute(object, "maxlen");
    int same = maxlen ? PyObject_RichCompareBool(maxlen, PyTuple_GET_ITEM(side->extra, 0), Py_EQ) : -1;
    Py_XDECREF(maxlen);
    return same;
}

PyObject *qpy_containers_make(const qpy_node_side *side, PyObject *plain, int is_map)
{
    PyObject *extra = side->extra ? PyTuple_GET_ITEM(side->extra, 0) : NULL;
    PyObject *args[] = {is_map && extra ? extra : plain, is_map ? plain : extra};
    return PyObject_Vectorcall(side->cls, args, extra ? 2 : 1, NULL);
}

int qpy_containers_take_factory(PyObject *made, PyObject *source)
{
    PyObject *name = PyUnicode_InternFromString("default_factory");
    if (name && !_PyType_Lookup(Py_TYPE(source), name)) { /* Unknown has an extra of its own */
        Py_DECREF(name);
        return 1;
    }
    PyObject *factory = name ? PyObject_GetAttr(source, name) : NULL;
    int ok = factory && PyObject_SetAttr(made, name, factory) == 0;
    Py_XDECREF(factory);
    Py_XDECREF(name);
    return ok;
}
