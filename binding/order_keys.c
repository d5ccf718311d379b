/* SPDX-License-Identifier: Apache-2.0 */
/* order_keys: text counts by units of which 64 bits hold some: eight bytes where all keys are Latin-1, four units of UTF-16 where nothing is
 * beyond the Basic Multilingual Plane, else three code points. Where shorter text comes first, its length takes the highest byte. */
#include "binding/order_keys.h"

#include "core/base/sort.h"
#include "core/base/utf8.h"

enum {
    LENGTH_BITS = 8, LENGTH_MOST = 255, /* stands for this and every larger length: there the text is not what comes next */
    FEW = 8,                            /* keys that begin alike are compared one by one when they are no more, */
    DEEPEST = 6                         /* or when they are still alike after so many heads */
};

typedef struct order {
    const qpy_dict_places *places;
    uint64_t *room;
    uint64_t mask; /* the bits of a number that are a place */
    qr_order_by by;
    unsigned place_bits, unit_bits;
} order;

static PyObject *key_of(const order *o, uint64_t number) { return qpy_dict_places_key(o->places, (size_t)(number & o->mask)); }

/* ---------------------------------------------------------------- heads */

static size_t utf8_length(PyObject *key)
{
    size_t n = (size_t)PyUnicode_GET_LENGTH(key);
    if (PyUnicode_IS_ASCII(key))
        return n;
    switch (PyUnicode_KIND(key)) {
    case PyUnicode_1BYTE_KIND: return qr_utf8_encoded_length_1(PyUnicode_DATA(key), n);
    case PyUnicode_2BYTE_KIND: return qr_utf8_encoded_length_2(PyUnicode_DATA(key), n);
    default: return qr_utf8_encoded_length_4(PyUnicode_DATA(key), n);
    }
}

/* What a code point counts for: in UTF-16 those beyond the Basic Multilingual Plane come before E000. */
QR_INLINE uint32_t rank_of(uint32_t point, qr_order_by by) { return by == QR_ORDER_UTF16 && point >= 0xE000 && point < 0x10000 ? point + 0x110000 : point; }

QR_INLINE uint64_t with_length(uint64_t head, size_t n) { return QR_LIKELY(n < LENGTH_MOST) ? (uint64_t)n << (64 - LENGTH_BITS) | head >> LENGTH_BITS : (uint64_t)LENGTH_MOST << (64 - LENGTH_BITS); }

/* The first eight bytes; for less than eight, those before the text are read too: a str has more in front of it. */
QR_INLINE uint64_t head_of_ascii(PyObject *key, qr_order_by by)
{
    const uint8_t *text = (const uint8_t *)((PyASCIIObject *)key + 1);
    size_t n = (size_t)((PyASCIIObject *)key)->length;
    uint64_t head = QR_LIKELY(n >= 8) ? qr_load64_be(text) : n ? qr_load64_be(text + n - 8) << (64 - 8 * n) : 0;
    return by == QR_ORDER_BYTES ? with_length(head, n) : head;
}

QR_INLINE uint64_t head_of_units(PyObject *key, int kind, size_t from, qr_order_by by, unsigned unit_bits)
{
    const void *data = PyUnicode_DATA(key);
    size_t n = (size_t)PyUnicode_GET_LENGTH(key);
    uint64_t head = 0;
    unsigned shift = 64;
    for (size_t i = from; i < n && shift >= unit_bits; i++) {
        uint32_t c = PyUnicode_READ(kind, data, i);
        shift -= unit_bits;
        head |= (uint64_t)(unit_bits > 16 ? rank_of(c, by) : c) << shift;
    }
    return head;
}

/* The units from `from` on, as many as there is room for; without the length. */
static uint64_t head_of(const order *o, PyObject *key, size_t from)
{
    int kind = PyUnicode_KIND(key);
    if (o->unit_bits == 8 && (size_t)PyUnicode_GET_LENGTH(key) >= from + 8)
        return qr_load64_be((const uint8_t *)PyUnicode_DATA(key) + from);
    if (kind == PyUnicode_4BYTE_KIND)
        return head_of_units(key, PyUnicode_4BYTE_KIND, from, o->by, 21);
    if (o->unit_bits == 16 && kind == PyUnicode_2BYTE_KIND)
        return head_of_units(key, PyUnicode_2BYTE_KIND, from, o->by, 16);
    return head_of_units(key, kind, from, o->by, o->unit_bits);
}

/* ---------------------------------------------------------------- comparing */

/* Where two texts of the same width differ first; n where they do not. */
static size_t first_difference(const uint8_t *p, const uint8_t *q, size_t kind, size_t n)
{
    size_t bytes = n * kind, i = 0;
    while (bytes - i >= 8 && qr_load64(p + i) == qr_load64(q + i))
        i += 8;
    while (i < bytes && p[i] == q[i])
        i++;
    return i / kind;
}

