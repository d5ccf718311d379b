/* SPDX-License-Identifier: Apache-2.0 */
/* cpython_private: making dicts from templates.
 *
 * Up to QPY_SPLIT_KEYS keys a template's dicts share its key table, as instances of a class do ("split" dicts: half the memory,
 * no reference count per key). The shared table is made full (usable 0), so the interpreter never adds to it: the first
 * new key turns such a dict into an ordinary one, by the interpreter's own code. With more keys the ordinary table is
 * copied whole. */
#include "binding/cpython_private.h"
#include "binding/attribute.h"

#if QPY_PRIVATE

#if PY_VERSION_HEX < 0x030D0000
#define KEYS_ALLOC PyObject_Malloc
#else
#define KEYS_ALLOC PyMem_Malloc
#endif

static size_t keys_size(const qpy_dict_keys *keys, Py_ssize_t entries)
{
    size_t each = keys->kind == QPY_KEYS_GENERAL ? sizeof(qpy_general_entry) : sizeof(qpy_unicode_entry);
    return sizeof *keys + ((size_t)1 << keys->log2_index_bytes) + (size_t)entries * each;
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

/* An ordinary dict of n different keys of a type, whose table is of that kind. */
static PyObject *plain_template(PyObject *const *keys, Py_ssize_t n, PyTypeObject *type, uint8_t kind)
{
    PyObject *plain = n ? PyDict_New() : NULL;
    for (Py_ssize_t i = 0; plain && i < n; i++)
        if (!Py_IS_TYPE(keys[i], type) || PyDict_SetItem(plain, keys[i], Py_None) < 0)
            Py_CLEAR(plain);
    if (plain && (qpy_keys_of(plain)->kind != kind || qpy_keys_of(plain)->nentries != n || PyDict_GET_SIZE(plain) != n))
        Py_CLEAR(plain);
    return plain;
}

PyObject *qpy_dict_template_of_bytes(PyObject *const *keys, Py_ssize_t n) { return plain_template(keys, n, &PyBytes_Type, QPY_KEYS_GENERAL); }

PyObject *qpy_dict_template(PyObject *const *keys, Py_ssize_t n)
{
    PyObject *plain = plain_template(keys, n, &PyUnicode_Type, QPY_KEYS_UNICODE);
    if (!plain || n > QPY_SPLIT_KEYS)
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
    if (keys->kind == QPY_KEYS_GENERAL) {
        qpy_general_entry *entries = qpy_entries_of(keys);
        for (Py_ssize_t i = 0; i < n; i++) {
            Py_INCREF(entries[i].key);
            entries[i].value = values[i];
        }
    }
    else {
        qpy_unicode_entry *entries = qpy_entries_of(keys);
        for (Py_ssize_t i = 0; i < n; i++) {
            Py_INCREF(entries[i].key);
            entries[i].value = values[i];
        }
    }
    set_tables(dict, keys, NULL, n);
    return dict;
}

/* Shares the template's keys with an empty dict: 1, or 0 with MemoryError. */
static int share_keys(PyObject *dict, PyObject *template_, PyObject *const *values, Py_ssize_t n)
{
    PyObject **room;
    qpy_dict_keys *keys = qpy_keys_of(template_);
    void *block = new_values(n, n, &room);
    if (QR_UNLIKELY(!block)) {
        PyErr_NoMemory();
        return 0;
    }
    memcpy(room, values, (size_t)n * sizeof *values);
    keys->refcnt++;
    set_tables(dict, keys, block, n);
    return 1;
}

PyObject *qpy_dict_from_template(PyObject *template_, PyObject *const *values, Py_ssize_t n, int may_cycle)
{
    PyObject *dict;
    if (QR_UNLIKELY(qpy_keys_of(template_)->kind != QPY_KEYS_SPLIT))
        dict = copy_table(template_, values, n);
    else {
        dict = PyDict_New();
        if (QR_UNLIKELY(!dict))
            return NULL;
        if (QR_UNLIKELY(!share_keys(dict, template_, values, n))) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    if (dict && may_cycle)
        PyObject_GC_Track(dict);
    return dict;
}

/* Is it as PyDict_New made it? */
static int is_untouched(PyObject *dict)
{
    PyDictObject *d = (PyDictObject *)dict;
    return d->ma_used == 0 && !d->ma_values && qpy_keys_of(dict)->log2_size == 0;
}

int qpy_dict_fill_from_template(PyObject *dict, PyObject *template_, PyObject *const *values, Py_ssize_t n, int may_cycle)
{
    if (qpy_keys_of(template_)->kind != QPY_KEYS_SPLIT || !is_untouched(dict))
        return 0;
    if (!share_keys(dict, template_, values, n))
        return -1;
    if (may_cycle && !PyObject_GC_IsTracked(dict))
        PyObject_GC_Track(dict);
    return 1;
}

/* The interpreter's own growth: two thirds of a power of two are usable. */
static uint8_t log2_size_for(Py_ssize_t n)
{
    uint8_t log2_size = 3;
    while ((((Py_ssize_t)1 << log2_size) << 1) / 3 < n)
        log2_size++;
    return log2_size;
}

QR_INLINE Py_ssize_t index_at(const qpy_dict_keys *keys, size_t i)
{
    if (keys->log2_size < 8)
        return ((const int8_t *)keys->indices)[i];
    if (keys->log2_size < 16)
        return ((const int16_t *)(const void *)keys->indices)[i];
    return ((const int32_t *)(const void *)keys->indices)[i];
}

QR_INLINE void set_index(qpy_dict_keys *keys, size_t i, Py_ssize_t entry)
{
    if (keys->log2_size < 8)
        ((int8_t *)keys->indices)[i] = (int8_t)entry;
    else if (keys->log2_size < 16)
        ((int16_t *)(void *)keys->indices)[i] = (int16_t)entry;
    else
        ((int32_t *)(void *)keys->indices)[i] = (int32_t)entry;
}

QR_INLINE Py_hash_t hash_of(PyObject *key) { return ((PyASCIIObject *)key)->hash; }

static int equal_strs(PyObject *a, PyObject *b)
{
    Py_ssize_t n = PyUnicode_GET_LENGTH(a);
    return n == PyUnicode_GET_LENGTH(b) && PyUnicode_KIND(a) == PyUnicode_KIND(b) && memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), (size_t)n * PyUnicode_KIND(a)) == 0;
}

