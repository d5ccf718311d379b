/* SPDX-License-Identifier: Apache-2.0 */
/* cpython_private: the only gate to private interpreter layouts.
 *
 * What lies behind it: the tables of a dict (3.11 to 3.13, with the GIL), to make a dict of known keys without hashing and to
 * read one without PyDict_Next; a str's header and a tuple's; ints and floats. Each is worth 10 to 45 % of an untyped decode or encode
 * (docs/adr/0003-private-layouts.md). Every use has a portable fallback, which serves other versions, builds with
 * -DQPY_NO_PRIVATE (the tests run those too) and interpreters whose dicts fail the check at import (qpy_private_check).
 * binding/cpython_private_check.c compares the layouts below with the interpreter's own headers at compile time. */
#ifndef QUIRE_BINDING_CPYTHON_PRIVATE_H
#define QUIRE_BINDING_CPYTHON_PRIVATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "core/base/simd.h"

#if !defined(QPY_NO_PRIVATE) && PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030E0000 && !defined(Py_GIL_DISABLED) && !defined(Py_DEBUG) && !defined(Py_TRACE_REFS)
#define QPY_PRIVATE 1
#else
#define QPY_PRIVATE 0
#endif

/* The most keys a template makes a dict of. */
enum { QPY_SPLIT_KEYS = 30 };

#if QPY_PRIVATE

/* PyDictKeysObject: header, 1 << log2_index_bytes bytes of indices, entries. */
typedef struct qpy_dict_keys {
    Py_ssize_t refcnt;
    uint8_t log2_size, log2_index_bytes, kind;
    uint32_t version;
    Py_ssize_t usable, nentries;
    char indices[];
} qpy_dict_keys;
enum { QPY_KEYS_GENERAL, QPY_KEYS_UNICODE, QPY_KEYS_SPLIT };

typedef struct qpy_general_entry { Py_hash_t hash; PyObject *key, *value; } qpy_general_entry;
typedef struct qpy_unicode_entry { PyObject *key, *value; } qpy_unicode_entry;

QR_INLINE qpy_dict_keys *qpy_keys_of(PyObject *dict) { return (qpy_dict_keys *)((PyDictObject *)dict)->ma_keys; }
QR_INLINE void *qpy_entries_of(qpy_dict_keys *keys) { return keys->indices + ((size_t)1 << keys->log2_index_bytes); }

/* PyGC_Head: what is before every object of the collector's; zeros: it is not tracked. */
typedef struct qpy_gc_head { uintptr_t links[2]; } qpy_gc_head;

/* PyDictValues of a split dict: 3.11 and 3.12 keep sizes and order in bytes before the values, 3.13 around them. */
#if PY_VERSION_HEX < 0x030D0000
QR_INLINE PyObject **qpy_split_values(PyObject *dict) { return (PyObject **)((PyDictObject *)dict)->ma_values; }
QR_INLINE size_t qpy_split_order(PyObject **values, Py_ssize_t i) { return ((uint8_t *)values)[-3 - i]; }
#else
typedef struct qpy_dict_values { uint8_t capacity, size, embedded, valid; PyObject *values[]; } qpy_dict_values;
QR_INLINE PyObject **qpy_split_values(PyObject *dict) { return ((qpy_dict_values *)((PyDictObject *)dict)->ma_values)->values; }
QR_INLINE size_t qpy_split_order(PyObject **values, Py_ssize_t i)
{
    qpy_dict_values *head = (qpy_dict_values *)((char *)values - offsetof(qpy_dict_values, values));
    return ((uint8_t *)&values[head->capacity])[i];
}
#endif

/* The values of an instance that has no real __dict__ yet, by the places of the class's shared keys; NULL: it has one, or never
 * has values. 3.11: a pointer before the object; 3.12: the same, tagged; 3.13: within the object. */