static int is_less(PyObject *a, PyObject *b, qr_order_by by)
{
    int kind = PyUnicode_KIND(a), other = PyUnicode_KIND(b);
    const void *p = PyUnicode_DATA(a), *q = PyUnicode_DATA(b);
    size_t n = (size_t)PyUnicode_GET_LENGTH(a), m = (size_t)PyUnicode_GET_LENGTH(b), least = n < m ? n : m, i = 0;
    if (by == QR_ORDER_BYTES) {
        size_t length = utf8_length(a), other_length = utf8_length(b);
        if (length != other_length)
            return length < other_length;
    }
    if (kind == other && kind == PyUnicode_1BYTE_KIND) {
        int difference = memcmp(p, q, least);
        return difference ? difference < 0 : n < m;
    }
    if (kind == other)
        i = first_difference(p, q, (size_t)kind, least);
    for (; i < least; i++) {
        uint32_t c = rank_of(PyUnicode_READ(kind, p, i), by), d = rank_of(PyUnicode_READ(other, q, i), by);
        if (c != d)
            return c < d;
    }
    return n < m;
}

static void insert_by_text(const order *o, uint64_t *numbers, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t moved = numbers[i];
        PyObject *key = key_of(o, moved);
        size_t at = i;
        for (; at > 0 && is_less(key, key_of(o, numbers[at - 1]), o->by); at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = moved;
    }
}

/* Keys that only their text tells apart, however many: by merging. */
static void sort_by_text(const order *o, uint64_t *numbers, size_t n)
{
    if (n <= FEW) {
        insert_by_text(o, numbers, n);
        return;
    }
    size_t half = n / 2, i = 0, k = half, to = 0;
    sort_by_text(o, numbers, half);
    sort_by_text(o, numbers + half, n - half);
    uint64_t *left = o->room;
    memcpy(left, numbers, half * sizeof *left);
    while (i < half && k < n)
        numbers[to++] = is_less(key_of(o, numbers[k]), key_of(o, left[i]), o->by) ? numbers[k++] : left[i++];
    memcpy(numbers + to, left + i, (half - i) * sizeof *left);
}

/* ---------------------------------------------------------------- sorting */

/* What is sorted by its first `known` units, and which of them are alike there, becomes sorted by all. */
static void tell_apart(const order *o, uint64_t *numbers, size_t n, size_t known, int depth)
{
    for (size_t i = 0, end; i + 1 < n; i = end) {
        uint64_t head = numbers[i] >> o->place_bits;
        for (end = i + 1; end < n && numbers[end] >> o->place_bits == head; end++)
            ;
        size_t count = end - i;
        int is_long = depth == 0 && o->by == QR_ORDER_BYTES && numbers[i] >> (64 - LENGTH_BITS) == LENGTH_MOST;
        if (QR_LIKELY(count == 1))
            continue;
        if (count <= FEW || depth == DEEPEST || is_long) {
            sort_by_text(o, numbers + i, count);
            continue;
        }
        for (size_t k = i; k < end; k++)
            numbers[k] = (head_of(o, key_of(o, numbers[k]), known) & ~o->mask) | (numbers[k] & o->mask);
        qr_sort64(numbers + i, o->room, count, o->place_bits);
        tell_apart(o, numbers + i, count, known + (64 - o->place_bits) / o->unit_bits, depth + 1);
    }
}

/* The heads of keys of which some are not ASCII. */
static int fill_wide(order *o, size_t n, uint64_t *numbers)
{
    int widest = PyUnicode_1BYTE_KIND;
    for (size_t i = 0; i < n; i++) {
        PyObject *key = key_of(o, numbers[i]);
#if PY_VERSION_HEX < 0x030C0000
        if (PyUnicode_READY(key) < 0) {
            PyErr_Clear();
            return 0;
        }
#endif
        widest |= PyUnicode_KIND(key);
    }
    o->unit_bits = widest & PyUnicode_4BYTE_KIND ? 21 : widest & PyUnicode_2BYTE_KIND ? 16 : 8;
    for (size_t i = 0; i < n; i++) {
        PyObject *key = key_of(o, numbers[i]);
        uint64_t head = head_of(o, key, 0);
        if (o->by == QR_ORDER_BYTES)
            head = with_length(head, utf8_length(key));
        numbers[i] = (head & ~o->mask) | (numbers[i] & o->mask);
    }
    return 1;
}

int qpy_order_keys(const qpy_dict_places *places, qr_order_by by, uint64_t *numbers, uint64_t *room)
{
    unsigned place_bits = qpy_order_place_bits(places);
    order o = {places, room, ((uint64_t)1 << place_bits) - 1, by, place_bits, 8};
    size_t n = places->used, got = 0;
    int ascii = 1;
    if (QR_UNLIKELY(places->count > UINT32_MAX))
        return 0;
    for (size_t i = 0; i < places->count; i++) {
        PyObject *key = qpy_dict_places_key(places, i);
        if (QR_UNLIKELY(!qpy_dict_places_value(places, i)))
            continue;
        if (QR_UNLIKELY(!PyUnicode_CheckExact(key) || got == n))
            return 0;
        uint64_t head = 0;
        if (QR_LIKELY(PyUnicode_IS_COMPACT_ASCII(key)))
            head = head_of_ascii(key, by);
        else
            ascii = 0;
        numbers[got++] = (head & ~o.mask) | i;
    }
    if (got != n || (QR_UNLIKELY(!ascii) && !fill_wide(&o, n, numbers)))
        return 0;
    qr_sort64(numbers, o.room, n, place_bits);
    tell_apart(&o, numbers, n, (64 - place_bits - (by == QR_ORDER_BYTES ? LENGTH_BITS : 0)) / o.unit_bits, 0);
    return 1;
}
