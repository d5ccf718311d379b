/* SPDX-License-Identifier: Apache-2.0 */
/* cpython_private: making dicts from templates.
 *
 * Up to QPY_SPLIT_KEYS keys a template's dicts share its key table, as instances of a class do ("split" dicts: half the memory,
 * no reference count per key). The shared table is made full (usable 0), so the interpreter never adds to it: the first
 * new key turns such a dict into an ordinary one, by the interpreter's own code. With more keys the ordinary table is
 * copied whole. */
#include "binding/cpython_private.h"

#if QPY_PRIVATE

#if PY_VERSION_HEX < 0x030D0000
#define KEYS_ALLOC PyObject_Malloc
#else
#define KEYS_ALLOC PyMem_Malloc
#endif

static size_t keys_size(const qpy_dict_keys *keys, Py_ssize_t entries)
{
    return sizeof *keys + ((size_t)1 << keys->log2_index_bytes) + (size_t)entries * sizeof(qpy_unicode_entry);
}

/* Gives an empty dict fresh from PyDict_New these tables (references stolen). */
static void set_tables(PyObject *dict, qpy_dict_keys *keys, void *values, Py_ssize_t used)
{
    PyDictObject *d = (PyDictObject *)dict;
#if PY_VERSION_HEX < 0x030C0000
    ((qpy_dict_keys *)d->ma_keys)->refcnt--; /* the empty table is immortal from 3.12 */
#endif
    d->ma_keys = (PyDictKeysObject *)keys;
    d->ma_values = values;
    d->ma_used = used;
}

/* Room for n values in insertion order 0..n-1, `used` of them counted. */
static void *new_values(Py_ssize_t n, Py_ssize_t used, PyObject ***values)
{
#if PY_VERSION_HEX < 0x030D0000
    size_t prefix = ((size_t)n + 2 + sizeof(PyObject *) - 1) / sizeof(PyObject *) * sizeof(PyObject *);
    uint8_t *block = PyMem_Malloc(prefix + (size_t)n * sizeof(PyObject *));
    if (!block)
        return NULL;
    uint8_t *head = block + prefix;
    head[-1] = (uint8_t)prefix;
    head[-2] = (uint8_t)used;
    for (Py_ssize_t i = 0; i < n; i++)
        head[-3 - i] = (uint8_t)i;
    *values = (PyObject **)head;
    return head;
#else
    size_t suffix = ((size_t)n + sizeof(PyObject *) - 1) / sizeof(PyObject *) * sizeof(PyObject *);
    qpy_dict_values *head = PyMem_Malloc(((size_t)n + 1) * sizeof(PyObject *) + suffix);
    if (!head)
        return NULL;
    *head = (qpy_dict_values){.capacity = (uint8_t)n, .size = (uint8_t)used, .embedded = 0, .valid = 1};
    uint8_t *order = (uint8_t *)&head->values[n];
    for (Py_ssize_t i = 0; i < n; i++)
        order[i] = (uint8_t)i;
    *values = head->values;
    return head;
#endif
}

/* The key table of an ordinary dict of these keys, made shared and full. */
static PyObject *split_template(PyObject *plain, Py_ssize_t n)
{
    PyObject **values, *dict = NULL;
    qpy_dict_keys *from = qpy_keys_of(plain);
    size_t size = keys_size(from, from->nentries + from->usable); /* whole: freed tables of the smallest size are used again */
    qpy_dict_keys *keys = KEYS_ALLOC(size);
    void *block = keys ? new_values(n, 0, &values) : NULL;
    if (!block || !(dict = PyDict_New())) {
        if (block) {
#if PY_VERSION_HEX < 0x030D0000
            PyMem_Free((uint8_t *)block - ((uint8_t *)block)[-1]);
#else
            PyMem_Free(block);
#endif
        }
#if PY_VERSION_HEX < 0x030D0000
        PyObject_Free(keys);
#else
        PyMem_Free(keys);
#endif
        return dict ? dict : PyErr_NoMemory();
    }
    memcpy(keys, from, size);
    keys->refcnt = 1;
    keys->kind = QPY_KEYS_SPLIT;
    keys->version = 0;
    keys->usable = 0;
    qpy_unicode_entry *entries = qpy_entries_of(keys);
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_INCREF(entries[i].key);
        entries[i].value = NULL;
        values[i] = NULL;
    }
    set_tables(dict, keys, block, 0);
    return dict;
}