QR_INLINE PyObject **qpy_instance_values(PyObject *object, PyTypeObject *type)
{
    (void)type;
#if PY_VERSION_HEX < 0x030C0000
    return type->tp_flags & Py_TPFLAGS_MANAGED_DICT ? ((PyObject ***)object)[-4] : NULL;
#elif PY_VERSION_HEX < 0x030D0000
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT))
        return NULL;
    char *tagged = ((char **)object)[-3];
    return (uintptr_t)tagged & 1 ? (PyObject **)(void *)(tagged + 1) : NULL;
#else
    if (!(type->tp_flags & Py_TPFLAGS_INLINE_VALUES) || type->tp_basicsize != sizeof(PyObject))
        return NULL;
    qpy_dict_values *head = (qpy_dict_values *)(void *)(object + 1);
    return head->valid ? head->values : NULL;
#endif
}

/* The real __dict__ of an instance that has one already: borrowed, or NULL. */
QR_INLINE PyObject *qpy_instance_dict(PyObject *object, PyTypeObject *type)
{
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT))
        return NULL;
    PyObject *dict = ((PyObject **)object)[-3];
#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030D0000
    if ((uintptr_t)dict & 1)
        return NULL;
#endif
    return dict && PyDict_CheckExact(dict) ? dict : NULL;
}

/* Is `name` (interned) the i-th of the class's shared keys? */
QR_INLINE int qpy_is_shared_key(PyTypeObject *type, size_t i, PyObject *name)
{
    qpy_dict_keys *keys = (qpy_dict_keys *)((PyHeapTypeObject *)type)->ht_cached_keys;
    return keys && (Py_ssize_t)i < keys->nentries && ((qpy_unicode_entry *)qpy_entries_of(keys))[i].key == name;
}

/* How many attributes such an instance has; -1: it cannot be told. Only for one without a real __dict__. */
QR_INLINE Py_ssize_t qpy_instance_count(PyObject *object, PyTypeObject *type)
{
    PyObject **values = qpy_instance_values(object, type);
#if PY_VERSION_HEX < 0x030D0000
    if (!values)
        return ((PyObject **)object)[-3] ? -1 : 0;
    return ((PyHeapTypeObject *)type)->ht_cached_keys ? ((uint8_t *)values)[-2] : -1;
#else
    if (!values)
        return ((PyObject **)object)[-3] || type->tp_flags & Py_TPFLAGS_INLINE_VALUES ? -1 : 0;
    qpy_dict_values *head = (qpy_dict_values *)(void *)((char *)values - offsetof(qpy_dict_values, values));
    return ((PyHeapTypeObject *)type)->ht_cached_keys ? head->size : -1;
#endif
}

/* Iterates over a dict's pairs (borrowed). No Python code may run in between: the caller checks `qpy_dict_iter_valid` after
 * whatever might have run some. `private_ok` is the state's: without it the dict is walked by PyDict_Next (entries is NULL, n the place
 * before the last pair, so that there seems to be nothing left). */
typedef struct qpy_dict_iter {
    PyObject *dict;
    qpy_dict_keys *keys;
    PyObject **values; /* of a split dict, else NULL */
    void *entries;
    Py_ssize_t i, n;
    Py_ssize_t used;
} qpy_dict_iter;