static int equal_bytes(PyObject *a, PyObject *b)
{
    return PyBytes_GET_SIZE(a) == PyBytes_GET_SIZE(b) && memcmp(PyBytes_AS_STRING(a), PyBytes_AS_STRING(b), (size_t)PyBytes_GET_SIZE(a)) == 0;
}

/* An entry of a table of either kind, of str keys or of bytes keys; `general` is a constant wherever this is used. */
QR_INLINE PyObject **value_of(void *entries, Py_ssize_t i, const int general) { return general ? &((qpy_general_entry *)entries)[i].value : &((qpy_unicode_entry *)entries)[i].value; }
QR_INLINE int has_key(void *entries, Py_ssize_t i, PyObject *key, Py_hash_t hash, const int general)
{
    PyObject *other = general ? ((qpy_general_entry *)entries)[i].key : ((qpy_unicode_entry *)entries)[i].key;
    if (other == key)
        return 1;
    return general ? ((qpy_general_entry *)entries)[i].hash == hash && equal_bytes(other, key) : hash_of(other) == hash && equal_strs(other, key);
}

/* The place of a key in the table by the interpreter's probe sequence: the entry it has, or -1 after it was given `entry`. */
QR_INLINE Py_ssize_t place(qpy_dict_keys *keys, void *entries, PyObject *key, Py_hash_t hash, Py_ssize_t entry, const int general)
{
    size_t mask = ((size_t)1 << keys->log2_size) - 1, perturb = (size_t)hash, i = perturb & mask;
    for (;;) {
        Py_ssize_t found = index_at(keys, i);
        if (QR_LIKELY(found < 0)) {
            set_index(keys, i, entry);
            return -1;
        }
        if (QR_UNLIKELY(has_key(entries, found, key, hash, general)))
            return found;
        perturb >>= 5;
        i = (i * 5 + perturb + 1) & mask;
    }
}

