/* SPDX-License-Identifier: Apache-2.0 */
/* cpython_private_try: what the private layouts make, tried when the module is loaded: where it is not what the interpreter itself would
 * have made, the public ways are taken. */
#include "binding/attribute.h"
#include "binding/cpython_private.h"

#if QPY_PRIVATE

/* The keys twice, as their own values, through qpy_dict_from_pairs. */
static PyObject *check_pairs(PyObject **keys, int n)
{
    PyObject *pairs[4 * (QPY_SPLIT_KEYS + 8)];
    for (int i = 0; i < 4 * n; i++)
        pairs[i] = Py_NewRef(keys[(i / 2) % n]);
    PyObject *dict = qpy_dict_from_pairs(pairs, 2 * n, 0);
    if (!dict)
        for (int i = 0; i < 4 * n; i++)
            Py_DECREF(pairs[i]);
    return dict;
}

/* As check_size, of bytes keys: a dict from a template, looked at, changed, and copied. */
static int check_bytes_keys(int n)
{
    PyObject *keys[QPY_SPLIT_KEYS + 8] = {NULL}, *template_ = NULL, *made = NULL, *plain = PyDict_New(), *copy = NULL, *paired = NULL;
    int result = -1, same = 0, equal;
    for (int i = 0; i < n; i++)
        if (!plain || !(keys[i] = PyBytes_FromFormat("k%d", i)) || PyDict_SetItem(plain, keys[i], keys[i]) < 0)
            goto done;
    if (!(template_ = qpy_dict_template_of_bytes(keys, n)))
        goto done;
    for (int i = 0; i < n; i++)
        Py_INCREF(keys[i]);
    if (!(made = qpy_dict_from_template(template_, keys, n, 0))) {
        for (int i = 0; i < n; i++)
            Py_DECREF(keys[i]);
        goto done;
    }
    if ((same = PyObject_RichCompareBool(made, plain, Py_EQ)) < 0)
        goto done;
    if (!(paired = check_pairs(keys, n)) || (equal = PyObject_RichCompareBool(paired, plain, Py_EQ)) < 0)
        goto done;
    same = same && equal && PyDict_GetItemWithError(paired, keys[n - 1]) == keys[n - 1];
    if (PyDict_DelItem(made, keys[0]) < 0 || PyDict_SetItem(made, Py_None, Py_True) < 0 || !(copy = PyDict_Copy(made)))
        goto done;
    result = same && PyDict_GET_SIZE(copy) == n && PyDict_GetItemWithError(copy, Py_None) == Py_True &&
             (n == 1 || PyDict_GetItemWithError(copy, keys[n - 1]) == keys[n - 1]);
done:
    if (result < 0 && !PyErr_Occurred())
        result = 0;
    Py_XDECREF(copy);
    Py_XDECREF(paired);
    Py_XDECREF(made);
    Py_XDECREF(plain);
    Py_XDECREF(template_);
    for (int i = 0; i < n; i++)
        Py_XDECREF(keys[i]);
    return result;
}

