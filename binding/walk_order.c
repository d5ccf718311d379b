/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/walk_order.h"

#include "core/base/utf8.h"

void qpy_styled_init(qpy_styled *self, const qr_style *style, qr_order_by by)
{
    qr_styled_init(&self->core, style, &qpy_memory, by);
    self->pairs = self->inline_;
    self->count = 0;
    self->room = QPY_ORDER_MOST;
    memset(self->guessed, 0, sizeof self->guessed);
}

static void drop_pairs(qpy_styled *self, size_t n)
{
    while (n--) { /* what goes may run code, that writes with a walker of its own */
        qpy_order_pair pair = self->pairs[--self->count];
        Py_DECREF(pair.key);
        Py_DECREF(pair.value);
    }
}

void qpy_walk_drop_pairs(qpy_walker *self, size_t n) { drop_pairs(qpy_walk_styled(self), n); }

void qpy_styled_release(qpy_styled *self)
{
    drop_pairs(self, self->count);
    for (size_t i = 0; i < QPY_ORDER_GUESSES; i++)
        for (size_t k = 0; k < self->guessed[i]; k++)
            Py_DECREF(self->guess_keys[i][k]);
    qr_styled_release(&self->core);
    if (self->pairs != self->inline_)
        PyMem_Free(self->pairs);
}

static int reserve_pairs(qpy_styled *self, size_t n)
{
    if (QR_LIKELY(self->room - self->count >= n))
        return 1;
    size_t room = self->room + self->room / 2 + n;
    qpy_order_pair *old = self->pairs == self->inline_ ? NULL : self->pairs, *pairs = qr_memory_array(&qpy_memory, old, room, sizeof *pairs);
    if (!pairs)
        return 0;
    if (!old)
        memcpy(pairs, self->inline_, self->count * sizeof *pairs);
    self->pairs = pairs;
    self->room = room;
    return 1;
}

/* ---------------------------------------------------------------- comparing */

/* How keys are compared: as UTF-8 or as UTF-16, behind their length in UTF-8 or not; and whether all of them are ASCII, where bytes are units. */
typedef struct rule {
    qr_order_by by;
    int ascii;
} rule;

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
static uint32_t rank_of(uint32_t point, qr_order_by by) { return by == QR_ORDER_UTF16 && point >= 0xE000 && point < 0x10000 ? point + 0x110000 : point; }

/* A head where shorter keys come first (their header does): the length, and the first bytes behind it. Of lengths that it has no
 * room for all heads are one, for there the text is not what comes next. */
QR_INLINE uint64_t head_by_length(uint64_t head, size_t n) { return QR_LIKELY(n < 0xFFFF) ? (uint64_t)n << 48 | head >> 16 : (uint64_t)0xFFFF << 48; }

/* The first bytes, behind the length where it counts. A str has a 0 at its end. */
QR_INLINE uint64_t head_of_ascii(PyObject *key, int by_length)
{
    const uint8_t *text = (const uint8_t *)((PyASCIIObject *)key + 1);
    size_t n = (size_t)((PyASCIIObject *)key)->length;
    uint64_t head = 0;
    if (QR_LIKELY(n >= 8))
        head = qr_load64_be(text);
    else if (n >= 4)
        head = (uint64_t)__builtin_bswap32(qr_load32(text)) << 32 | (uint64_t)__builtin_bswap32(qr_load32(text + n - 4)) << (8 * (8 - n));
    else
        for (size_t i = 0; i < n; i++)
            head |= (uint64_t)text[i] << (56 - 8 * i);
    return by_length ? head_by_length(head, n) : head;
}

/* The first eight bytes of the text in UTF-16, or else in UTF-8, as far as they are room for. */
static uint64_t head_of(PyObject *key, qr_order_by by)
{
    int kind = PyUnicode_KIND(key), by_length = by == QR_ORDER_BYTES;
    const void *data = PyUnicode_DATA(key);
    Py_ssize_t n = PyUnicode_GET_LENGTH(key);
    uint8_t room[16] = {0}, *to = room;
    for (Py_ssize_t i = 0; i < n && to < room + 8; i++) {
        uint32_t c = PyUnicode_READ(kind, data, i);
        if (by != QR_ORDER_UTF16)
            to += qr_utf8_encode_point(to, c);
        else if (c < 0x10000) {
            qr_store16_be(to, (uint16_t)c);
            to += 2;
        }
        else {
            qr_store32_be(to, (0xD7C0 + (c >> 10)) << 16 | 0xDC00 | (c & 0x3FF));
            to += 4;
        }
    }
    uint64_t head = qr_load64_be(room);
    return by_length ? head_by_length(head, utf8_length(key)) : head;
}

