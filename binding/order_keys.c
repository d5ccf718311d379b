/* SPDX-License-Identifier: Apache-2.0 */
/* order_keys: text counts by units of which 64 bits hold some: eight bytes where all keys are Latin-1, else three code points, of 17 bits as long
 * as none is beyond plane 1 (which has the emoji). Where shorter text comes first, its length takes the highest byte.
 *
 * Keys are read in the order in which they lie in memory, once: of wide ones, which often begin alike, the units that come next are kept aside. */
#include "binding/order_keys.h"

#include "core/base/sort.h"
#include "core/base/utf8.h"

enum {
    LENGTH_BITS = 8, LENGTH_MOST = 255, /* stands for this and every larger length: there the text is not what comes next */
    FEW = 8,                            /* keys that begin alike are compared one by one when they are no more, */
    DEEPEST = 6,                        /* or when they are still alike after so many heads */
    SMALL_UNIT = 17, UNIT = 21          /* bits of a code point */
};

typedef struct order {
    const qpy_dict_places *places;
    uint64_t *room;
    const uint64_t *rest; /* by place: the units behind those in the number; NULL: ask the key */
    uint64_t mask;        /* the bits of a number that are a place */
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

/* What a code point counts for: in UTF-16 those beyond the Basic Multilingual Plane come before E000. No branch: in text with emoji it could not be
 * foretold. */
QR_INLINE uint32_t rank_of(uint32_t point, qr_order_by by) { return point + (0x110000 & (0 - ((uint32_t)(point - 0xE000 < 0x2000) & (by == QR_ORDER_UTF16)))); }

/* The same in 17 bits, of one below 20000; surrogates, which are refused, make room for 800 more of them, the tags from E0000 on. */
QR_INLINE uint32_t small_rank_of(uint32_t point, qr_order_by by)
{
    uint32_t is_high = 0 - (uint32_t)(point >= 0xE000), is_wide = 0 - (uint32_t)(point >= 0x10000);
    return by == QR_ORDER_UTF16 ? point + (is_high & 0x10000) - (is_wide & 0x12800) : point - (is_high & 0x800);
}
enum { SMALL_MOST = 0x20000, TAGS = 0xE0000, TAGS_MOST = 0xE0800 };

QR_INLINE uint64_t with_length(uint64_t head, size_t n) { return QR_LIKELY(n < LENGTH_MOST) ? (uint64_t)n << (64 - LENGTH_BITS) | head >> LENGTH_BITS : (uint64_t)LENGTH_MOST << (64 - LENGTH_BITS); }

/* The first eight bytes; for less than eight, those before the text are read too: a str has more in front of it. */
QR_INLINE uint64_t head_of_ascii(PyObject *key, qr_order_by by)
{
    const uint8_t *text = (const uint8_t *)((PyASCIIObject *)key + 1);
    size_t n = (size_t)((PyASCIIObject *)key)->length;
    uint64_t head = QR_LIKELY(n >= 8) ? qr_load64_be(text) : n ? qr_load64_be(text + n - 8) << (64 - 8 * n) : 0;
    return by == QR_ORDER_BYTES ? with_length(head, n) : head;
}

/* Three code points of a str of n. Behind it stands a 0, which is read where there is no more: to ask where it ends would be a question with no likely
 * answer. */
typedef struct three { uint32_t first, second, third; } three;
QR_INLINE three three_at(int kind, const void *data, size_t n, size_t from)
{
    return (three){PyUnicode_READ(kind, data, from < n ? from : n), PyUnicode_READ(kind, data, from + 1 < n ? from + 1 : n), PyUnicode_READ(kind, data, from + 2 < n ? from + 2 : n)};
}
QR_INLINE uint64_t join(three t, unsigned unit_bits)
{
    return (uint64_t)t.first << (64 - unit_bits) | (uint64_t)t.second << (64 - 2 * unit_bits) | (uint64_t)t.third << (64 - 3 * unit_bits);
}

QR_INLINE uint64_t head_of_three(three t, qr_order_by by)
{
    t = (three){rank_of(t.first, by), rank_of(t.second, by), rank_of(t.third, by)};
    return join(t, UNIT);
}

/* Not for the plain case: one is beyond what is small. Returns 0 when it is no tag. */
static QR_NOINLINE int fit_small(three *t)
{
    uint32_t *points[] = {&t->first, &t->second, &t->third};
    for (int i = 0; i < 3; i++)
        if (*points[i] >= SMALL_MOST) {
            if (*points[i] < TAGS || *points[i] >= TAGS_MOST)
                return 0;
            *points[i] -= TAGS - SMALL_MOST;
        }
    return 1;
}

/* Of units of 17 bits; *fits becomes 0 when they are too small. */
QR_INLINE uint64_t small_head_of_three(three t, qr_order_by by, int *fits)
{
    if (QR_UNLIKELY((t.first | t.second | t.third) >= SMALL_MOST) && !fit_small(&t))
        *fits = 0;
    t = (three){small_rank_of(t.first, by), small_rank_of(t.second, by), small_rank_of(t.third, by)};
    return join(t, SMALL_UNIT);
}

static three three_of(PyObject *key, size_t from) { return three_at(PyUnicode_KIND(key), PyUnicode_DATA(key), (size_t)PyUnicode_GET_LENGTH(key), from); }

/* The units from `from` on, as many as there is room for; without the length. *fits becomes 0 when units of 17 bits are too small. */
static uint64_t head_of(const order *o, PyObject *key, size_t from, int *fits)
{
    if (o->unit_bits != 8)
        return o->unit_bits == UNIT ? head_of_three(three_of(key, from), o->by) : small_head_of_three(three_of(key, from), o->by, fits);
    const uint8_t *data = PyUnicode_DATA(key);
    size_t n = (size_t)PyUnicode_GET_LENGTH(key);
    uint64_t head = 0;
    if (n >= from + 8)
        return qr_load64_be(data + from);
    for (size_t i = from; i < n; i++)
        head |= (uint64_t)data[i] << (56 - 8 * (i - from));
    return head;
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
        if (depth == 0 && o->rest && !is_long) {
            for (size_t k = i; k < end; k++)
                numbers[k] = (o->rest[numbers[k] & o->mask] & ~o->mask) | (numbers[k] & o->mask);
            qr_sort64(numbers + i, o->room, count, o->place_bits);
            tell_apart(o, numbers + i, count, known + (64 - o->place_bits) / o->unit_bits, depth + 1);
            continue;
        }
        if (count <= FEW || depth == DEEPEST || is_long) {
            sort_by_text(o, numbers + i, count);
            continue;
        }
        int fits = 1;
        for (size_t k = i; k < end && fits; k++)
            numbers[k] = (head_of(o, key_of(o, numbers[k]), known, &fits) & ~o->mask) | (numbers[k] & o->mask);
        if (QR_UNLIKELY(!fits)) {
            sort_by_text(o, numbers + i, count);
            continue;
        }
        qr_sort64(numbers + i, o->room, count, o->place_bits);
        tell_apart(o, numbers + i, count, known + (64 - o->place_bits) / o->unit_bits, depth + 1);
    }
}