PyObject *qpy_dict_template(PyObject *const *keys, Py_ssize_t n)
{
    if (n == 0)
        return NULL;
    PyObject *plain = PyDict_New();
    if (!plain)
        return NULL;
    for (Py_ssize_t i = 0; i < n; i++)
        if (!PyUnicode_CheckExact(keys[i]) || PyDict_SetItem(plain, keys[i], Py_None) < 0) {
            Py_DECREF(plain);
            return NULL;
        }
    qpy_dict_keys *table = qpy_keys_of(plain);
    if (table->kind != QPY_KEYS_UNICODE || table->nentries != n || PyDict_GET_SIZE(plain) != n) {
        Py_DECREF(plain);
        return NULL;
    }
    if (n > QPY_SPLIT_KEYS)
        return plain;
    PyObject *template_ = split_template(plain, n);
    Py_DECREF(plain);
    return template_;
}

static PyObject *copy_table(PyObject *template_, PyObject *const *values, Py_ssize_t n)
{
    qpy_dict_keys *from = qpy_keys_of(template_);
    size_t size = keys_size(from, from->nentries + from->usable);
    qpy_dict_keys *keys = KEYS_ALLOC(size);
    PyObject *dict = keys ? PyDict_New() : NULL;
    if (!dict) {
#if PY_VERSION_HEX < 0x030D0000
        PyObject_Free(keys);
#else
        PyMem_Free(keys);
#endif
        return PyErr_NoMemory();
    }
    memcpy(keys, from, size);
    keys->refcnt = 1;
    keys->version = 0;
    qpy_unicode_entry *entries = qpy_entries_of(keys);
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_INCREF(entries[i].key);
        entries[i].value = values[i];
    }
    set_tables(dict, keys, NULL, n);
    return dict;
}

PyObject *qpy_dict_from_template(PyObject *template_, PyObject *const *values, Py_ssize_t n, int may_cycle)
{
    PyObject *dict;
    if (n > QPY_SPLIT_KEYS)
        dict = copy_table(template_, values, n);
    else {
        PyObject **room;
        qpy_dict_keys *keys = qpy_keys_of(template_);
        void *block = new_values(n, n, &room);
        if (QR_UNLIKELY(!block))
            return PyErr_NoMemory();
        dict = PyDict_New();
        if (QR_UNLIKELY(!dict)) {
#if PY_VERSION_HEX < 0x030D0000
            PyMem_Free((uint8_t *)block - ((uint8_t *)block)[-1]);
#else
            PyMem_Free(block);
#endif
            return NULL;
        }
        memcpy(room, values, (size_t)n * sizeof *values);
        keys->refcnt++;
        set_tables(dict, keys, block, n);
    }
    if (dict && may_cycle)
        PyObject_GC_Track(dict);
    return dict;
}

/* Makes a dict of n keys k0.., changes it in every way that touches its tables, and compares with an ordinary one. */
static int check_size(int n)
{
    PyObject *keys[QPY_SPLIT_KEYS + 8] = {NULL}, *values[QPY_SPLIT_KEYS + 8], *template_ = NULL, *made = NULL, *plain = NULL, *copy = NULL, *key, *value;
    int result = -1, same = 0;
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
    qpy_dict_iter_init(&iter, made);
    for (int i = 0; i < n; i++)
        same = same && qpy_dict_iter_next(&iter, &key, &value) && key == keys[i] && value == values[i];
    same = same && !qpy_dict_iter_next(&iter, &key, &value) && qpy_dict_iter_valid(&iter);
    if (PyDict_DelItem(made, keys[0]) < 0 || PyDict_SetItem(made, Py_None, Py_True) < 0 || !(copy = PyDict_Copy(made)))
        goto done;
    same = same && PyDict_GET_SIZE(copy) == n && PyDict_GetItemWithError(copy, Py_None) == Py_True;
    result = same;
done:
    if (result < 0 && !PyErr_Occurred())
        result = 0;
    Py_XDECREF(copy);
    Py_XDECREF(made);
    Py_XDECREF(plain);
    Py_XDECREF(template_);
    for (int i = 0; i < n; i++)
        Py_XDECREF(keys[i]);
    return result;
}

int qpy_private_check(void)
{
    static const int sizes[] = {1, 5, 6, QPY_SPLIT_KEYS, QPY_SPLIT_KEYS + 5};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(sizes); i++) {
        int ok = check_size(sizes[i]);
        if (ok <= 0)
            return ok;
    }
    return 1;
}

#else

PyObject *qpy_dict_template(PyObject *const *keys, Py_ssize_t n)
{
    (void)keys, (void)n;
    return NULL;
}

PyObject *qpy_dict_from_template(PyObject *template_, PyObject *const *values, Py_ssize_t n, int may_cycle)
{
    (void)template_, (void)values, (void)n, (void)may_cycle;
    PyErr_BadInternalCall();
    return NULL;
}

int qpy_private_check(void) { return 0; }

#endif