/* Makes a dict of n keys k0.., changes it in every way that touches its tables, and compares with an ordinary one. */
static int check_size(int n)
{
    PyObject *keys[QPY_SPLIT_KEYS + 8] = {NULL}, *values[QPY_SPLIT_KEYS + 8], *template_ = NULL, *made = NULL, *plain = NULL, *copy = NULL, *paired = NULL, *key, *value;
    int result = -1, same = 0, equal;
    for (int i = 0; i < n; i++) {
        if (!(keys[i] = PyUnicode_FromFormat("k%d", i)))
            goto done;
        values[i] = keys[i];
    }
    template_ = qpy_dict_template(keys, n);
    plain = PyDict_New();
    if (!template_ || !plain)
        goto done;
    for (int i = 0; i < n; i++)
        Py_INCREF(values[i]);
    made = qpy_dict_from_template(template_, values, n, 0);
    if (!made) {
        for (int i = 0; i < n; i++)
            Py_DECREF(values[i]);
        goto done;
    }
    for (int i = 0; i < n; i++)
        if (PyDict_SetItem(plain, keys[i], values[i]) < 0)
            goto done;
    if ((same = PyObject_RichCompareBool(made, plain, Py_EQ)) < 0)
        goto done;
    qpy_dict_iter iter;
    qpy_dict_iter_init(&iter, made, 1);
    for (int i = 0; i < n; i++)
        same = same && qpy_dict_iter_next(&iter, &key, &value) && key == keys[i] && value == values[i];
    same = same && !qpy_dict_iter_next(&iter, &key, &value) && qpy_dict_iter_valid(&iter);
    if (!(paired = check_pairs(keys, n)))
        goto done;
    if ((equal = PyObject_RichCompareBool(paired, plain, Py_EQ)) < 0)
        goto done;
    same = same && equal && PyDict_GetItemWithError(paired, keys[n - 1]) == values[n - 1];
    if (PyDict_DelItem(made, keys[0]) < 0 || PyDict_SetItem(made, Py_None, Py_True) < 0 || !(copy = PyDict_Copy(made)))
        goto done;
    same = same && PyDict_GET_SIZE(copy) == n && PyDict_GetItemWithError(copy, Py_None) == Py_True;
    result = same;
done:
    if (result < 0 && !PyErr_Occurred())
        result = 0;
    Py_XDECREF(copy);
    Py_XDECREF(paired);
    Py_XDECREF(made);
    Py_XDECREF(plain);
    Py_XDECREF(template_);
    for (int i = 0; i < n; i++)
        Py_XDECREF(keys[i]);
    return result;
}

/* Two instances of a class made for it: attributes set by the interpreter are read, attributes stored are found by it. */
static int check_instances(void)
{
    PyObject *cls = PyObject_CallFunction((PyObject *)&PyType_Type, "s(){}", "instance"), *names[2] = {NULL}, *first = NULL, *second = NULL, *found = NULL;
    int result = -1, same = 1;
    if (!cls || !(first = PyObject_CallNoArgs(cls)))
        goto done;
    for (int i = 0; i < 2; i++) {
        if (!(names[i] = PyUnicode_InternFromString(i ? "b" : "a")) || PyObject_SetAttr(first, names[i], Py_True) < 0)
            goto done;
        PyObject *read = qpy_instance_get(first, (size_t)i, names[i]);
        same = same && (read == Py_True || !read);
    }
    if (!(second = PyObject_CallNoArgs(cls)))
        goto done;
    for (int i = 0; i < 2; i++)
        if (qpy_instance_set(second, (size_t)i, names[i], Py_NewRef(Py_False))) {
            if (!(found = PyObject_GetAttr(second, names[i])))
                goto done;
            same = same && found == Py_False;
            Py_CLEAR(found);
        }
        else
            Py_DECREF(Py_False);
    found = qpy_attribute(second, "__dict__"); /* makes a real one of the values */
    same = same && found && PyDict_GET_SIZE(found) <= 2 && (PyDict_GET_SIZE(found) == 0 || PyDict_GetItemWithError(found, names[0]) == Py_False);
    result = found ? same : -1;
done:
    Py_XDECREF(found);
    Py_XDECREF(second);
    Py_XDECREF(first);
    Py_XDECREF(names[0]);
    Py_XDECREF(names[1]);
    Py_XDECREF(cls);
    return result;
}

/* A bytes object of n bytes, likewise. */
static int check_bytes(const uint8_t *text, size_t n)
{
    PyObject *made = qpy_bytes_new(text, n, 1), *plain = made ? PyBytes_FromStringAndSize((const char *)text, (Py_ssize_t)n) : NULL;
    int same = plain ? PyObject_RichCompareBool(made, plain, Py_EQ) : -1;
    if (same > 0)
        same = PyObject_Hash(made) == PyObject_Hash(plain) && PyBytes_AS_STRING(made)[n] == 0;
    Py_XDECREF(made);
    Py_XDECREF(plain);
    return same;
}

