/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/adapt.h"
#include "binding/union.h"

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

/* The arm that a key is written as; what would be read back as another one is refused. QR_PLAN_NONE: failed. */
static uint32_t arm_of_key(qpy_walker *w, const qpy_plan *plan, uint32_t node, PyObject *key)
{
    uint32_t read_as = QR_PLAN_NONE, arm = qpy_union_arm(w->state, plan, node, key, &read_as);
    if (arm == QR_PLAN_NONE) {
        if (!PyErr_Occurred())
            qpy_walk_fail(w, QR_ERROR_TYPE_MISMATCH, key);
        return QR_PLAN_NONE;
    }
    int keeps = read_as != QR_PLAN_NONE ? 0 : !plan->unions[plan->core->nodes[node].value].may_change ? 1 : qpy_union_keeps(w->state, plan, node, arm, key, 0);
    if (keeps == 0)
        qpy_walk_fail(w, QR_ERROR_READ_AS, key);
    return keeps > 0 ? arm : QR_PLAN_NONE;
}

PyObject *qpy_adapt_key(qpy_walker *w, const qpy_plan *plan, uint32_t node, PyObject *key)
{
    Py_INCREF(key);
    PyObject *made = key;
    while (made && (plan->core->nodes[node].kind == QR_KIND_ADAPTER || plan->core->nodes[node].kind == QR_KIND_UNION)) {
        if (plan->core->nodes[node].kind == QR_KIND_UNION) {
            w->calls++; /* its class may be met for the first time */
            node = arm_of_key(w, plan, node, made);
            if (node == QR_PLAN_NONE) {
                Py_DECREF(made);
                return NULL;
            }
            continue;
        }
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