enum { AHEAD = 8 }; /* keys of a large table have left the cache: how far ahead they are asked for */

/* Are all keys of one type, and hashed? 1, or 0, maybe with an exception. */
QR_INLINE int are_hashed(PyObject *const *pairs, Py_ssize_t n, const int general)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *key = pairs[2 * i];
        if (i + AHEAD < n)
            QR_PREFETCH(pairs[2 * (i + AHEAD)]);
        if (general ? !PyBytes_CheckExact(key) || PyObject_Hash(key) == -1 : !PyUnicode_CheckExact(key) || (hash_of(key) == -1 && PyObject_Hash(key) == -1))
            return 0;
    }
    return 1;
}

/* A table of n pairs, whose references it takes; those that it has no use for (a key that came again, and its value until then) are put
 * to the front of `pairs`, *dropped of them. NULL: with MemoryError, or without an exception: they cannot be told apart here. */
QR_INLINE qpy_dict_keys *make_table(PyObject **pairs, Py_ssize_t n, Py_ssize_t *dropped, const int general)
{
    uint8_t log2_size = log2_size_for(n);
    if (n == 0 || log2_size > 30 || !are_hashed(pairs, n, general))
        return NULL;
    uint8_t log2_bytes = (uint8_t)(log2_size < 8 ? log2_size : log2_size < 16 ? log2_size + 1 : log2_size + 2);
    Py_ssize_t usable = (Py_ssize_t)((((size_t)1 << log2_size) << 1) / 3);
    size_t each = general ? sizeof(qpy_general_entry) : sizeof(qpy_unicode_entry);
    size_t size = sizeof(qpy_dict_keys) + ((size_t)1 << log2_bytes) + (size_t)usable * each;
    qpy_dict_keys *keys = KEYS_ALLOC(size);
    if (!keys) {
        PyErr_NoMemory();
        return NULL;
    }
    *keys = (qpy_dict_keys){.refcnt = 1, .log2_size = log2_size, .log2_index_bytes = log2_bytes, .kind = general ? QPY_KEYS_GENERAL : QPY_KEYS_UNICODE};
    memset(keys->indices, 0xFF, (size_t)1 << log2_bytes);
    void *entries = qpy_entries_of(keys);
    Py_ssize_t used = 0, drop = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *key = pairs[2 * i], *value = pairs[2 * i + 1];
        if (i + AHEAD < n)
            QR_PREFETCH(pairs[2 * (i + AHEAD)]);
        Py_hash_t hash = general ? PyObject_Hash(key) : hash_of(key);
        Py_ssize_t found = place(keys, entries, key, hash, used, general);
        if (QR_UNLIKELY(found >= 0)) { /* the last one wins, at the place of the first */
            PyObject **old = value_of(entries, found, general);
            pairs[drop++] = key;
            pairs[drop++] = *old;
            *old = value;
            continue;
        }
        if (general)
            ((qpy_general_entry *)entries)[used++] = (qpy_general_entry){hash, key, value};
        else
            ((qpy_unicode_entry *)entries)[used++] = (qpy_unicode_entry){key, value};
    }
    memset((char *)entries + (size_t)used * each, 0, (size_t)(usable - used) * each);
    keys->usable = usable - used;
    keys->nentries = used;
    *dropped = drop;
    return keys;
}

