/* SPDX-License-Identifier: Apache-2.0 */
/* ==, <, hash: field by field, as tuples of the fields would, and only between instances of the very same class.
 *
 * Values of the same built-in type are compared through their own slot; anything that could recurse goes through the guarded
 * call, so a list of a million linked records ends in RecursionError, not in the end of the stack. */
#include "binding/record/internal.h"

/* Values whose comparison and hash run no code of anybody else's and do not recurse. */
QR_INLINE int is_plain(PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);
    return type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type || value == Py_None;
}

/* x == y for what is not plain: guarded, and the values are held, because user code may replace them in the record. */
static QR_NOINLINE int values_equal(PyObject *x, PyObject *y)
{
    if (Py_EnterRecursiveCall(" while comparing records"))
        return -1;
    Py_INCREF(x);
    Py_INCREF(y);
    int equal = PyObject_RichCompareBool(x, y, Py_EQ);
    Py_DECREF(x);
    Py_DECREF(y);
    Py_LeaveRecursiveCall();
    return equal;
}

/* Equality of two values of a field: 1, 0 or -1; unset in both is equal. */
QR_INLINE int fields_equal(PyObject *x, PyObject *y)
{
    if (x == y)
        return 1;
    if (x == NULL || y == NULL)
        return 0;
    if (Py_TYPE(x) != Py_TYPE(y) || !is_plain(x))
        return values_equal(x, y);
    PyObject *answer = Py_TYPE(x)->tp_richcompare(x, y, Py_EQ); /* True or False: the types are the same */
    if (answer == NULL)
        return -1;
    Py_DECREF(answer);
    return answer == Py_True;
}

static PyObject *compare_guarded(PyObject *x, PyObject *y, int operation)
{
    if (Py_EnterRecursiveCall(" while comparing records"))
        return NULL;
    PyObject *result = PyObject_RichCompare(x, y, operation);
    Py_LeaveRecursiveCall();
    return result;
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
        int equal = fields_equal(x, y);
        PyObject *result = equal == 0 ? compare_guarded(x, y, operation) : NULL;
        Py_DECREF(x);
        Py_DECREF(y);
        if (equal <= 0)
            return result;
    }
    return PyBool_FromLong(operation == Py_LE || operation == Py_GE);
}

PyObject *qpy_record_richcompare(PyObject *a, PyObject *b, int operation)
{
    int equality = operation == Py_EQ || operation == Py_NE;
    qpy_record_class *cls = qpy_record_class_of(a);
    if (Py_TYPE(a) != Py_TYPE(b) || !(cls->flags & (equality ? QPY_RECORD_EQ : QPY_RECORD_ORDER)))
        Py_RETURN_NOTIMPLEMENTED;
    if (!equality)
        return compare_ordered(cls, a, b, operation);
    int equal = 1;
    const qpy_record_field *field = cls->fields, *end = field + (a == b ? 0 : cls->count);
    for (; equal == 1 && field < end; field++) {
        if (field->compare)
            equal = fields_equal(*qpy_record_slot(a, field->offset), *qpy_record_slot(b, field->offset));
    }
    return equal < 0 ? NULL : Py_NewRef(equal == (operation == Py_EQ) ? Py_True : Py_False);
}

/* The mixing of xxHash64's round, one lane (as tuples do it since CPython 3.8): Y. Collet, "xxHash fast digest algorithm". */
QR_INLINE uint64_t mix(uint64_t hash, uint64_t lane)
{
    hash += lane * 14029467366897019727u;
    hash = (hash << 31) | (hash >> 33);
    return hash * 11400714785074694791u;
}

static QR_NOINLINE Py_hash_t hash_guarded(PyObject *value)
{
    if (Py_EnterRecursiveCall(" while hashing a record"))
        return -1;
    Py_INCREF(value);
    Py_hash_t hash = PyObject_Hash(value);
    Py_DECREF(value);
    Py_LeaveRecursiveCall();
    return hash;
}

QR_INLINE Py_hash_t hash_value(PyObject *value)
{
#if !defined(QPY_NO_PRIVATE) && !defined(Py_GIL_DISABLED)
    if (PyUnicode_CheckExact(value) && ((PyASCIIObject *)value)->hash != -1)
        return ((PyASCIIObject *)value)->hash;
#endif
    return is_plain(value) ? Py_TYPE(value)->tp_hash(value) : hash_guarded(value);
}

Py_hash_t qpy_record_hash(PyObject *self)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    if (!(cls->flags & QPY_RECORD_EQ))
        return PyBaseObject_Type.tp_hash(self);
    if (!(cls->flags & QPY_RECORD_FROZEN))
        return PyObject_HashNotImplemented(self);
    uint64_t hash = 2870177450012600261u;
    for (const qpy_record_field *field = cls->fields, *end = field + cls->count; field < end; field++) {
        if (!field->compare)
            continue;
        PyObject *value = *qpy_record_slot(self, field->offset);
        if (QR_UNLIKELY(value == NULL)) {
            qpy_record_unset_error(self, field->name);
            return -1;
        }
        Py_hash_t lane = hash_value(value);
        if (lane == -1)
            return -1;
        hash = mix(hash, (uint64_t)lane);
    }
    hash ^= (uint64_t)cls->count;
    return hash == (uint64_t)-1 ? 1546275796 : (Py_hash_t)hash;
}
