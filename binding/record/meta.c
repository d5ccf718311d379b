/* SPDX-License-Identifier: Apache-2.0 */
/* The metaclass as a type, and Record, the first class made by it.
 *
 * RecordMeta derives from ABCMeta, because the metaclass of `class P(Record, SomeABC)` is settled before anything of ours is asked.
 * A protocol's metaclass is one derived from ABCMeta that lives in typing, which we don't import: once it is loaded, which shows when
 * quire is imported or a record class is made, it takes ABCMeta's place as our base.
 * ABCMeta makes isinstance ten times slower, so isinstance and issubclass are `type`'s again for all classes but those that do
 * have an abstract base. */
#include "binding/record/internal.h"
#include "binding/attribute.h"

#include <structmember.h>

static int meta_traverse(PyObject *self, visitproc visit, void *arg)
{
    qpy_record_class *cls = (qpy_record_class *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(cls->module);
    Py_VISIT(cls->options);
    Py_VISIT(cls->names);
    Py_VISIT(cls->plan);
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        Py_VISIT(cls->fields[i].default_);
        Py_VISIT(cls->fields[i].factory);
        Py_VISIT(cls->fields[i].spec);
    }
    return PyType_Type.tp_traverse(self, visit, arg);
}

/* The module stays: instances that die after this still reach the state through the class. Names and options lead nowhere. */
static int meta_clear(PyObject *self)
{
    qpy_record_class *cls = (qpy_record_class *)self;
    Py_CLEAR(cls->plan);
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        Py_CLEAR(cls->fields[i].default_);
        Py_CLEAR(cls->fields[i].factory);
        Py_CLEAR(cls->fields[i].spec);
    }
    if (cls->options != NULL)
        PyDict_Clear(cls->options);
    return PyType_Type.tp_clear(self);
}

static void meta_dealloc(PyObject *self)
{
    qpy_record_class *cls = (qpy_record_class *)self;
    PyTypeObject *meta = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_CLEAR(cls->plan);
    Py_CLEAR(cls->options);
    Py_CLEAR(cls->names);
    qpy_record_fields_free(cls->fields, cls->count);
    cls->fields = NULL;
    cls->count = 0;
    qpy_record_pool_release(cls->pool);
    PyObject *module = cls->module;
    cls->module = NULL;
    PyObject_GC_Track(self); /* type's own dealloc expects to find it tracked */
    PyType_Type.tp_dealloc(self);
    Py_DECREF(meta);
    Py_XDECREF(module);
}

/* ---- isinstance, issubclass ---- */

static PyObject *ask_abc(qpy_record_class *cls, const char *method, PyObject *argument)
{
    PyObject *name = PyUnicode_InternFromString(method);
    PyObject *answer = name == NULL ? NULL : PyObject_CallMethodObjArgs((PyObject *)cls->state->abc_meta, name, cls, argument, NULL);
    Py_XDECREF(name);
    return answer;
}

static PyObject *meta_instancecheck(PyObject *self, PyObject *object)
{
    qpy_record_class *cls = (qpy_record_class *)self;
    if (PyObject_TypeCheck(object, &cls->head.ht_type))
        Py_RETURN_TRUE;
    if (cls->state != NULL && (cls->flags & QPY_RECORD_ABC))
        return ask_abc(cls, "__instancecheck__", object);
    /* A stand-in may say that it is one of us; plain built-in objects cannot. */
    PyTypeObject *type = Py_TYPE(object);
    if (cls->state == NULL || (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE) && type->tp_getattro == PyObject_GenericGetAttr))
        Py_RETURN_FALSE;
    PyObject *claimed = PyObject_GetAttr(object, cls->state->str_class);
    if (claimed == NULL && !PyErr_ExceptionMatches(PyExc_AttributeError))
        return NULL;
    PyErr_Clear();
    int result = claimed != NULL && PyType_Check(claimed) && PyType_IsSubtype((PyTypeObject *)claimed, &cls->head.ht_type);
    Py_XDECREF(claimed);
    return PyBool_FromLong(result);
}