QR_COLD qpy_dict_iter qpy_dict_iter_public(PyObject *dict);
QR_INLINE void qpy_dict_iter_init(qpy_dict_iter *self, PyObject *dict, int private_ok)
{
    PyDictObject *d = (PyDictObject *)dict;
    if (QR_UNLIKELY(!private_ok)) {
        *self = qpy_dict_iter_public(dict);
        return;
    }
    self->dict = dict;
    self->keys = qpy_keys_of(dict);
    self->values = d->ma_values ? qpy_split_values(dict) : NULL;
    self->entries = qpy_entries_of(self->keys);
    self->i = 0;
    self->used = d->ma_used;
    self->n = self->values ? d->ma_used : self->keys->nentries;
}
/* The same over the attributes of an instance that has no real __dict__: qpy_instance_count() says that there are some. */
QR_INLINE void qpy_instance_iter_init(qpy_dict_iter *self, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    self->dict = NULL;
    self->keys = (qpy_dict_keys *)((PyHeapTypeObject *)type)->ht_cached_keys;
    self->values = qpy_instance_values(object, type);
    self->entries = qpy_entries_of(self->keys);
    self->i = 0;
    self->n = self->used = qpy_instance_count(object, type);
}
/* Is each key's reference its own, or may several dicts share a table of keys? */
QR_INLINE int qpy_dict_iter_owns_keys(const qpy_dict_iter *self) { return self->entries && !self->values; }
/* Has nothing replaced the tables? */
QR_INLINE int qpy_dict_iter_valid(const qpy_dict_iter *self)
{
    PyDictObject *d = (PyDictObject *)self->dict;
    if (QR_UNLIKELY(!self->entries))
        return d->ma_used == self->used;
    if (qpy_keys_of(self->dict) != self->keys || d->ma_used != self->used)
        return 0;
    if (self->values)
        return d->ma_values && qpy_split_values(self->dict) == self->values;
    /* a new table may have the old one's address */
    return !d->ma_values && self->keys->nentries == self->n && qpy_entries_of(self->keys) == self->entries;
}
QR_INLINE int qpy_dict_iter_next(qpy_dict_iter *self, PyObject **key, PyObject **value)
{
    if (self->values) {
        if (self->i >= self->n)
            return 0;
        size_t ix = qpy_split_order(self->values, self->i++);
        *key = ((qpy_unicode_entry *)self->entries)[ix].key;
        *value = self->values[ix];
        return *value != NULL;
    }
    if (self->keys->kind == QPY_KEYS_GENERAL) {
        while (self->i < self->n) {
            qpy_general_entry *entry = (qpy_general_entry *)self->entries + self->i++;
            if (entry->value) {
                *key = entry->key;
                *value = entry->value;
                return 1;
            }
        }
        if (QR_LIKELY(self->entries))
            return 0;
        PyObject *public_key = NULL, *public_value = NULL; /* ours, so that the caller's may stay in registers */
        Py_ssize_t at = self->n = self->i;
        int found = PyDict_Next(self->dict, &at, &public_key, &public_value);
        self->i = at;
        *key = public_key;
        *value = public_value;
        return found;
    }
    while (self->i < self->n) {
        qpy_unicode_entry *entry = (qpy_unicode_entry *)self->entries + self->i++;
        if (self->i + 1 < self->n)
            QR_PREFETCH(entry[2].value);
        if (entry->value) {
            *key = entry->key;
            *value = entry->value;
            return 1;
        }
    }
    return 0;
}

/* The key at the place of the pair that was given last, of a valid iterator: it need not be the same one. */
QR_INLINE int qpy_dict_iter_again(qpy_dict_iter *self, PyObject **key)
{
    PyObject *value;
    self->i = QR_UNLIKELY(!self->entries) ? self->n : self->i - 1;
    return qpy_dict_iter_next(self, key, &value);
}

/* The pairs of a dict by their places in its tables, 0 to count - 1, borrowed as those of an iterator are; a place may be empty (its value is
 * NULL). 0: they cannot be reached so. */
