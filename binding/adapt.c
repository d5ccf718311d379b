/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/adapt.h"

PyObject *qpy_adapt_decode(const qpy_plan *plan, uint32_t node, PyObject *wire, PyObject *context)
{
    const qpy_node_side *side = &plan->nodes[node];
    PyObject *arguments[] = {NULL, wire, context ? context : Py_None};
    PyObject *value = PyObject_Vectorcall(side->decode, arguments + 1, (side->with_context ? 2 : 1) | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    Py_DECREF(wire);
    return value;
}

int qpy_adapt_takes(const qpy_plan *plan, uint32_t node, PyObject *object)
{
    const PyObject *cls = plan->nodes[node].cls;
    if (!cls || cls == Py_None)
        return object != Py_None || !(plan->core->nodes[node].flags & QR_NODE_NULLABLE);
    if (PyBool_Check(object) && cls != (PyObject *)&PyBool_Type)
        return cls == (PyObject *)&PyBaseObject_Type;
    return PyObject_TypeCheck(object, (PyTypeObject *)cls);
}

PyObject *qpy_adapt_encode(qpy_walker *w, const qpy_plan *plan, uint32_t node, PyObject *object)
{
    w->calls++;
    Py_INCREF(object);
    PyObject *wire = PyObject_CallOneArg(plan->nodes[node].encode, object);
    if (!wire) {
        w->adapting = 1;
        if (!w->failed)
            w->failed = Py_NewRef(object);
    }
    Py_DECREF(object);
    return wire;
}

PyObject *qpy_adapt_key(qpy_walker *w, const qpy_plan *plan, uint32_t node, PyObject *key)
{
    Py_INCREF(key);
    PyObject *made = key;
    while (made && plan->core->nodes[node].kind == QR_KIND_ADAPTER) {
        if (!plan->nodes[node].encode) {
            node = plan->core->nodes[node].item;
            continue;
        }
        if (!qpy_adapt_takes(plan, node, made)) {
            qpy_walk_fail(w, QR_ERROR_TYPE_MISMATCH, made);
            Py_DECREF(made);
            return NULL;
        }
        Py_SETREF(made, qpy_adapt_encode(w, plan, node, made));
        node = plan->core->nodes[node].item;
    }
    if (made && plan->nodes[node].exact != Py_TYPE(made) && !qpy_walk_checks(w, plan, node, made))
        Py_CLEAR(made);
    if (made && (PyList_Check(made) || PyDict_Check(made) || PyTuple_Check(made) || PyAnySet_Check(made))) {
        qpy_walk_fail(w, QR_ERROR_UNSUPPORTED_KEY, key);
        Py_CLEAR(made);
    }
    return made;
}