static QR_NOINLINE qpy_dict_keys *table_of_bytes(PyObject **pairs, Py_ssize_t n, Py_ssize_t *dropped) { return make_table(pairs, n, dropped, 1); }

static qpy_dict_keys *table_of(PyObject **pairs, Py_ssize_t n, Py_ssize_t *dropped)
{
    return QR_UNLIKELY(n && PyBytes_CheckExact(pairs[0])) ? table_of_bytes(pairs, n, dropped) : make_table(pairs, n, dropped, 0);
}

static void drop_objects(PyObject **objects, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++)
        Py_DECREF(objects[i]);
}

PyObject *qpy_dict_from_pairs(PyObject **pairs, Py_ssize_t n, int may_cycle)
{
    Py_ssize_t dropped;
    PyObject *dict = PyDict_New();
    qpy_dict_keys *keys = dict ? table_of(pairs, n, &dropped) : NULL;
    if (!keys) {
        Py_XDECREF(dict);
        return NULL;
    }
    set_tables(dict, keys, NULL, keys->nentries);
    if (may_cycle)
        PyObject_GC_Track(dict);
    drop_objects(pairs, dropped);
    return dict;
}

int qpy_dict_fill(PyObject *dict, PyObject **pairs, Py_ssize_t n, int may_cycle)
{
    Py_ssize_t dropped;
    if (!is_untouched(dict))
        return 0;
    qpy_dict_keys *keys = table_of(pairs, n, &dropped);
    if (!keys)
        return PyErr_Occurred() ? -1 : 0;
    set_tables(dict, keys, NULL, keys->nentries);
    if (may_cycle && !PyObject_GC_IsTracked(dict))
        PyObject_GC_Track(dict);
    drop_objects(pairs, dropped);
    return 1;
}

int qpy_instance_fill(PyObject *object, PyObject *const *pairs, Py_ssize_t n)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject **values = qpy_instance_values(object, type);
    uint8_t places[QPY_SPLIT_KEYS], *size, *order;
    uint32_t taken = 0;
    if (!values || n > QPY_SPLIT_KEYS || qpy_instance_dict(object, type))
        return 0;
#if PY_VERSION_HEX < 0x030D0000
    uint8_t *head = (uint8_t *)values;
    size = &head[-2];
    order = head - 3;
    const int turn = -1;
#else
    qpy_dict_values *head = (qpy_dict_values *)(void *)((char *)values - offsetof(qpy_dict_values, values));
    size = &head->size;
    order = (uint8_t *)&values[head->capacity];
    const int turn = 1;
    if (((PyObject **)object)[-3])
        return 0;
#endif
    qpy_dict_keys *keys = (qpy_dict_keys *)((PyHeapTypeObject *)type)->ht_cached_keys;
    if (*size != 0 || !keys || keys->nentries < n || keys->nentries > QPY_SPLIT_KEYS)
        return 0;
#if PY_VERSION_HEX >= 0x030D0000
    if (keys->nentries > head->capacity)
        return 0;
#endif
    qpy_unicode_entry *entries = qpy_entries_of(keys);
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_ssize_t at = i;
        if (QR_UNLIKELY(entries[at].key != pairs[2 * i]))
            for (at = 0; at < keys->nentries && entries[at].key != pairs[2 * i]; at++)
                ;
        if (at == keys->nentries || taken >> at & 1 || values[at])
            return 0;
        taken |= (uint32_t)1 << at;
        places[i] = (uint8_t)at;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        values[places[i]] = pairs[2 * i + 1];
        order[turn * i] = places[i];
    }
    *size = (uint8_t)n;
    return 1;
}

static const qpy_dict_keys no_keys = {.kind = QPY_KEYS_GENERAL};

qpy_dict_iter qpy_dict_iter_public(PyObject *dict)
{
    return (qpy_dict_iter){.dict = dict, .keys = (qpy_dict_keys *)&no_keys, .used = PyDict_GET_SIZE(dict)};
}

