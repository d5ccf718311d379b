/* SPDX-License-Identifier: Apache-2.0 */
/* keys: the text of a map's key -> the str that was made of it last time.
 *
 * A set-associative cache (four ways) of short ASCII keys: the same text gives the same object, so dicts share their keys
 * and shapes can compare pointers. It holds keys only, never values, and belongs to the module state.
 *
 * Keys that are data (the numbers of records) are never met again, and each would push out one that might be: after QPY_KEYS_PATIENCE
 * in a row that were new, one in QPY_KEYS_SAMPLE is looked for until one is found. */
#ifndef QUIRE_BINDING_KEYS_H
#define QUIRE_BINDING_KEYS_H

#include "binding/state.h"

enum { QPY_KEYS_WAYS = 4, QPY_KEYS_SETS = 512, QPY_KEYS_LONGEST = 64, QPY_KEYS_OTHERS = 64, QPY_KEYS_PATIENCE = 64, QPY_KEYS_SAMPLE = 8 };

typedef struct qpy_keys_set {
    PyObject *way[QPY_KEYS_WAYS];
    uint32_t hash[QPY_KEYS_WAYS]; /* of each, so that no other object is looked at */
} qpy_keys_set;

typedef struct qpy_keys {
    uint32_t misses, other_misses; /* in a row */
    qpy_keys_set sets[QPY_KEYS_SETS];
    qpy_keys_set others[QPY_KEYS_OTHERS]; /* long ones and those that are not ASCII, by their hash */
    uint8_t turn[QPY_KEYS_SETS], other_turn[QPY_KEYS_OTHERS]; /* which way goes next */
} qpy_keys;

qpy_keys *qpy_keys_new(void); /* NULL with MemoryError */
void qpy_keys_free(qpy_keys *self);

/* A document begins. self may be NULL. */
QR_INLINE void qpy_keys_begin(qpy_keys *self)
{
    if (self)
        self->misses = self->other_misses = 0;
}

/* Is the next key to be made without, after so many that were new? The caller counts those it looks for in vain, up from 0. */
QR_INLINE int qpy_keys_are_data(uint32_t *misses) { return QR_UNLIKELY(*misses >= QPY_KEYS_PATIENCE) && ++*misses % QPY_KEYS_SAMPLE != 0; }

/* A new key gets its hash while it is in the processor's cache: a dict needs it, and one of many keys only at the end. May be NULL. */
QR_INLINE PyObject *qpy_keys_hashed(PyObject *key)
{
    if (QR_LIKELY(key) && QR_UNLIKELY(PyObject_Hash(key) == -1)) /* it never is, of a str */
        Py_CLEAR(key);
    return key;
}

/* The str of plain ASCII text: a new reference, or NULL with an exception. self may be NULL (no cache). */
PyObject *qpy_keys_get(qpy_keys *self, const uint8_t *text, size_t length);

/* The str that was made of the same text before, in place of this new one (whose reference is taken; it may be NULL): so equal keys of a
 * document are mostly one object here too. NULL with an exception. self may be NULL. */
PyObject *qpy_keys_share(qpy_keys *self, PyObject *key);

#endif
