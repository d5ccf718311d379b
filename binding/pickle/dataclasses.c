/* SPDX-License-Identifier: Apache-2.0 */
/* dataclasses: of frozen dataclasses with slots the state is a list, and their __setstate__ is a function of the module
 * dataclasses that sets each field by object.__setattr__. It is known by being that very function, with code that names what it has always
 * named; build.c then does the same without calling it. Whatever was put in its place, or changed in it, is called as any other. */
#include "binding/pickle/machine.h"

#include "binding/attribute.h"
#include "binding/members.h"

/* Is it a function of Python that uses these names (as a tuple) and nothing that was bound to it, of the module's own globals? */
static int is_function_of(PyObject *function, PyObject *module, const char *const *names)
{
    if (!function || !PyFunction_Check(function) || PyFunction_GET_GLOBALS(function) != PyModule_GetDict(module) || PyFunction_GET_CLOSURE(function) ||
        PyFunction_GET_DEFAULTS(function) || PyFunction_GET_KW_DEFAULTS(function))
        return 0;
    PyObject *used = ((PyCodeObject *)PyFunction_GET_CODE(function))->co_names;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(used); i++)
        if (!names[i] || PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(used, i), names[i]) != 0)
            return 0;
    return !names[PyTuple_GET_SIZE(used)];
}

/* The offset of a slot of the class, or 0. */
static Py_ssize_t slot_offset(PyObject *cls, const char *name)
{
    PyObject *descriptor = qpy_attribute(cls, name);
    Py_ssize_t offset = 0;
    if (descriptor && Py_IS_TYPE(descriptor, &PyMemberDescr_Type)) {
        PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
        if (member->type == QPY_MEMBER_OBJECT && PyDescr_TYPE(descriptor) == (PyTypeObject *)cls)
            offset = member->offset;
    }
    Py_XDECREF(descriptor);
    return offset;
}

static int find(qpy_unpickle_dataclasses *self, PyObject *module)
{
    static const char *const setting[] = {"zip", "fields", "object", "__setattr__", "name", NULL};
    static const char *const listing[] = {"getattr", "_FIELDS", "AttributeError", "TypeError", "tuple", "values", NULL};
    PyObject *fields = qpy_attribute(module, "fields"), *key = qpy_attribute(module, "_FIELDS");
    int ok = fields && key && is_function_of(fields, module, listing) && PyUnicode_Check(key) && PyUnicode_CompareWithASCIIString(key, "__dataclass_fields__") == 0;
    Py_XDECREF(fields);
    Py_XDECREF(key);
    if (!ok || !(self->setstate = qpy_attribute(module, "_dataclass_setstate")) || !is_function_of(self->setstate, module, setting) ||
        !(self->field = qpy_attribute(module, "Field")) || !PyType_Check(self->field) || !(self->field_kind = qpy_attribute(module, "_FIELD")))
        return 0;
    self->name = slot_offset(self->field, "name");
    self->kind = slot_offset(self->field, "_field_type");
    return self->name && self->kind;
}

void qpy_unpickle_find_dataclasses(qpy_unpickle *m)
{
    qpy_unpickle_dataclasses *self = &m->dataclasses;
    PyObject *name = PyUnicode_FromString("dataclasses"), *module = name ? PyImport_GetModule(name) : NULL;
    if (!module || !PyModule_CheckExact(module) || !find(self, module))
        Py_XSETREF(self->setstate, Py_NewRef(Py_None));
    PyErr_Clear();
    Py_XDECREF(module);
    Py_XDECREF(name);
}