/* Where two texts of the same width differ first; n where they do not. */
static Py_ssize_t first_difference(PyObject *a, PyObject *b, int kind, Py_ssize_t n)
{
    const uint8_t *p = PyUnicode_DATA(a), *q = PyUnicode_DATA(b);
    size_t bytes = (size_t)n * (size_t)kind, i = 0;
    while (bytes - i >= 8 && qr_load64(p + i) == qr_load64(q + i))
        i += 8;
    while (i < bytes && p[i] == q[i])
        i++;
    return (Py_ssize_t)(i / (size_t)kind);
}

static QR_NOINLINE int is_less_slowly(const qpy_order_pair *x, const qpy_order_pair *y, qr_order_by by)
{
    PyObject *a = x->key, *b = y->key;
    int kind = PyUnicode_KIND(a), other = PyUnicode_KIND(b);
    const void *p = PyUnicode_DATA(a), *q = PyUnicode_DATA(b);
    Py_ssize_t n = PyUnicode_GET_LENGTH(a), m = PyUnicode_GET_LENGTH(b), least = n < m ? n : m, i = 0;
    if (by == QR_ORDER_BYTES && x->head >> 48 == 0xFFFF) { /* and is in the heads otherwise */
        size_t length = utf8_length(a), other_length = utf8_length(b);
        if (length != other_length)
            return length < other_length;
    }
    if (kind == other)
        i = first_difference(a, b, kind, least);
    for (; i < least; i++) {
        uint32_t c = rank_of(PyUnicode_READ(kind, p, i), by), d = rank_of(PyUnicode_READ(other, q, i), by);
        if (c != d)
            return c < d;
    }
    return n < m;
}

QR_INLINE int is_less(const qpy_order_pair *a, const qpy_order_pair *b, const rule *rule)
{
    return QR_LIKELY(a->head != b->head) ? a->head < b->head : is_less_slowly(a, b, rule->by);
}

static int is_in_order(const qpy_order_pair *pairs, size_t n, const uint8_t *order, const rule *rule)
{
    for (size_t i = 1; i < n; i++)
        if (!is_less(&pairs[order[i - 1]], &pairs[order[i]], rule))
            return 0;
    return 1;
}

/* ---------------------------------------------------------------- sorting */

static void find_order(const qpy_order_pair *pairs, size_t n, uint8_t *order, const rule *rule)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && is_less(&pairs[i], &pairs[order[at - 1]], rule); at--)
            order[at] = order[at - 1];
        order[at] = (uint8_t)i;
    }
}

/* By merging; `room` holds as many. Where they are sorted in the end is `pairs`. */
static void sort_pairs(qpy_order_pair *pairs, qpy_order_pair *room, size_t n, const rule *rule)
{
    if (n < 16) {
        for (size_t i = 1; i < n; i++) {
            qpy_order_pair moved = pairs[i];
            size_t at = i;
            for (; at > 0 && is_less(&moved, &pairs[at - 1], rule); at--)
                pairs[at] = pairs[at - 1];
            pairs[at] = moved;
        }
        return;
    }
    size_t half = n / 2, i = 0, k = half, to = 0;
    sort_pairs(pairs, room, half, rule);
    sort_pairs(pairs + half, room, n - half, rule);
    if (!is_less(&pairs[half], &pairs[half - 1], rule))
        return;
    memcpy(room, pairs, half * sizeof *room);
    while (i < half && k < n)
        pairs[to++] = is_less(&pairs[k], &room[i], rule) ? pairs[k++] : room[i++];
    memcpy(pairs + to, room + i, (half - i) * sizeof *room);
}

/* Keys that are all different ones are sorted: 1, or 0 when memory is out. */
static int sort_many(qpy_order_pair *pairs, size_t n, const rule *rule)
{
    qpy_order_pair *room = qr_memory_array(&qpy_memory, NULL, n / 2 + 1, sizeof *room);
    if (!room)
        return 0;
    sort_pairs(pairs, room, n, rule);
    PyMem_Free(room);
    return 1;
}

/* ---------------------------------------------------------------- dicts */

/* Where the order of dicts that begin with that key is remembered. */
static size_t place_of(PyObject *first, size_t n) { return (((uintptr_t)first >> 4) ^ n) % QPY_ORDER_GUESSES; }

