/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/walk_order.h"

void qpy_styled_init(qpy_styled *self, const qr_style *style, qr_order_by by)
{
    qr_styled_init(&self->core, style, &qpy_memory, by);
    self->pairs = NULL;
    self->count = self->room = 0;
    for (size_t i = 0; i < QPY_ORDER_GUESSES; i++)
        self->guesses[i].count = 0;
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
    qr_styled_release(&self->core);
    PyMem_Free(self->pairs);
}

/* ---------------------------------------------------------------- dicts */

static const uint8_t *text_of(PyObject *key) { return (const uint8_t *)((PyASCIIObject *)key + 1); }
static size_t length_of(PyObject *key) { return (size_t)((PyASCIIObject *)key)->length; }

/* The first bytes, behind the length where shorter keys come first (their header does). A str has a 0 at its end. */
QR_INLINE uint64_t head_of(PyObject *key, int by_length)
{
    const uint8_t *text = text_of(key);
    size_t n = length_of(key);
    uint64_t head = 0;
    if (QR_LIKELY(n >= 8))
        head = qr_load64_be(text);
    else if (n >= 4)
        head = (uint64_t)__builtin_bswap32(qr_load32(text)) << 32 | (uint64_t)__builtin_bswap32(qr_load32(text + n - 4)) << (8 * (8 - n));
    else
        for (size_t i = 0; i < n; i++)
            head |= (uint64_t)text[i] << (56 - 8 * i);
    return by_length ? (uint64_t)(n < 0xFFFF ? n : 0xFFFF) << 48 | head >> 16 : head;
}

static int is_less(const qpy_order_pair *a, const qpy_order_pair *b, int by_length)
{
    if (QR_LIKELY(a->head != b->head))
        return a->head < b->head;
    size_t n = length_of(a->key), m = length_of(b->key);
    if (by_length && n != m)
        return n < m;
    int order = memcmp(text_of(a->key), text_of(b->key), n < m ? n : m);
    return order ? order < 0 : n < m;
}

static int is_in_order(const qpy_order_pair *pairs, size_t n, const uint8_t *order, int by_length)
{
    for (size_t i = 1; i < n; i++)
        if (!is_less(&pairs[order[i - 1]], &pairs[order[i]], by_length))
            return 0;
    return 1;
}

static void sort_pairs(const qpy_order_pair *pairs, size_t n, uint8_t *order, int by_length)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && is_less(&pairs[i], &pairs[order[at - 1]], by_length); at--)
            order[at] = order[at - 1];
        order[at] = (uint8_t)i;
    }
}

static int grow(qpy_styled *self)
{
    size_t room = self->room ? 2 * self->room : QPY_ORDER_MOST;
    qpy_order_pair *pairs = qr_memory_array(&qpy_memory, self->pairs, room, sizeof *pairs);
    if (!pairs)
        return 0;
    self->pairs = pairs;
    self->room = room;
    return 1;
}

Py_ssize_t qpy_walk_hold_pairs(qpy_walker *self, PyObject *dict, uint8_t order[QPY_ORDER_MOST])
{
    qpy_styled *styled = qpy_walk_styled(self);
    size_t n = (size_t)PyDict_GET_SIZE(dict), held = 0;
    int by_length = styled->core.order.by == QR_ORDER_BYTES;
    PyObject *key, *value;
    qpy_dict_iter iter;
    if (n > QPY_ORDER_MOST)
        return -1;
    while (QR_UNLIKELY(styled->room - styled->count < n))
        if (!grow(styled)) {
            qpy_walk_fail(self, QR_ERROR_MEMORY, NULL);
            return -2;
        }
    qpy_order_pair *pairs = styled->pairs + styled->count;
    qpy_dict_iter_init(&iter, dict, self->state->private_ok);
    while (held < n && qpy_dict_iter_next(&iter, &key, &value)) {
        if (QR_UNLIKELY(!PyUnicode_CheckExact(key) || !PyUnicode_IS_COMPACT_ASCII(key)))
            break;
        pairs[held++] = (qpy_order_pair){head_of(key, by_length), Py_NewRef(key), Py_NewRef(value)};
    }
    styled->count += held;
    if (QR_UNLIKELY(held != n)) {
        drop_pairs(styled, held);
        return -1;
    }
    if (n == 0)
        return 0;
    size_t place = (((uintptr_t)pairs[0].key >> 4) ^ n) % QPY_ORDER_GUESSES;
    uint8_t *guess = styled->guesses[place].at;
    if (styled->guesses[place].count != n || !is_in_order(pairs, n, guess, by_length)) {
        sort_pairs(pairs, n, guess, by_length);
        styled->guesses[place].count = (uint8_t)n;
    }
    memcpy(order, guess, n);
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