static PyObject *meta_subclasscheck(PyObject *self, PyObject *type)
{
    qpy_record_class *cls = (qpy_record_class *)self;
    if (PyType_Check(type) && PyType_IsSubtype((PyTypeObject *)type, &cls->head.ht_type))
        Py_RETURN_TRUE;
    if (cls->state != NULL && (cls->flags & QPY_RECORD_ABC))
        return ask_abc(cls, "__subclasscheck__", type);
    if (PyType_Check(type))
        Py_RETURN_FALSE;
    return qpy_call_method_two((PyObject *)&PyType_Type, "__subclasscheck__", self, type);
}

/* typing's metaclass has an __init__ in Python, which is for protocols: records stay with type's. */
static int meta_init(PyObject *self, PyObject *args, PyObject *kwargs) { return PyType_Type.tp_init(self, args, kwargs); }

int qpy_record_meet_protocols(qpy_state *state)
{
    if (state->knows_protocols)
        return 0;
    PyObject *modules = PyImport_GetModuleDict(), *module = modules == NULL ? NULL : qpy_dict_find(modules, "typing");
    PyObject *protocol = module == NULL || !PyModule_Check(module) ? NULL : qpy_dict_find(PyModule_GetDict(module), "Protocol");
    if (protocol == NULL)
        return PyErr_Occurred() ? -1 : 0; /* not loaded, or still loading */
    PyObject *bases = PyTuple_Pack(1, Py_TYPE(protocol)), *name = PyUnicode_InternFromString("__bases__");
    int result = bases == NULL || name == NULL ? -1 : 0;
    if (result == 0 && PyType_IsSubtype(Py_TYPE(protocol), state->abc_meta) &&
        PyType_Type.tp_setattro((PyObject *)state->record_meta, name, bases) < 0) {
        if (PyErr_ExceptionMatches(PyExc_MemoryError))
            result = -1;
        else
            PyErr_Clear(); /* a metaclass derived from ours does not allow it: protocols are no bases then */
    }
    state->knows_protocols = result == 0;
    Py_XDECREF(bases);
    Py_XDECREF(name);
    return result;
}

/* ---- what quire._types reads ---- */

static PyObject *meta_options(PyObject *self, void *ignored)
{
    PyObject *options = ((qpy_record_class *)self)->options;
    return options == NULL ? PyErr_Format(PyExc_AttributeError, "__record_options__") : PyDictProxy_New(options);
}

/* name -> (kind, default): 1 a value, 2 a factory; fields without a default are not in it. */
static PyObject *meta_defaults(PyObject *self, void *ignored)
{
    qpy_record_class *cls = (qpy_record_class *)self;
    PyObject *result = PyDict_New();
    for (Py_ssize_t i = 0; result != NULL && i < cls->count; i++) {
        const qpy_record_field *field = &cls->fields[i];
        PyObject *value = field->factory != NULL ? field->factory : field->default_;
        if (value == NULL)
            continue;
        PyObject *pair = Py_BuildValue("iO", field->factory != NULL ? 2 : 1, value);
        if (pair == NULL || PyDict_SetItem(result, field->name, pair) < 0)
            Py_CLEAR(result);
        Py_XDECREF(pair);
    }
    return result;
}

/* name -> what field() returned, for the fields that were given one. */
static PyObject *meta_specs(PyObject *self, void *ignored)
{
    qpy_record_class *cls = (qpy_record_class *)self;
    PyObject *result = PyDict_New();
    for (Py_ssize_t i = 0; result != NULL && i < cls->count; i++) {
        const qpy_record_field *field = &cls->fields[i];
        if (field->spec != NULL && PyDict_SetItem(result, field->name, field->spec) < 0)
            Py_CLEAR(result);
    }
    return result;
}

static PyMethodDef meta_methods[] = {
    {"__instancecheck__", meta_instancecheck, METH_O, NULL},
    {"__subclasscheck__", meta_subclasscheck, METH_O, NULL},
    {NULL},
};

static PyGetSetDef meta_getset[] = {
    {"__record_options__", meta_options, NULL, "the class keywords, inherited ones included", NULL},
    {"__record_defaults__", meta_defaults, NULL, NULL, NULL},
    {"__record_specs__", meta_specs, NULL, NULL, NULL},
    {"__signature__", qpy_record_signature, NULL, NULL, NULL},
    {NULL},
};

static PyMemberDef meta_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(PyTypeObject, tp_vectorcall), READONLY, NULL},
    {NULL},
};