typedef struct qpy_dict_places {
    PyObject *dict;
    qpy_dict_keys *keys;
    PyObject **values; /* of a split dict, else NULL */
    qpy_unicode_entry *entries;
    size_t count, used;
} qpy_dict_places;
QR_INLINE int qpy_dict_places_init(qpy_dict_places *self, PyObject *dict, int private_ok)
{
    PyDictObject *d = (PyDictObject *)dict;
    self->dict = dict;
    self->keys = qpy_keys_of(dict);
    self->entries = qpy_entries_of(self->keys);
    self->count = (size_t)self->keys->nentries;
    self->used = (size_t)d->ma_used;
    self->values = NULL;
    if (QR_LIKELY(!d->ma_values))
        return QR_LIKELY(private_ok) && QR_LIKELY(self->keys->kind == QPY_KEYS_UNICODE);
    self->values = qpy_split_values(dict);
    return private_ok && self->count == self->used;
}
/* Has nothing replaced the tables? */
QR_INLINE int qpy_dict_places_valid(const qpy_dict_places *self)
{
    PyDictObject *d = (PyDictObject *)self->dict;
    qpy_dict_keys *keys = qpy_keys_of(self->dict);
    if (keys != self->keys || (size_t)d->ma_used != self->used || (d->ma_values ? qpy_split_values(self->dict) : NULL) != self->values)
        return 0;
    /* a new table may have the old one's address */
    return self->values || (keys->kind == QPY_KEYS_UNICODE && (size_t)keys->nentries == self->count && qpy_entries_of(keys) == self->entries);
}
QR_INLINE PyObject *qpy_dict_places_key(const qpy_dict_places *self, size_t i) { return self->entries[i].key; }
QR_INLINE PyObject *qpy_dict_places_value(const qpy_dict_places *self, size_t i) { return self->values ? self->values[i] : self->entries[i].value; }
/* Are the keys of all places these? There are QPY_PLACES_FEW of them, or more, whatever those behind the last are. The values are asked for soon. */
enum { QPY_PLACES_FEW = 4 /* the smallest table has room for five */ };
QR_INLINE int qpy_dict_places_are(const qpy_dict_places *self, PyObject *const *keys)
{
    size_t n = self->count;
    if (n > QPY_PLACES_FEW || self->values) {
        for (size_t i = 0; i < n; i++) {
            QR_PREFETCH(qpy_dict_places_value(self, i));
            if (keys[i] != self->entries[i].key)
                return 0;
        }
        return 1;
    }
    int same = 1; /* most dicts are small, of this size or that: no branch depends on which */
#define X(i)                                                \
    QR_PREFETCH(self->entries[i].value);                    \
    same &= (keys[i] == self->entries[i].key) | (i >= n);
    X(0) X(1) X(2) X(3)
#undef X
    return same;
}
/* What a dict consists of is asked for soon. */
QR_INLINE void qpy_dict_prefetch(PyObject *dict)
{
    const char *keys = (const char *)((PyDictObject *)dict)->ma_keys;
    QR_PREFETCH(keys);
    QR_PREFETCH(keys + 64);
    QR_PREFETCH(keys + 128);
}

#else /* the public way */

typedef struct qpy_dict_iter { PyObject *dict; Py_ssize_t i, last, used; } qpy_dict_iter;
QR_INLINE void qpy_dict_iter_init(qpy_dict_iter *self, PyObject *dict, int Py_UNUSED(private_ok)) { *self = (qpy_dict_iter){dict, 0, 0, PyDict_GET_SIZE(dict)}; }
QR_INLINE int qpy_dict_iter_owns_keys(const qpy_dict_iter *Py_UNUSED(self)) { return 0; }
QR_INLINE int qpy_dict_iter_valid(const qpy_dict_iter *self) { return PyDict_GET_SIZE(self->dict) == self->used; }
QR_INLINE int qpy_dict_iter_next(qpy_dict_iter *self, PyObject **key, PyObject **value)
{
    self->last = self->i;
    return PyDict_Next(self->dict, &self->i, key, value);
}
QR_INLINE int qpy_dict_iter_again(qpy_dict_iter *self, PyObject **key)
{
    PyObject *value;
    return PyDict_Next(self->dict, &self->last, key, &value);
}
typedef struct qpy_dict_places { PyObject *dict; size_t count, used; } qpy_dict_places;
QR_INLINE int qpy_dict_places_init(qpy_dict_places *self, PyObject *dict, int Py_UNUSED(private_ok)) { *self = (qpy_dict_places){dict, 0, 0}; return 0; }
QR_INLINE int qpy_dict_places_valid(const qpy_dict_places *Py_UNUSED(self)) { return 0; }
QR_INLINE PyObject *qpy_dict_places_key(const qpy_dict_places *Py_UNUSED(self), size_t Py_UNUSED(i)) { return NULL; }
QR_INLINE PyObject *qpy_dict_places_value(const qpy_dict_places *Py_UNUSED(self), size_t Py_UNUSED(i)) { return NULL; }
enum { QPY_PLACES_FEW = 4 };
QR_INLINE int qpy_dict_places_are(const qpy_dict_places *Py_UNUSED(self), PyObject *const *Py_UNUSED(keys)) { return 0; }
QR_INLINE void qpy_dict_prefetch(PyObject *Py_UNUSED(dict)) { }