QR_INLINE size_t bytes_of(uint32_t point) { return (size_t)(point >= 0x80) + (point >= 0x800) + (point >= 0x10000); }

/* The length in UTF-8 of a str of n, of which three points are known from the start and three from `known` (2 or 3) on. */
QR_INLINE size_t utf8_length_of(PyObject *key, int kind, size_t n, three first, three next, size_t known)
{
    if (QR_UNLIKELY(n > 32 || known < 2))
        return utf8_length(key);
    size_t length = n + bytes_of(first.first) + bytes_of(first.second) + bytes_of(next.first) + bytes_of(next.second) + bytes_of(next.third);
    length += known == 3 ? bytes_of(first.third) : 0;
    for (size_t i = known + 3; i < n; i++)
        length += bytes_of(PyUnicode_READ(kind, PyUnicode_DATA(key), i));
    return length;
}

/* 0: units of 17 bits are too small. */
QR_INLINE int fill_small_units(const order *o, size_t n, uint64_t *numbers, uint64_t *rest, size_t known, qr_order_by by)
{
    int fits = 1;
    for (size_t i = 0; i < n; i++) {
        size_t place = (size_t)(numbers[i] & o->mask);
        PyObject *key = qpy_dict_places_key(o->places, place);
        int kind = PyUnicode_KIND(key);
        size_t length = (size_t)PyUnicode_GET_LENGTH(key);
        const void *data = PyUnicode_DATA(key);
        three first, next;
        if (kind == PyUnicode_4BYTE_KIND) {
            first = three_at(PyUnicode_4BYTE_KIND, data, length, 0);
            next = three_at(PyUnicode_4BYTE_KIND, data, length, known);
        }
        else {
            first = three_at(kind, data, length, 0);
            next = three_at(kind, data, length, known);
        }
        uint64_t head = small_head_of_three(first, by, &fits);
        rest[place] = small_head_of_three(next, by, &fits);
        if (by == QR_ORDER_BYTES)
            head = with_length(head, utf8_length_of(key, kind, length, first, next, known));
        numbers[i] = (head & ~o->mask) | place;
    }
    return fits;
}

