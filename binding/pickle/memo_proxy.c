/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/pickle/memo_proxy.h"
#include "binding/attribute.h"

PyObject *qpy_memo_proxy_new(PyTypeObject *type, PyObject *owner)
{
    qpy_memo_proxy *proxy = (qpy_memo_proxy *)type->tp_alloc(type, 0);
    if (proxy)
        proxy->owner = Py_NewRef(owner);
    return (PyObject *)proxy;
}

PyObject *qpy_memo_proxy_reduce(PyObject *proxy, PyObject *ignored)
{
    (void)ignored;
    PyObject *copy = qpy_call_method(proxy, "copy", NULL);
    return copy ? Py_BuildValue("(O(N))", &PyDict_Type, copy) : NULL;
}

static int proxy_traverse(PyObject *op, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(qpy_memo_proxy_owner(op));
    return 0;
}

static int proxy_clear(PyObject *op)
{
    Py_CLEAR(((qpy_memo_proxy *)op)->owner);
    return 0;
}

static void proxy_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    proxy_clear(op);
    type->tp_free(op);
    Py_DECREF(type);
}

PyTypeObject *qpy_memo_proxy_type(PyObject *module, const char *name, PyMethodDef *methods)
{
    PyType_Slot slots[] = {
        {Py_tp_dealloc, proxy_dealloc}, {Py_tp_traverse, proxy_traverse}, {Py_tp_clear, proxy_clear},
        {Py_tp_methods, methods}, {Py_tp_hash, PyObject_HashNotImplemented}, {0, NULL},
    };
    PyType_Spec spec = {
        .name = name, .basicsize = sizeof(qpy_memo_proxy), .slots = slots,
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    };
    return (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
}