#endif

/* A dict with these exact-str keys, all different, in this order, that new dicts are made from: a new reference (opaque: only for
 * qpy_dict_from_template and Py_DECREF), or NULL without an exception when there can be none, with one when memory is out. */
PyObject *qpy_dict_template(PyObject *const *keys, Py_ssize_t n);
/* The same of exact bytes keys. */
PyObject *qpy_dict_template_of_bytes(PyObject *const *keys, Py_ssize_t n);

/* A new dict of the template's keys with these n values, whose references are stolen on success. may_cycle: some value is a container
 * (then the dict is tracked by the garbage collector). NULL with an exception. */
PyObject *qpy_dict_from_template(PyObject *template_, PyObject *const *values, Py_ssize_t n, int may_cycle);

/* A new dict of n pairs (key, value, key, value ...) of exact-str keys that have been hashed; a key that comes again replaces the value.
 * References are stolen on success. NULL with an exception; NULL without one: not possible here, build it the public way. */
PyObject *qpy_dict_from_pairs(PyObject **pairs, Py_ssize_t n, int may_cycle);

/* The same into an exact dict that is empty: 1; 0: not possible here (without an exception), it is as it was; -1 with an exception. */
int qpy_dict_fill_from_template(PyObject *dict, PyObject *template_, PyObject *const *values, Py_ssize_t n, int may_cycle);
int qpy_dict_fill(PyObject *dict, PyObject **pairs, Py_ssize_t n, int may_cycle);

/* Appends n items to an exact list, their references are taken: 1, or 0 with an exception. */
int qpy_list_extend(PyObject *list, PyObject *const *items, Py_ssize_t n, int private_ok);

/* Stores n attributes (name, value, name, value ...; names interned) in an instance that has none yet, of a class that keeps them in the
 * ordinary way: 1, the references of the values are taken; 0: not possible here, nothing has changed. */
int qpy_instance_fill(PyObject *object, PyObject *const *pairs, Py_ssize_t n);

/* An empty dict with room for n keys of any kind: a new reference, or NULL with an exception. */
QR_INLINE PyObject *qpy_dict_new(Py_ssize_t n)
{
#if QPY_PRIVATE
    return _PyDict_NewPresized(n);
#else
    (void)n;
    return PyDict_New();
#endif
}

/* The instance attribute `name` that __init__ sets as the i-th, read straight from the instance: borrowed, or NULL when it cannot be told
 * that way. The class must be a heap type that looks attributes up in the ordinary way and has no data descriptor of that name. */
QR_INLINE PyObject *qpy_instance_get(PyObject *object, size_t i, PyObject *name)
{
#if QPY_PRIVATE
    PyTypeObject *type = Py_TYPE(object);
    PyObject **values = qpy_instance_values(object, type);
    if (QR_LIKELY(values))
        return qpy_is_shared_key(type, i, name) ? values[i] : NULL;
    PyObject *dict = qpy_instance_dict(object, type);
    return dict ? _PyDict_GetItem_KnownHash(dict, name, ((PyASCIIObject *)name)->hash) : NULL;
#else
    (void)object, (void)i, (void)name;
    return NULL;
#endif
}

/* The attributes of an instance that has no real __dict__, in any order, borrowed: how many; -1: it has one, they cannot be told or are more than
 * `room`. */