/* A str of each length up to two words: is it what the interpreter would have made? */
static int check_strs(const qpy_str_header *header)
{
    static const uint8_t text[] = "abcdefghijklmnop";
    int same = 1;
    for (size_t n = 2; n < sizeof text && same > 0; n++) {
        PyObject *made = qpy_str_from_ascii(header, text, n), *plain = made ? PyUnicode_FromStringAndSize((const char *)text, (Py_ssize_t)n) : NULL;
        same = plain ? PyObject_RichCompareBool(made, plain, Py_EQ) : -1;
        if (same > 0)
            same = PyUnicode_GET_LENGTH(made) == (Py_ssize_t)n && PyUnicode_IS_COMPACT_ASCII(made) && PyObject_Hash(made) == PyObject_Hash(plain);
        Py_XDECREF(made);
        Py_XDECREF(plain);
        if (same > 0)
            same = check_bytes(text, n);
    }
    return same;
}

/* Tuples shorter and longer than those that the interpreter keeps for later: are they what it would have made? */
static int check_tuples(void)
{
    static const Py_ssize_t sizes[] = {1, 3, 19, 20, 21, 300};
    int same = 1;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(sizes) && same > 0; i++) {
        PyObject *plain = PyTuple_New(sizes[i]), *made = plain ? qpy_tuple_new(sizes[i], 1) : NULL;
        for (Py_ssize_t j = 0; made && j < sizes[i]; j++) {
            PyTuple_SET_ITEM(made, j, Py_NewRef(Py_None));
            PyTuple_SET_ITEM(plain, j, Py_NewRef(Py_None));
        }
        same = made ? !PyObject_GC_IsTracked(made) && PyTuple_CheckExact(made) && Py_REFCNT(made) == 1 : -1;
        if (same > 0) {
            PyObject_GC_Track(made);
            same = PyObject_GC_IsTracked(made) ? PyObject_RichCompareBool(made, plain, Py_EQ) : 0;
        }
        Py_XDECREF(made);
        Py_XDECREF(plain);
    }
    return same;
}

/* Ints of both signs up to two digits and floats: are they what the interpreter would have made? */
static int check_numbers(void)
{
    static const int64_t samples[] = {257, -6, 0x3FFFFFFF, 0x40000000, -0x40000000, (int64_t)1 << 59, -((int64_t)1 << 60) + 1};
    qpy_ints ints;
    if (qpy_ints_init(&ints, 1) < 0)
        return -1;
    int same = 1;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(samples) && same > 0; i++) {
        PyObject *made = qpy_int_new(&ints, samples[i]), *plain = made ? PyLong_FromLongLong(samples[i]) : NULL;
        same = plain ? PyObject_RichCompareBool(made, plain, Py_EQ) : -1;
        if (same > 0)
            same = Py_REFCNT(made) == 1 && PyObject_Hash(made) == PyObject_Hash(plain) && PyLong_AsLongLong(made) == samples[i];
        Py_XDECREF(made);
        Py_XDECREF(plain);
    }
    if (same <= 0)
        return same;
    PyObject *made = qpy_float_new(-2.5, 1);
    same = made ? PyFloat_CheckExact(made) && PyFloat_AS_DOUBLE(made) == -2.5 && Py_REFCNT(made) == 1 : -1;
    Py_XDECREF(made);
    return same;
}

int qpy_private_check(const qpy_str_header *header)
{
    static const int sizes[] = {1, 5, 6, QPY_SPLIT_KEYS, QPY_SPLIT_KEYS + 5};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(sizes); i++) {
        int ok = check_size(sizes[i]);
        if (ok > 0)
            ok = check_bytes_keys(sizes[i]);
        if (ok <= 0)
            return ok;
    }
    int ok = check_strs(header);
    if (ok > 0)
        ok = check_tuples();
    if (ok > 0)
        ok = check_numbers();
    return ok > 0 ? check_instances() : ok;
}

#else

int qpy_private_check(const qpy_str_header *header) { (void)header; return 0; }

#endif