/* The pairs come to `pairs`: 1 when their keys are those of the guess, in its order; 0 when not. */
static int hold(qpy_walker *self, PyObject *dict, qpy_order_pair *pairs, size_t n, size_t *held)
{
    qpy_styled *styled = qpy_walk_styled(self);
    PyObject *key, *value, **known = NULL;
    qpy_dict_iter iter;
    int is_known = n <= QPY_ORDER_MOST;
    qpy_dict_iter_init(&iter, dict, self->state->private_ok);
    while (*held < n && qpy_dict_iter_next(&iter, &key, &value)) {
        if (*held == 0) {
            size_t place = place_of(key, n);
            known = styled->guess_keys[place];
            is_known = is_known && styled->guessed[place] == n;
        }
        is_known = is_known && known[*held] == key;
        pairs[*held] = (qpy_order_pair){0, Py_NewRef(key), Py_NewRef(value)};
        ++*held;
    }
    return is_known && *held == n;
}

/* Fills in the heads: 1, or 0 when some key is no exact str. */
static int compute_heads(qpy_order_pair *pairs, size_t n, rule *rule)
{
    int by_length = rule->by == QR_ORDER_BYTES;
    for (size_t i = 0; i < n; i++) {
        if (QR_UNLIKELY(!PyUnicode_CheckExact(pairs[i].key)))
            return 0;
        int ascii = PyUnicode_IS_COMPACT_ASCII(pairs[i].key);
        rule->ascii &= ascii;
        pairs[i].head = QR_LIKELY(ascii) ? head_of_ascii(pairs[i].key, by_length) : 0;
    }
    if (QR_LIKELY(rule->ascii))
        return 1;
    for (size_t i = 0; i < n; i++) {
#if PY_VERSION_HEX < 0x030C0000
        if (PyUnicode_READY(pairs[i].key) < 0)
            return 0;
#endif
        pairs[i].head = head_of(pairs[i].key, rule->by);
    }
    return 1;
}

/* How these pairs, at least one of them, are in order is the guess for the next ones like them. */
static void remember(qpy_styled *self, const qpy_order_pair *pairs, size_t n, const rule *rule)
{
    size_t place = place_of(pairs[0].key, n), before = self->guessed[place];
    PyObject **keys = self->guess_keys[place];
    if (before != n || !is_in_order(pairs, n, self->guesses[place], rule))
        find_order(pairs, n, self->guesses[place], rule);
    for (size_t i = 0; i < n; i++) {
        PyObject *old = i < before ? keys[i] : NULL; /* a str: nothing runs when it goes */
        keys[i] = Py_NewRef(pairs[i].key);
        Py_XDECREF(old);
    }
    for (size_t i = n; i < before; i++)
        Py_DECREF(keys[i]);
    self->guessed[place] = (uint8_t)n;
}

Py_ssize_t qpy_walk_hold_pairs(qpy_walker *self, PyObject *dict, uint8_t order[QPY_ORDER_MOST])
{
    qpy_styled *styled = qpy_walk_styled(self);
    size_t n = (size_t)PyDict_GET_SIZE(dict), held = 0;
    rule rule = {styled->core.order.by, 1};
    if (!reserve_pairs(styled, n)) {
        qpy_walk_fail(self, QR_ERROR_MEMORY, NULL);
        return -2;
    }
    if (n == 0)
        return 0;
    qpy_order_pair *pairs = styled->pairs + styled->count;
    int is_known = hold(self, dict, pairs, n, &held);
    styled->count += held;
    if (QR_UNLIKELY(!is_known)) {
        if (held != n || !compute_heads(pairs, n, &rule)) {
            PyErr_Clear();
            drop_pairs(styled, held);
            return -1;
        }
        if (n > QPY_ORDER_MOST) {
            if (sort_many(pairs, n, &rule))
                return (Py_ssize_t)n;
            qpy_walk_fail(self, QR_ERROR_MEMORY, NULL);
            return -2;
        }
        remember(styled, pairs, n, &rule);
    }
    memcpy(order, styled->guesses[place_of(pairs[0].key, n)], n);
    return (Py_ssize_t)n;
}

/* ---------------------------------------------------------------- records */

const uint8_t *qpy_walk_field_order(const qpy_walker *self, const qr_record *record, const qpy_record_side *side)
{
    const qr_styled *style = self->style;
    if (!style->style->sorts || !side->order || record->array)
        return NULL;
    return side->order + (style->order.by == QR_ORDER_BYTES ? record->count + 1 : 0);
}
