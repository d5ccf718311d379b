/* SPDX-License-Identifier: Apache-2.0 */
/* attribute: attributes by a C name.
 *
 * PyObject_GetAttrString() makes a new str each time. Since the interpreter's cache of type attributes is keyed by the address of
 * the name, and keeps it, each call then fills one more of its 4,096 entries; an interned name is always the same one. */
#ifndef QUIRE_BINDING_ATTRIBUTE_H
#define QUIRE_BINDING_ATTRIBUTE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* A new reference to object.name, or NULL with an exception set. */
static inline PyObject *qpy_attribute(PyObject *object, const char *name)
{
    PyObject *key = PyUnicode_InternFromString(name);
    PyObject *value = key ? PyObject_GetAttr(object, key) : NULL;
    Py_XDECREF(key);
    return value;
}

/* A new reference to what object.name(argument) returns, without an argument for NULL, or NULL with an exception set. */
static inline PyObject *qpy_call_method(PyObject *object, const char *name, PyObject *argument)
{
    PyObject *key = PyUnicode_InternFromString(name);
    PyObject *result = !key ? NULL : argument ? PyObject_CallMethodOneArg(object, key, argument) : PyObject_CallMethodNoArgs(object, key);
    Py_XDECREF(key);
    return result;
}

/* The same with two arguments. */
static inline PyObject *qpy_call_method_two(PyObject *object, const char *name, PyObject *first, PyObject *second)
{
    PyObject *key = PyUnicode_InternFromString(name), *args[] = {object, first, second};
    PyObject *result = key ? PyObject_VectorcallMethod(key, args, 3, NULL) : NULL;
    Py_XDECREF(key);
    return result;
}

/* object.name where there is such an attribute: 1 and a new reference, 0 and NULL, or -1 with an exception. */
static inline int qpy_attribute_if_any(PyObject *object, PyObject *name, PyObject **value)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyObject_GetOptionalAttr(object, name, value);
#else
    return _PyObject_LookupAttr(object, name, value);
#endif
}

#endif
