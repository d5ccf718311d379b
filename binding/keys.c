/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/keys.h"

#include "core/base/simd.h"
#include "core/plan/plan.h"

qpy_keys *qpy_keys_new(void)
{
    qpy_keys *self = PyMem_Calloc(1, sizeof *self);
    return self ? self : (qpy_keys *)PyErr_NoMemory();
}

static void drop(qpy_keys_set *sets, size_t count)
{
    for (size_t set = 0; set < count; set++)
        for (size_t way = 0; way < QPY_KEYS_WAYS; way++)
            Py_XDECREF(sets[set].way[way]);
}

void qpy_keys_free(qpy_keys *self)
{
    if (!self)
        return;
    drop(self->sets, QPY_KEYS_SETS);
    drop(self->others, QPY_KEYS_OTHERS);
    PyMem_Free(self);
}

static PyObject *new_key(const uint8_t *text, size_t length)
{
    PyObject *key = PyUnicode_New((Py_ssize_t)length, 127);
    if (key && length)
        memcpy(PyUnicode_1BYTE_DATA(key), text, length);
    return key;
}

static QR_NOINLINE PyObject *replace(qpy_keys *self, size_t set, const uint8_t *text, size_t length)
{
    PyObject *key = new_key(text, length);
    self->misses++;
    if (!key || PyObject_Hash(key) == -1) /* computed once, kept in the str */
        return key;
    PyObject **way = &self->sets[set].way[self->turn[set]++ % QPY_KEYS_WAYS];
    Py_XSETREF(*way, Py_NewRef(key));
    return key;
}

PyObject *qpy_keys_get(qpy_keys *self, const uint8_t *text, size_t length)
{
    if (!self || length > QPY_KEYS_LONGEST || length <= 1) /* the interpreter shares the shortest itself */
        return length == 1 ? PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, text, 1) : qpy_keys_share(self, new_key(text, length));
    if (qpy_keys_are_data(&self->misses))
        return new_key(text, length);
    size_t set = qr_name_hash(text, length) % QPY_KEYS_SETS;
    for (size_t way = 0; way < QPY_KEYS_WAYS; way++) {
        PyObject *key = self->sets[set].way[way];
        if (key && (size_t)PyUnicode_GET_LENGTH(key) == length) {
            const uint8_t *data = PyUnicode_1BYTE_DATA(key);
            if (length <= 32 ? qr_simd_equal(data, text, length) : memcmp(data, text, length) == 0) {
                self->misses = 0;
                return Py_NewRef(key);
            }
        }
    }
    return replace(self, set, text, length);
}

PyObject *qpy_keys_share(qpy_keys *self, PyObject *key)
{
    Py_hash_t hash;
    if (!self || !key || PyUnicode_GET_LENGTH(key) == 0 || qpy_keys_are_data(&self->other_misses))
        return key;
    if ((hash = PyObject_Hash(key)) == -1) {
        Py_DECREF(key);
        return NULL;
    }
    size_t set = (size_t)hash % QPY_KEYS_OTHERS;
    PyObject **ways = self->others[set].way;
    for (size_t way = 0; way < QPY_KEYS_WAYS; way++)
        if (ways[way] && PyObject_Hash(ways[way]) == hash && PyUnicode_Compare(ways[way], key) == 0) {
            self->other_misses = 0;
            Py_DECREF(key);
            return Py_NewRef(ways[way]);
        }
    self->other_misses++;
    Py_XSETREF(ways[self->other_turn[set]++ % QPY_KEYS_WAYS], Py_NewRef(key));
    return key;
}
