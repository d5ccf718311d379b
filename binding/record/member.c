/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of fields, and storing through them.
 *
 * The interpreter reads a slot in one instruction where the class has a member descriptor of its own kind for it: 5 ns, against 15
 * through a descriptor of ours. But such a descriptor's store writes the slot and nothing else, and a record could come to hold a
 * cycle that the collector never looks at. So (docs/adr/0010-fields-are-member-descriptors.md):
 *
 *   - Fields have CPython's member descriptors, made read only: nothing stores through them. `r.x = v` goes through the class's
 *     tp_setattro, which finds the place in the descriptor, stores and tracks. object.__setattr__ raises.
 *   - A class that says `object.__setattr__` somewhere in its own code, as frozen classes do in __post_init__, has descriptors of ours
 *     (qpy_member) instead: that store ends in them, whatever the class says, and they track. It pays when its fields are read. */
#include "binding/record/internal.h"
#include "binding/attribute.h"
#include "binding/members.h"

typedef struct qpy_member {
    PyObject_HEAD
    PyTypeObject *cls; /* strong: the class that brought the field */
    PyObject *name;
    Py_ssize_t offset;
} qpy_member;

static PyObject *member_new(const qpy_state *state, PyTypeObject *cls, PyObject *name, Py_ssize_t offset)
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

/* ---- which kind ---- */

static int is_name_of_store(PyObject *name)
{
    return PyUnicode_Check(name) &&
           (PyUnicode_CompareWithASCIIString(name, "__setattr__") == 0 || PyUnicode_CompareWithASCIIString(name, "__delattr__") == 0);
}

enum { CODE_DEPTH = 20 };

/* Does the code, or a function in it, name object.__setattr__? */
static int code_stores(PyObject *code, int depth)
{
    const PyCodeObject *self = (PyCodeObject *)code;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self->co_names); i++) {
        if (is_name_of_store(PyTuple_GET_ITEM(self->co_names, i)))
            return 1;
    }
    for (Py_ssize_t i = 0; depth < CODE_DEPTH && i < PyTuple_GET_SIZE(self->co_consts); i++) {
        PyObject *inner = PyTuple_GET_ITEM(self->co_consts, i);
        if (PyCode_Check(inner) && code_stores(inner, depth + 1))
            return 1;
    }
    return 0;
}

/* What a decorator put around a function: as functools.wraps and descriptors say it. */
static PyObject *unwrapped(PyObject *value, const char *name)
{
    PyObject *inner = qpy_attribute(value, name);
    if (inner == NULL && !PyErr_ExceptionMatches(PyExc_MemoryError))
        PyErr_Clear();
    return inner;
}

/* 1, 0, or -1 with an exception. */
static int value_stores(PyObject *value, int depth)
{
    static const char *const parts[] = {"__wrapped__", "__func__", "func", "fget", "fset", "fdel"};
    if (value == NULL || depth > CODE_DEPTH)
        return 0;
    if (PyFunction_Check(value) && code_stores(PyFunction_GET_CODE(value), 0))
        return 1;
    int holds = PyFunction_Check(value) ? ((PyFunctionObject *)value)->func_dict != NULL : Py_TYPE(value)->tp_descr_get != NULL;
    for (size_t i = 0; holds && i < (PyFunction_Check(value) ? 1 : QR_ARRAY_LENGTH(parts)); i++) {
        PyObject *inner = PyType_Check(value) ? NULL : unwrapped(value, parts[i]);
        int stores = inner == NULL ? (PyErr_Occurred() ? -1 : 0) : value_stores(inner, depth + 1);
        Py_XDECREF(inner);
        if (stores != 0)
            return stores;
    }
    return 0;
}

static int body_stores(PyObject *body)
{
    int stores = 0;
    PyObject *values = PyDict_Values(body); /* looking may run code */
    if (values == NULL)
        return -1;
    for (Py_ssize_t i = 0; stores == 0 && i < PyList_GET_SIZE(values); i++)
        stores = value_stores(PyList_GET_ITEM(values, i), 0);
    Py_DECREF(values);
    return stores;
}

/* Is the code of the class or of a base such that object.__setattr__ must work? 1, 0, or -1 with an exception. */
static int needs_tracking(qpy_record_class *cls, PyObject *space)
{
    PyObject *mro = cls->head.ht_type.tp_mro;
    int stores = body_stores(space);
    for (Py_ssize_t i = 1; stores == 0 && i < PyTuple_GET_SIZE(mro); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        if (qpy_record_check(cls->state, base))
            stores = (((qpy_record_class *)base)->flags & QPY_RECORD_TRACKING) != 0;
        else if ((base->tp_flags & Py_TPFLAGS_HEAPTYPE) && base->tp_dict != NULL)
            stores = body_stores(base->tp_dict);
    }
    return stores;
}

/* ---- giving them to a class ---- */

