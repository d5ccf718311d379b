/* SPDX-License-Identifier: Apache-2.0 */
/* ==, <, hash: field by field, as tuples of the fields would, and only between instances of the very same class.
 *
 * Values of the same built-in type are compared through their own slot; anything that could recurse goes through the guarded
 * call, so a list of a million linked records ends in RecursionError, not in the end of the stack. */
#include "binding/record_internal.h"

/* a == b: 1, 0 or -1. The caller owns both (user code may replace them in the record meanwhile). */
static int values_equal(PyObject *a, PyObject *b)
{
    PyTypeObject *type = Py_TYPE(a);
    if (type == Py_TYPE(b) && (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type || type == &PyBytes_Type)) {
        PyObject *answer = type->tp_richcompare(a, b, Py_EQ);
        if (answer == NULL)
            return -1;
        int equal = answer == Py_True;
        Py_DECREF(answer);
        return equal;
    }
    return PyObject_RichCompareBool(a, b, Py_EQ);
}

static QR_INLINE int is_plain(PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);
    return type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type || value == Py_None;
}

/* Equality of one field of two records: 1, 0 or -1; a field unset in both is equal. */
static int fields_equal(PyObject *a, PyObject *b, Py_ssize_t offset)
{
    PyObject *x = *qpy_record_slot(a, offset), *y = *qpy_record_slot(b, offset);
    if (x == y)
        return 1;
    if (x == NULL || y == NULL)
        return 0;
    if (is_plain(x) && is_plain(y))
        return values_equal(x, y); /* no code of anybody else's runs */
    Py_INCREF(x);
    Py_INCREF(y);
    int equal = values_equal(x, y);
    Py_DECREF(x);
    Py_DECREF(y);
    return equal;
}

static PyObject *compare_ordered(qpy_record_class *cls, PyObject *a, PyObject *b, int operation)
{
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        const qpy_record_field *field = &cls->fields[i];
        if (!field->compare)
            continue;
        PyObject *x = *qpy_record_slot(a, field->offset), *y = *qpy_record_slot(b, field->offset);
        if (x == NULL || y == NULL)
            return qpy_record_unset_error(x == NULL ? a : b, field->name);
        Py_INCREF(x);
        Py_INCREF(y);
        int equal = x == y ? 1 : values_equal(x, y);
        PyObject *result = equal == 0 ? PyObject_RichCompare(x, y, operation) : NULL;
        Py_DECREF(x);
        Py_DECREF(y);
        if (equal <= 0)
            return result;
    }
    return PyBool_FromLong(operation == Py_LE || operation == Py_GE);
}

static int compare_equal(qpy_record_class *cls, PyObject *a, PyObject *b)
{
    int equal = 1;
    for (Py_ssize_t i = 0; equal == 1 && i < cls->count; i++) {
        const qpy_record_field *field = &cls->fields[i];
        if (field->compare)
            equal = fields_equal(a, b, field->offset);
    }
    return equal;
}

PyObject *qpy_record_richcompare(PyObject *a, PyObject *b, int operation)
{
    int equality = operation == Py_EQ || operation == Py_NE;
    qpy_record_class *cls = qpy_record_class_of(a);
    if (Py_TYPE(a) != Py_TYPE(b) || !(cls->flags & (equality ? QPY_RECORD_EQ : QPY_RECORD_ORDER)))
        Py_RETURN_NOTIMPLEMENTED;
    if (a == b && equality)
        return PyBool_FromLong(operation == Py_EQ);
    /* Untracked records hold atoms only: they cannot recurse. */
    int deep = PyObject_GC_IsTracked(a) && PyObject_GC_IsTracked(b);
    if (deep && Py_EnterRecursiveCall(" while comparing records"))
        return NULL;
    PyObject *result = NULL;
    if (equality) {
        int equal = compare_equal(cls, a, b);
        result = equal < 0 ? NULL : PyBool_FromLong(equal == (operation == Py_EQ));
    } else {
        result = compare_ordered(cls, a, b, operation);
    }
    if (deep)
        Py_LeaveRecursiveCall();
    return result;
}

/* The mixing of xxHash64's round, one lane (as tuples do it since CPython 3.8): Y. Collet, "xxHash fast digest algorithm". */
static QR_INLINE uint64_t mix(uint64_t hash, uint64_t lane)
{
    hash += lane * 14029467366897019727u;
    hash = (hash << 31) | (hash >> 33);
    return hash * 11400714785074694791u;
}

static Py_hash_t hash_fields(qpy_record_class *cls, PyObject *self)
{
    uint64_t hash = 2870177450012600261u;
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        const qpy_record_field *field = &cls->fields[i];
        if (!field->compare)
            continue;
        PyObject *value = *qpy_record_slot(self, field->offset);
        if (value == NULL) {
            qpy_record_unset_error(self, field->name);
            return -1;
        }
        Py_INCREF(value);
        Py_hash_t lane = PyObject_Hash(value);
        Py_DECREF(value);
        if (lane == -1)
            return -1;
        hash = mix(hash, (uint64_t)lane);
    }
    hash ^= (uint64_t)cls->count;
    return hash == (uint64_t)-1 ? 1546275796 : (Py_hash_t)hash;
}

Py_hash_t qpy_record_hash(PyObject *self)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    if (!(cls->flags & QPY_RECORD_EQ))
        return PyBaseObject_Type.tp_hash(self);
    if (!(cls->flags & QPY_RECORD_FROZEN))
        return PyObject_HashNotImplemented(self);
    int deep = PyObject_GC_IsTracked(self);
    if (deep && Py_EnterRecursiveCall(" while hashing a record"))
        return -1;
    Py_hash_t hash = hash_fields(cls, self);
    if (deep)
        Py_LeaveRecursiveCall();
    return hash;
}