QR_INLINE Py_ssize_t qpy_instance_list(PyObject *object, PyObject **found, Py_ssize_t room)
{
#if QPY_PRIVATE
    Py_ssize_t n = qpy_instance_count(object, Py_TYPE(object)), i = 0;
    PyObject *key;
    if (n <= 0 || n > room)
        return n == 0 ? 0 : -1;
    qpy_dict_iter iter;
    qpy_instance_iter_init(&iter, object);
    while (i < n && qpy_dict_iter_next(&iter, &key, &found[i]))
        i++;
    return i;
#else
    (void)object, (void)found, (void)room;
    return -1;
#endif
}

/* Stores it in a new instance of such a class, whose attributes so far were stored the same way: 1 (the reference is taken), or 0. */
QR_INLINE int qpy_instance_set(PyObject *object, size_t i, PyObject *name, PyObject *value)
{
#if QPY_PRIVATE
    PyTypeObject *type = Py_TYPE(object);
    PyObject **values = qpy_instance_values(object, type);
    if (!values || i >= QPY_SPLIT_KEYS || !qpy_is_shared_key(type, i, name) || values[i])
        return 0;
#if PY_VERSION_HEX < 0x030D0000
    uint8_t *head = (uint8_t *)values;
    head[-3 - head[-2]] = (uint8_t)i;
    head[-2]++;
#else
    qpy_dict_values *head = (qpy_dict_values *)(void *)((char *)values - offsetof(qpy_dict_values, values));
    ((uint8_t *)&values[head->capacity])[head->size++] = (uint8_t)i;
#endif
    values[i] = value;
    return 1;
#else
    (void)object, (void)i, (void)name, (void)value;
    return 0;
#endif
}

/* A float. The interpreter's own way looks first among the few that were kept when they were freed, and is two calls more: of 100,000 in a list it
 * takes a tenth to a quarter more of the whole load, on 3.11 and 3.13, in every format. NULL with MemoryError. */
QR_INLINE PyObject *qpy_float_new(double value, int private_ok)
{
#if QPY_PRIVATE
    if (QR_LIKELY(private_ok)) {
        PyFloatObject *object = PyObject_Malloc(sizeof *object);
        if (QR_UNLIKELY(!object))
            return PyErr_NoMemory();
        object->ob_base.ob_refcnt = 1;
        object->ob_base.ob_type = &PyFloat_Type;
        object->ob_fval = value;
        return (PyObject *)object;
    }
#else
    (void)private_ok;
#endif
    return PyFloat_FromDouble(value);
}

/* A list with room for n items, which the caller stores at *items, and then their number by Py_SET_SIZE: until then it may be dropped. NULL with
 * MemoryError. (The interpreter's own way also clears the room.) */
QR_INLINE PyObject *qpy_list_new(Py_ssize_t n, PyObject ***items, int private_ok)
{
    *items = NULL;
#if QPY_PRIVATE
    if (QR_LIKELY(private_ok)) {
        PyListObject *list = (PyListObject *)PyList_New(0);
        if (QR_LIKELY(list) && QR_LIKELY(n)) {
            if (QR_UNLIKELY(!(list->ob_item = PyMem_Malloc((size_t)n * sizeof *list->ob_item)))) {
                Py_DECREF(list);
                return PyErr_NoMemory();
            }
            list->allocated = n;
            *items = list->ob_item;
        }
        return (PyObject *)list;
    }
#else
    (void)private_ok;
#endif
    PyListObject *list = (PyListObject *)PyList_New(n);
    if (list) {
        *items = list->ob_item;
        Py_SET_SIZE(list, 0);
    }
    return (PyObject *)list;
}

#if QPY_PRIVATE
/* PyBytesObject up to its bytes: the member for the hash is deprecated by name. */
typedef struct qpy_bytes_head {
    PyObject_VAR_HEAD
    Py_hash_t hash;
} qpy_bytes_head;
#endif