int qpy_str_header_init(qpy_str_header *self)
{
    PyObject *model = PyUnicode_New(7, 127);
    if (!model)
        return -1;
    memcpy(self, model, sizeof *self);
    Py_DECREF(model);
    return 0;
}

int qpy_ints_init(qpy_ints *self, int private_ok)
{
    self->most = private_ok && PYLONG_BITS_IN_DIGIT == 30 ? ((uint64_t)1 << 60) - 1 : 0;
    for (int i = 0; i < (int)QR_ARRAY_LENGTH(self->small); i++) {
        if (!(self->small[i] = PyLong_FromLong(QPY_INTS_LEAST + i)))
            return -1;
        Py_DECREF(self->small[i]);
    }
    return 0;
}

#else

PyObject *qpy_dict_template(PyObject *const *keys, Py_ssize_t n)
{
    (void)keys, (void)n;
    return NULL;
}

PyObject *qpy_dict_template_of_bytes(PyObject *const *keys, Py_ssize_t n) { return qpy_dict_template(keys, n); }

PyObject *qpy_dict_from_template(PyObject *template_, PyObject *const *values, Py_ssize_t n, int may_cycle)
{
    (void)template_, (void)values, (void)n, (void)may_cycle;
    PyErr_BadInternalCall();
    return NULL;
}

PyObject *qpy_dict_from_pairs(PyObject **pairs, Py_ssize_t n, int may_cycle)
{
    (void)pairs, (void)n, (void)may_cycle;
    return NULL;
}

int qpy_dict_fill_from_template(PyObject *dict, PyObject *template_, PyObject *const *values, Py_ssize_t n, int may_cycle)
{
    (void)dict, (void)template_, (void)values, (void)n, (void)may_cycle;
    return 0;
}

int qpy_dict_fill(PyObject *dict, PyObject **pairs, Py_ssize_t n, int may_cycle)
{
    (void)dict, (void)pairs, (void)n, (void)may_cycle;
    return 0;
}

int qpy_instance_fill(PyObject *object, PyObject *const *pairs, Py_ssize_t n)
{
    (void)object, (void)pairs, (void)n;
    return 0;
}

int qpy_str_header_init(qpy_str_header *self)
{
    (void)self;
    return 0;
}

int qpy_ints_init(qpy_ints *self, int Py_UNUSED(private_ok))
{
    *self = (qpy_ints){0};
    return 0;
}

#endif

int qpy_list_extend(PyObject *list, PyObject *const *items, Py_ssize_t n, int private_ok)
{
#if QPY_PRIVATE
    if (private_ok) {
        PyListObject *l = (PyListObject *)list;
        Py_ssize_t size = PyList_GET_SIZE(list);
        if (l->allocated - size < n) {
            if (n > PY_SSIZE_T_MAX / 16 - size) {
                PyErr_NoMemory();
                return 0;
            }
            Py_ssize_t room = size + n; /* the first items are often all of them */
            if (size || n >= 1000)
                room += (room >> 3) + 6;
            PyObject **place = PyMem_Realloc(l->ob_item, (size_t)room * sizeof *place);
            if (!place) {
                PyErr_NoMemory();
                return 0;
            }
            l->ob_item = place;
            l->allocated = room;
        }
        memcpy(l->ob_item + size, items, (size_t)n * sizeof *items);
        Py_SET_SIZE(list, size + n);
        return 1;
    }
#endif
    Py_ssize_t size = PyList_GET_SIZE(list);
    PyObject *slice = PyList_New(n);
    int ok = slice != NULL;
    for (Py_ssize_t i = 0; ok && i < n; i++)
        PyList_SET_ITEM(slice, i, Py_NewRef(items[i]));
    ok = ok && PyList_SetSlice(list, size, size, slice) == 0;
    for (Py_ssize_t i = 0; ok && i < n; i++)
        Py_DECREF(items[i]);
    Py_XDECREF(slice);
    return ok;
}
