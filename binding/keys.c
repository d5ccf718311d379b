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

/* Which ways may be the one, as bits: an empty one too, where the hash is 0. */
QR_INLINE unsigned ways_of(const qpy_keys_set *set, uint32_t hash)
{
    const uint32_t *ways = set->hash;
    return (unsigned)(ways[0] == hash) | (unsigned)(ways[1] == hash) << 1 | (unsigned)(ways[2] == hash) << 2 | (unsigned)(ways[3] == hash) << 3;
}

static void put(qpy_keys_set *set, uint8_t *turn, uint32_t hash, PyObject *key)
{
    unsigned way = (*turn)++ % QPY_KEYS_WAYS;
    set->hash[way] = hash;
    Py_XSETREF(set->way[way], Py_NewRef(key));
}

static QR_NOINLINE PyObject *replace(qpy_keys *self, uint32_t hash, const uint8_t *text, size_t length)
{
    PyObject *key = qpy_keys_hashed(new_key(text, length));
    self->misses++;
    if (key)
        put(&self->sets[hash % QPY_KEYS_SETS], &self->turn[hash % QPY_KEYS_SETS], hash, key);
    return key;
}

QR_INLINE int is_text(PyObject *key, const uint8_t *text, size_t length)
{
    const uint8_t *data = PyUnicode_1BYTE_DATA(key);
    return (size_t)PyUnicode_GET_LENGTH(key) == length && (length <= 32 ? qr_simd_equal(data, text, length) : memcmp(data, text, length) == 0);
}

PyObject *qpy_keys_get(qpy_keys *self, const uint8_t *text, size_t length)
{
    if (!self || length > QPY_KEYS_LONGEST || length <= 1) /* the interpreter shares the shortest itself */
        return length == 1 ? PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, text, 1) : qpy_keys_share(self, new_key(text, length));
    if (qpy_keys_are_data(&self->misses))
        return qpy_keys_hashed(new_key(text, length));
    uint32_t hash = qr_name_hash(text, length);
    const qpy_keys_set *set = &self->sets[hash % QPY_KEYS_SETS];
    for (unsigned ways = ways_of(set, hash); QR_LIKELY(ways); ways &= ways - 1) {
        PyObject *key = set->way[qr_simd_first(ways)];
        if (QR_LIKELY(key) && is_text(key, text, length)) {
            self->misses = 0;
            return Py_NewRef(key);
        }
    }
    return replace(self, hash, text, length);
}

PyObject *qpy_keys_share(qpy_keys *self, PyObject *key)
{
    if (!self || !key || PyUnicode_GET_LENGTH(key) == 0)
        return key;
    if (!(key = qpy_keys_hashed(key)) || qpy_keys_are_data(&self->other_misses))
        return key;
    uint32_t hash = (uint32_t)PyObject_Hash(key);
    qpy_keys_set *set = &self->others[hash % QPY_KEYS_OTHERS];
    for (unsigned ways = ways_of(set, hash); ways; ways &= ways - 1) {
        PyObject *other = set->way[qr_simd_first(ways)];
        if (other && PyUnicode_Compare(other, key) == 0) {
            self->other_misses = 0;
            Py_DECREF(key);
            return Py_NewRef(other);
        }
    }
    self->other_misses++;
    put(set, &self->other_turn[hash % QPY_KEYS_OTHERS], hash, key);
    return key;
}