/* A bytes object: a new reference, or NULL with MemoryError. */
QR_INLINE PyObject *qpy_bytes_new(const uint8_t *text, size_t n, int private_ok)
{
#if QPY_PRIVATE
    if (QR_LIKELY(private_ok) && QR_LIKELY(n > 1)) { /* the interpreter shares the shortest itself */
        qpy_bytes_head *bytes = PyObject_Malloc(sizeof *bytes + n + 1);
        if (QR_UNLIKELY(!bytes))
            return PyErr_NoMemory();
        bytes->ob_base.ob_base.ob_refcnt = 1;
        bytes->ob_base.ob_base.ob_type = &PyBytes_Type;
        bytes->ob_base.ob_size = (Py_ssize_t)n;
        bytes->hash = -1;
        uint8_t *data = (uint8_t *)(bytes + 1);
        data[n] = 0;
        qr_copy_short(data, text, n);
        return (PyObject *)bytes;
    }
#else
    (void)private_ok;
#endif
    return PyBytes_FromStringAndSize((const char *)text, (Py_ssize_t)n);
}

/* The header of a compact ASCII str, to make others from: filled by qpy_str_header_init from one that the interpreter made. */
typedef struct qpy_str_header { uint8_t bytes[sizeof(PyASCIIObject)]; } qpy_str_header;
int qpy_str_header_init(qpy_str_header *self); /* 0, or -1 with an exception */

/* A str of n > 1 ASCII bytes. */
QR_INLINE PyObject *qpy_str_from_ascii(const qpy_str_header *header, const uint8_t *text, size_t n)
{
#if QPY_PRIVATE
    PyASCIIObject *str = PyObject_Malloc(sizeof *str + n + 1);
    if (QR_UNLIKELY(!str))
        return PyErr_NoMemory();
    memcpy(str, header, sizeof *str);
    str->length = (Py_ssize_t)n;
    uint8_t *data = (uint8_t *)(str + 1);
    data[n] = 0;
    qr_copy_short(data, text, n);
    return (PyObject *)str;
#else
    (void)header;
    PyObject *str = PyUnicode_New((Py_ssize_t)n, 127);
    if (QR_LIKELY(str))
        memcpy(PyUnicode_1BYTE_DATA(str), text, n);
    return str;
#endif
}

/* The same of 1 < n < 16 bytes, where 16 can be read; NULL without an exception when they are no ASCII. Short text is of any length: here no
 * branch depends on it. */
QR_INLINE PyObject *qpy_str_from_block(const qpy_str_header *header, const uint8_t *text, size_t n)
{
    qr_block block = qr_block_load(text);
    if (QR_UNLIKELY(qr_block_high(block) & ((1u << n) - 1)))
        return NULL;
#if QPY_PRIVATE
    PyASCIIObject *str = PyObject_Malloc(sizeof *str + QR_SIMD_BLOCK);
    if (QR_UNLIKELY(!str))
        return PyErr_NoMemory();
    memcpy(str, header, sizeof *str);
    str->length = (Py_ssize_t)n;
    uint8_t *data = (uint8_t *)(str + 1);
    qr_block_store(data, block);
    data[n] = 0;
    return (PyObject *)str;
#else
    return qpy_str_from_ascii(header, text, n);
#endif
}

/* The text of a compact ASCII str of at most 16, to where there is room for 16: no branch depends on the length here either. */
QR_INLINE void qpy_str_copy_block(uint8_t *to, PyObject *str, size_t n)
{
    const uint8_t *text = (const uint8_t *)((PyASCIIObject *)str + 1); /* before it, there is its header */
    size_t head = n < 8 ? n : 8;
    unsigned shift = (unsigned)(64 - 8 * head) & 63;
    qr_store64(to, qr_load64(text + head - 8) >> shift);
    qr_store64(to + (n - head), qr_load64(text + n - 8) >> shift);
}

/* An exact tuple of n > 0 items, all of which are yet to be set (before anything else is done with it), and which the collector does not know
 * of: PyObject_GC_Track it then, unless nothing in it can be part of a cycle. A new reference, or NULL with an exception. */
