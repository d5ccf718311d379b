/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptor of a field.
 *
 * Why not CPython's own member descriptor: its store writes the slot and nothing else, and object.__setattr__(r, "x", []), which
 * frozen classes need in __post_init__, ends in that store whatever the class says; so a record could come to hold a cycle that the
 * collector never looks at. Ours tracks. The price is paid by reading: the interpreter specialises only its own descriptors, so
 * reading a field takes about 16 ns where a slot takes 5 (3.11). A tp_getattro of our own that looks for the name among the fields
 * first was tried: 14 ns, but a method call then takes 97 instead of 24. */
#include "binding/record_internal.h"
#include "binding/attribute.h"

typedef struct qpy_member {
    PyObject_HEAD
    PyTypeObject *cls; /* strong: the class that brought the field */
    PyObject *name;
    Py_ssize_t offset;
} qpy_member;

PyObject *qpy_member_new(const qpy_state *state, PyTypeObject *cls, PyObject *name, Py_ssize_t offset)
{
    qpy_member *member = PyObject_GC_New(qpy_member, state->member_type);
    if (member == NULL)
        return NULL;
    member->cls = (PyTypeObject *)Py_NewRef((PyObject *)cls);
    member->name = Py_NewRef(name);
    member->offset = offset;
    PyObject_GC_Track(member);
    return (PyObject *)member;
}

static int member_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((qpy_member *)self)->cls);
    return 0;
}

static void member_dealloc(PyObject *self)
{
    qpy_member *member = (qpy_member *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_DECREF(member->cls);
    Py_DECREF(member->name);
    type->tp_free(self);
    Py_DECREF(type);
}

static QR_COLD int foreign_error(qpy_member *member, PyObject *object)
{
    PyErr_Format(PyExc_TypeError, "descriptor '%U' for '%.200s' objects doesn't apply to a '%.200s' object", member->name,
                 member->cls->tp_name, Py_TYPE(object)->tp_name);
    return -1;
}

static PyObject *member_get(PyObject *self, PyObject *object, PyObject *type)
{
    qpy_member *member = (qpy_member *)self;
    if (object == NULL)
        return Py_NewRef(self);
    if (QR_UNLIKELY(!PyObject_TypeCheck(object, member->cls)))
        goto foreign;
    PyObject *value = *qpy_record_slot(object, member->offset);
    return QR_LIKELY(value != NULL) ? Py_NewRef(value) : qpy_record_unset_error(object, member->name);
foreign:
    foreign_error(member, object);
    return NULL;
}

static int member_set(PyObject *self, PyObject *object, PyObject *value)
{
    qpy_member *member = (qpy_member *)self;
    if (QR_UNLIKELY(!PyObject_TypeCheck(object, member->cls)))
        return foreign_error(member, object);
    if (value != NULL) {
        qpy_record_store(object, member->offset, value);
        return 0;
    }
    PyObject **slot = qpy_record_slot(object, member->offset);
    if (*slot == NULL) {
        qpy_record_unset_error(object, member->name);
        return -1;
    }
    Py_CLEAR(*slot);
    return 0;
}

static PyObject *member_repr(PyObject *self)
{
    qpy_member *member = (qpy_member *)self;
    return PyUnicode_FromFormat("<field '%U' of '%s' objects>", member->name, member->cls->tp_name);
}

static PyObject *member_name(PyObject *self, void *ignored) { return Py_NewRef(((qpy_member *)self)->name); }

static PyObject *member_class(PyObject *self, void *ignored) { return Py_NewRef((PyObject *)((qpy_member *)self)->cls); }

static PyObject *member_qualname(PyObject *self, void *ignored)
{
    qpy_member *member = (qpy_member *)self;
    PyObject *cls = qpy_attribute((PyObject *)member->cls, "__qualname__");
    PyObject *name = cls == NULL ? NULL : PyUnicode_FromFormat("%S.%U", cls, member->name);
    Py_XDECREF(cls);
    return name;
}

/* pickle and copy of a descriptor: as an attribute of its class. */
static PyObject *member_reduce(PyObject *self, PyObject *ignored)
{
    qpy_member *member = (qpy_member *)self;
    PyObject *builtins = PyEval_GetBuiltins(), *getattr = builtins ? qpy_dict_find(builtins, "getattr") : NULL;
    if (getattr == NULL)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_RuntimeError, "no getattr");
    return Py_BuildValue("O(OO)", getattr, member->cls, member->name);
}

static PyGetSetDef member_getset[] = {
    {"__name__", member_name, NULL, NULL, NULL},
    {"__qualname__", member_qualname, NULL, NULL, NULL},
    {"__objclass__", member_class, NULL, NULL, NULL},
    {NULL},
};

static PyMethodDef member_methods[] = {
    {"__reduce__", member_reduce, METH_NOARGS, NULL},
    {NULL},
};

static PyType_Slot member_slots[] = {
    {Py_tp_dealloc, member_dealloc},
    {Py_tp_traverse, member_traverse},
    {Py_tp_repr, member_repr},
    {Py_tp_descr_get, member_get},
    {Py_tp_descr_set, member_set},
    {Py_tp_getset, member_getset},
    {Py_tp_methods, member_methods},
    {0, NULL},
};

PyType_Spec qpy_member_spec = {
    .name = "quire._core.RecordMember",
    .basicsize = sizeof(qpy_member),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = member_slots,
};