/* CPython's own for a field of a record: nothing stores through it but we. */
static PyMemberDef *own_member(PyObject *descriptor)
{
    if (descriptor == NULL || Py_TYPE(descriptor) != &PyMemberDescr_Type)
        return NULL;
    PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
    return member->type == QPY_MEMBER_OBJECT && (member->flags & QPY_MEMBER_READONLY) ? member : NULL;
}

/* Ours for every field, inherited ones included; and object.__setattr__ finds no other function on its way through the bases. */
static int make_tracking(qpy_record_class *cls)
{
    PyTypeObject *type = &cls->head.ht_type;
    for (Py_ssize_t i = 0; i < cls->count && !(cls->flags & QPY_RECORD_MIXIN); i++) {
        PyObject *member = NULL, *found = _PyType_Lookup(type, cls->fields[i].name);
        if (found != NULL && Py_IS_TYPE(found, cls->state->member_type))
            continue;
        member = member_new(cls->state, type, cls->fields[i].name, cls->fields[i].offset);
        if (member == NULL || PyDict_SetItem(type->tp_dict, cls->fields[i].name, member) < 0) {
            Py_XDECREF(member);
            return -1;
        }
        Py_DECREF(member);
    }
    for (PyTypeObject *base = type->tp_base; qpy_record_check(cls->state, base) && base != cls->state->record_type; base = base->tp_base) {
        ((qpy_record_class *)base)->flags |= QPY_RECORD_OPEN;
        if (base->tp_setattro == qpy_record_setattro)
            base->tp_setattro = cls->state->slot_setattro;
        PyType_Modified(base);
    }
    cls->flags |= QPY_RECORD_TRACKING;
    PyType_Modified(type);
    return 0;
}

int qpy_record_set_members(qpy_record_class *cls, PyObject *space)
{
    PyTypeObject *type = &cls->head.ht_type;
    int tracking = needs_tracking(cls, space);
    if (tracking != 0)
        return tracking < 0 ? -1 : make_tracking(cls);
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        PyObject *found = PyDict_GetItemWithError(type->tp_dict, cls->fields[i].name);
        if (found != NULL && Py_TYPE(found) == &PyMemberDescr_Type)
            ((PyMemberDescrObject *)found)->d_member->flags |= QPY_MEMBER_READONLY;
        else if (PyErr_Occurred())
            return -1;
    }
    return 0;
}

static int make_tree_tracking(qpy_record_class *cls)
{
    if (cls->state == NULL)
        return 0;
    int result = cls->flags & QPY_RECORD_TRACKING ? 0 : make_tracking(cls);
    if (result == 0)
        result = qpy_record_refresh(cls);
    PyObject *children = result == 0 ? qpy_call_method((PyObject *)&PyType_Type, "__subclasses__", (PyObject *)cls) : NULL;
    result = children == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; result == 0 && i < PyList_GET_SIZE(children); i++)
        result = make_tree_tracking((qpy_record_class *)PyList_GET_ITEM(children, i));
    Py_XDECREF(children);
    return result;
}

int qpy_record_notice_code(qpy_record_class *cls, PyObject *value)
{
    if (&cls->head.ht_type == cls->state->record_type || (cls->flags & QPY_RECORD_TRACKING))
        return 0;
    int stores = value_stores(value, 0);
    return stores <= 0 ? stores : make_tree_tracking(cls);
}

/* ---- storing ---- */

int qpy_record_setattro(PyObject *self, PyObject *name, PyObject *value)
{
    PyObject *descriptor = _PyType_Lookup(Py_TYPE(self), name);
    const PyMemberDef *member = own_member(descriptor);
    if (QR_UNLIKELY(qpy_record_class_of(self)->flags & QPY_RECORD_VALIDATE_ASSIGN) && value != NULL && !qpy_objects_check_field(qpy_record_class_of(self), self, name, value))
        return -1;
    if (QR_UNLIKELY(member == NULL || !PyObject_TypeCheck(self, ((PyMemberDescrObject *)descriptor)->d_common.d_type)))
        return PyObject_GenericSetAttr(self, name, value);
    PyObject **slot = qpy_record_slot(self, member->offset);
    if (QR_LIKELY(value != NULL)) {
        qpy_record_store(self, member->offset, value);
        return 0;
    }
    if (*slot == NULL) {
        qpy_record_unset_error(self, name);
        return -1;
    }
    Py_CLEAR(*slot);
    return 0;
}

static int check_name(PyObject *name)
{
    if (PyUnicode_Check(name))
        return 0;
    PyErr_Format(PyExc_TypeError, "attribute name must be string, not '%.200s'", Py_TYPE(name)->tp_name);
    return -1;
}

PyObject *qpy_record_setattr_method(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 2)
        return PyErr_Format(PyExc_TypeError, "__setattr__ takes a name and a value");
    if (check_name(args[0]) < 0 || qpy_record_setattro(self, args[0], args[1]) < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *qpy_record_delattr_method(PyObject *self, PyObject *name)
{
    if (check_name(name) < 0 || qpy_record_setattro(self, name, NULL) < 0)
        return NULL;
    Py_RETURN_NONE;
}