static PyType_Slot meta_slots[] = {
    {Py_tp_doc, (void *)"The metaclass of Record."},
    {Py_tp_new, qpy_record_meta_new},
    {Py_tp_init, meta_init},
    {Py_tp_dealloc, meta_dealloc},
    {Py_tp_traverse, meta_traverse},
    {Py_tp_clear, meta_clear},
    {Py_tp_setattro, qpy_record_meta_setattro},
    {Py_tp_methods, meta_methods},
    {Py_tp_getset, meta_getset},
    {Py_tp_members, meta_members},
    {0, NULL},
};

PyType_Spec qpy_record_meta_spec = {
    .name = "quire.RecordMeta",
    .basicsize = sizeof(qpy_record_class),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = meta_slots,
};

/* ---- Record ---- */

static QR_COLD PyObject *frozen_error(PyObject *self, const char *verb, PyObject *name)
{
    return PyErr_Format(PyExc_AttributeError, "cannot %s '%S': %.200s is frozen", verb, name, Py_TYPE(self)->tp_name);
}

static PyObject *frozen_setattr(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    return nargs == 2 ? frozen_error(self, "assign to", args[0]) : PyErr_Format(PyExc_TypeError, "__setattr__ takes a name and a value");
}

static PyObject *frozen_delattr(PyObject *self, PyObject *name) { return frozen_error(self, "delete", name); }

static PyMethodDef frozen_methods[] = {
    {"__setattr__", (PyCFunction)(void (*)(void))frozen_setattr, METH_FASTCALL, NULL},
    {"__delattr__", frozen_delattr, METH_O, NULL},
    {NULL},
};

/* Record.__new__(cls, ...): in the class's dictionary as a plain function, as __new__ is. */
static PyObject *record_new_function(PyObject *module, PyObject *args, PyObject *kwargs)
{
    qpy_state *state = qpy_state_of(module);
    PyObject *type = PyTuple_GET_SIZE(args) > 0 ? PyTuple_GET_ITEM(args, 0) : NULL;
    if (type == NULL || !PyType_Check(type) || !qpy_record_check(state, (PyTypeObject *)type))
        return PyErr_Format(PyExc_TypeError, "Record.__new__ needs a record class");
    return qpy_record_new((PyTypeObject *)type, args, kwargs);
}

static PyMethodDef new_method = {"__new__", (PyCFunction)(void (*)(void))record_new_function, METH_VARARGS | METH_KEYWORDS,
                                 "Makes a record without values: __init__ fills it."};
static PyMethodDef restore_method = {"_restore_record", (PyCFunction)(void (*)(void))qpy_record_restore, METH_FASTCALL,
                                     "Makes a record without values, for unpickling."};

static PyMethodDef record_methods[] = {
    {"__copy__", qpy_record_copy, METH_NOARGS, NULL},
    {"__replace__", (PyCFunction)(void (*)(void))qpy_record_replace, METH_FASTCALL | METH_KEYWORDS,
     "__replace__($self, /, **changes)\n--\n\nA record with some fields changed; __post_init__ runs."},
    {"__reduce__", qpy_record_reduce, METH_NOARGS, NULL},
    {"__getstate__", qpy_record_getstate, METH_NOARGS, "The values by name, or by number where fields have numbers."},
    {"__setstate__", qpy_record_setstate, METH_O, "Sets the values; __post_init__ does not run."},
    {"__rich_repr__", qpy_record_rich_repr, METH_NOARGS, NULL},
    {"__setattr__", (PyCFunction)(void (*)(void))qpy_record_setattr_method, METH_FASTCALL,
     "__setattr__($self, name, value, /)\n--\n\nSets a field. Called on Record itself it does so in a frozen record, too."},
    {"__delattr__", qpy_record_delattr_method, METH_O, NULL},
    {NULL},
};

/* A slot function under its name in Record's dictionary, as `type` would have put it there for a type written in C: subclasses then
 * find it and their slots point to the function itself. The wrapper's shape is borrowed from object's. */
static int add_wrapper(PyTypeObject *record, const char *name, void *function)
{
    PyObject *model = qpy_attribute((PyObject *)&PyBaseObject_Type, name), *wrapper = NULL;
    if (model != NULL && Py_IS_TYPE(model, &PyWrapperDescr_Type))
        wrapper = PyDescr_NewWrapper(record, ((PyWrapperDescrObject *)model)->d_base, function);
    else if (model != NULL)
        PyErr_Format(PyExc_SystemError, "object.%s is no slot wrapper", name);
    int result = wrapper == NULL ? -1 : PyDict_SetItemString(record->tp_dict, name, wrapper);
    Py_XDECREF(model);
    Py_XDECREF(wrapper);
    return result;
}