static int fill_units(const order *o, size_t n, uint64_t *numbers, uint64_t *rest, size_t known)
{
    if (o->unit_bits == SMALL_UNIT)
        return o->by == QR_ORDER_BYTES   ? fill_small_units(o, n, numbers, rest, known, QR_ORDER_BYTES)
               : o->by == QR_ORDER_UTF16 ? fill_small_units(o, n, numbers, rest, known, QR_ORDER_UTF16)
                                         : fill_small_units(o, n, numbers, rest, known, QR_ORDER_POINTS);
    for (size_t i = 0; i < n; i++) {
        size_t place = (size_t)(numbers[i] & o->mask);
        PyObject *key = qpy_dict_places_key(o->places, place);
        uint64_t head = head_of_three(three_of(key, 0), o->by);
        rest[place] = head_of_three(three_of(key, known), o->by);
        if (o->by == QR_ORDER_BYTES)
            head = with_length(head, utf8_length(key));
        numbers[i] = (head & ~o->mask) | place;
    }
    return 1;
}

static size_t known_units(const order *o) { return (64 - o->place_bits - (o->by == QR_ORDER_BYTES ? LENGTH_BITS : 0)) / o->unit_bits; }

/* The heads of keys of which some are not ASCII. */
static void fill_wide(order *o, size_t n, uint64_t *numbers, uint64_t *rest, int widest)
{
    if (widest == PyUnicode_1BYTE_KIND) {
        for (size_t i = 0; i < n; i++) {
            PyObject *key = key_of(o, numbers[i]);
            int fits; /* units of 8 bits do */
            uint64_t head = head_of(o, key, 0, &fits);
            if (o->by == QR_ORDER_BYTES)
                head = with_length(head, utf8_length(key));
            numbers[i] = (head & ~o->mask) | (numbers[i] & o->mask);
        }
        return;
    }
    o->rest = rest;
    o->unit_bits = SMALL_UNIT;
    if (fill_units(o, n, numbers, rest, known_units(o)))
        return;
    o->unit_bits = UNIT;
    fill_units(o, n, numbers, rest, known_units(o));
}

int qpy_order_keys(const qpy_dict_places *places, qr_order_by by, uint64_t *numbers, uint64_t *room, uint64_t *rest)
{
    unsigned place_bits = qpy_order_place_bits(places);
    order o = {places, room, NULL, ((uint64_t)1 << place_bits) - 1, by, place_bits, 8};
    size_t n = places->used, got = 0;
    int ascii = 1, widest = PyUnicode_1BYTE_KIND;
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
        else {
#if PY_VERSION_HEX < 0x030C0000
            if (PyUnicode_READY(key) < 0) {
                PyErr_Clear();
                return 0;
            }
#endif
            ascii = 0;
            widest |= PyUnicode_KIND(key);
        }
        numbers[got++] = (head & ~o.mask) | i;
    }
    if (got != n)
        return 0;
    if (QR_UNLIKELY(!ascii))
        fill_wide(&o, n, numbers, rest, widest);
    qr_sort64(numbers, o.room, n, place_bits);
    uint64_t alike = 0;
    for (size_t i = 1; i < n; i++)
        alike |= (numbers[i - 1] ^ numbers[i]) <= o.mask;
    if (alike)
        tell_apart(&o, numbers, n, known_units(&o), 0);
    return 1;
}