QR_INLINE PyObject *qpy_tuple_new(Py_ssize_t n, int private_ok)
{
#if QPY_PRIVATE
    if (QR_LIKELY(private_ok) && QR_LIKELY(n < PY_SSIZE_T_MAX / 16)) {
        qpy_gc_head *head = PyObject_Malloc(sizeof *head + offsetof(PyTupleObject, ob_item) + (size_t)n * sizeof(PyObject *));
        if (QR_UNLIKELY(!head))
            return PyErr_NoMemory();
        *head = (qpy_gc_head){{0, 0}};
        PyTupleObject *tuple = (PyTupleObject *)(void *)(head + 1);
        ((PyObject *)tuple)->ob_refcnt = 1;
        ((PyObject *)tuple)->ob_type = &PyTuple_Type;
        ((PyVarObject *)tuple)->ob_size = n;
        return (PyObject *)tuple;
    }
#else
    (void)private_ok;
#endif
    PyObject *tuple = PyTuple_New(n);
    if (QR_LIKELY(tuple))
        PyObject_GC_UnTrack(tuple);
    return tuple;
}

/* All the items of one from qpy_tuple_new are there: the collector has to know of it, unless they are atoms. */
QR_INLINE void qpy_tuple_finish(PyObject *tuple)
{
    unsigned long flags = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++)
        flags |= Py_TYPE(PyTuple_GET_ITEM(tuple, i))->tp_flags;
    if (flags & Py_TPFLAGS_HAVE_GC)
        PyObject_GC_Track(tuple);
}

/* The interpreter's own ints, of which there is one each, and how large others may be that are made here. */
enum { QPY_INTS_LEAST = -5, QPY_INTS_MOST = 256 };
typedef struct qpy_ints {
    uint64_t most;                                      /* 0: none are */
    PyObject *small[QPY_INTS_MOST - QPY_INTS_LEAST + 1]; /* borrowed: they live as long as the interpreter */
} qpy_ints;
int qpy_ints_init(qpy_ints *self, int private_ok); /* 0, or -1 with an exception */

/* An int. */
QR_INLINE PyObject *qpy_int_new(const qpy_ints *ints, int64_t value)
{
#if QPY_PRIVATE
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (QR_UNLIKELY(magnitude > ints->most))
        return PyLong_FromLongLong(value);
    if (value <= QPY_INTS_MOST && value >= QPY_INTS_LEAST)
        return Py_NewRef(ints->small[value - QPY_INTS_LEAST]);
    char *made = PyObject_Malloc(sizeof(PyVarObject) + 2 * sizeof(digit));
    if (QR_UNLIKELY(!made))
        return PyErr_NoMemory();
    PyVarObject *object = (PyVarObject *)(void *)made;
    uint32_t digits[2] = {(uint32_t)magnitude & PyLong_MASK, (uint32_t)(magnitude >> PyLong_SHIFT)};
    Py_ssize_t count = 1 + (digits[1] != 0);
    object->ob_base.ob_refcnt = 1;
    object->ob_base.ob_type = &PyLong_Type;
#if PY_VERSION_HEX < 0x030C0000
    object->ob_size = value < 0 ? -count : count;
#else
    object->ob_size = count << 3 | (value < 0 ? 2 : 0); /* lv_tag: sign in the two lowest bits */
#endif
    memcpy(made + sizeof(PyVarObject), digits, sizeof digits);
    return (PyObject *)object;
#else
    (void)ints;
    return PyLong_FromLongLong(value);
#endif
}

/* The int of a byte. */
QR_INLINE PyObject *qpy_int_of_byte(const qpy_ints *ints, uint8_t value)
{
#if QPY_PRIVATE
    return Py_NewRef(ints->small[value - QPY_INTS_LEAST]);
#else
    (void)ints;
    return PyLong_FromLong(value);
#endif
}

/* Do the layouts behave as assumed in this very interpreter? Makes a few dicts, strs, numbers and instances and looks at them: 1, 0, or -1 with an
 * exception. */
int qpy_private_check(const qpy_str_header *header);

#endif