static int add_wrappers(PyTypeObject *record)
{
    static const char *const comparisons[] = {"__eq__", "__lt__", "__le__", "__gt__", "__ge__"};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(comparisons); i++) {
        if (add_wrapper(record, comparisons[i], (void *)qpy_record_richcompare) < 0)
            return -1;
    }
    record->tp_hash = qpy_record_hash;
    record->tp_repr = qpy_record_repr;
    record->tp_init = qpy_record_init_slot;
    return add_wrapper(record, "__hash__", (void *)qpy_record_hash) < 0 || add_wrapper(record, "__repr__", (void *)qpy_record_repr) < 0 ||
                   add_wrapper(record, "__init__", (void *)qpy_record_init_slot) < 0
               ? -1
               : 0;
}

static int add_methods(PyTypeObject *record, PyObject *module)
{
    PyObject *new_function = PyCFunction_NewEx(&new_method, module, NULL);
    int result = new_function == NULL ? -1 : PyDict_SetItemString(record->tp_dict, "__new__", new_function);
    Py_XDECREF(new_function);
    for (PyMethodDef *method = record_methods; result == 0 && method->ml_name != NULL; method++) {
        PyObject *descriptor = PyDescr_NewMethod(record, method);
        result = descriptor == NULL ? -1 : PyDict_SetItemString(record->tp_dict, method->ml_name, descriptor);
        Py_XDECREF(descriptor);
    }
    return result;
}

static int make_record(PyObject *module, qpy_state *state)
{
    PyObject *record = PyObject_CallFunction((PyObject *)state->record_meta, "s(){s:s,s:s,s:s}", "Record", "__module__", "quire",
                                             "__qualname__", "Record", "__doc__",
                                             "The base of record classes: annotated names become fields in fixed slots.");
    if (record == NULL)
        return -1;
    state->record_type = (PyTypeObject *)record;
    if (add_wrappers(state->record_type) < 0 || add_methods(state->record_type, module) < 0)
        return -1;
    state->record_setattr = PyDescr_NewMethod(state->record_type, &frozen_methods[0]);
    state->record_delattr = PyDescr_NewMethod(state->record_type, &frozen_methods[1]);
    if (state->record_setattr == NULL || state->record_delattr == NULL)
        return -1;
    PyType_Modified(state->record_type);
    return qpy_record_refresh((qpy_record_class *)record);
}

int qpy_record_init(PyObject *module, qpy_state *state)
{
    PyObject *abc = PyImport_ImportModule("abc");
    state->abc_meta = abc == NULL ? NULL : (PyTypeObject *)qpy_attribute(abc, "ABCMeta");
    Py_XDECREF(abc);
    state->str_class = PyUnicode_InternFromString("__class__");
    if (state->abc_meta == NULL || state->str_class == NULL || (state->str_post_init == NULL && (state->str_post_init = PyUnicode_InternFromString("__post_init__")) == NULL))
        return -1;
    PyObject *bases = PyTuple_Pack(1, state->abc_meta);
    state->record_meta = bases == NULL ? NULL : (PyTypeObject *)PyType_FromModuleAndSpec(module, &qpy_record_meta_spec, bases);
    Py_XDECREF(bases);
    state->member_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &qpy_member_spec, NULL);
    PyObject *name = PyModule_GetNameObject(module);
    state->record_restore = name == NULL ? NULL : PyCFunction_NewEx(&restore_method, module, name);
    Py_XDECREF(name);
    if (state->record_meta == NULL || state->member_type == NULL || state->record_restore == NULL || qpy_field_init(module, state) < 0 ||
        make_record(module, state) < 0)
        return -1;
    return PyModule_AddObjectRef(module, "RecordMeta", (PyObject *)state->record_meta) < 0 ||
                   PyModule_AddObjectRef(module, "Record", (PyObject *)state->record_type) < 0 ||
                   PyModule_AddObjectRef(module, "_restore_record", state->record_restore) < 0
               ? -1
               : 0;
}
