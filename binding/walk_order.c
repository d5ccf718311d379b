/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/walk_order.h"

static void free_shape(qpy_order_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++)
        Py_DECREF(shape->keys[i]); /* strs: nothing runs when they go */
    PyMem_Free(shape);
}

static void free_table(qpy_order_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        Py_DECREF(table->keys[i]);
    PyMem_Free(table);
}

void qpy_order_memory_free(qpy_order_memory *self)
{
    for (size_t i = 0; self && i < QPY_ORDER_SHAPES; i++)
        if (self->shapes[i])
            free_shape(self->shapes[i]);
    for (size_t i = 0; self && i < QPY_ORDER_TABLES; i++)
        if (self->large[i])
            free_table(self->large[i]);
    PyMem_Free(self);
}

void qpy_styled_init(qpy_styled *self, const qr_style *style, qr_order_by by, qpy_order_memory **kept)
{
#ifdef Py_GIL_DISABLED
    kept = NULL; /* taking it out of its place would be a race */
#endif
    qr_styled_init(&self->core, style, &qpy_memory, by);
    self->numbers = NULL;
    self->count = self->room = 0;
    self->memory = NULL;
    self->kept = kept;
    self->unknown = 0;
    if (kept) {
        self->memory = *kept;
        *kept = NULL;
    }
}

void qpy_styled_release(qpy_styled *self)
{
    qpy_order_memory *memory = self->memory;
    qr_styled_release(&self->core);
    PyMem_Free(self->numbers);
    if (self->kept && !*self->kept)
        *self->kept = memory;
    else if (QR_UNLIKELY(memory != NULL))
        qpy_order_memory_free(memory);
}

static int reserve(qpy_styled *self, size_t n)
{
    if (QR_LIKELY(self->room - self->count >= n))
        return 1;
    size_t room = self->room + self->room / 2 + n;
    uint64_t *numbers = qr_memory_array(&qpy_memory, self->numbers, room, sizeof *numbers);
    if (!numbers)
        return 0;
    self->numbers = numbers;
    self->room = room;
    return 1;
}

/* NULL: it is not worth the while, or memory is out. */
static qpy_order_memory *memory_of(qpy_styled *self)
{
    if (self->memory || (!self->kept && self->unknown++ < QPY_ORDER_ALONE))
        return self->memory;
    self->memory = qr_memory_array(&qpy_memory, NULL, 1, sizeof *self->memory);
    if (self->memory)
        memset(self->memory, 0, sizeof *self->memory);
    return self->memory;
}

/* May another shape have the place? One that is of use stays for a while, and after many in a row that were of none few are made. */
static int may_replace(qpy_order_memory *self, qpy_order_shape *shape)
{
    if (!shape)
        return 1;
    if (shape->pins)
        return 0;
    if (shape->was_met) {
        shape->was_met = 0;
        self->idle = 0;
        return 0;
    }
    return ++self->idle < QPY_ORDER_IDLE || self->idle % 16 == 0;
}

/* The place for a shape of that hash, or NULL. */
static qpy_order_shape **place_for(qpy_order_memory *self, size_t slot)
{
    if (self->shapes[slot] && !self->shapes[slot ^ 1])
        slot ^= 1;
    return may_replace(self, self->shapes[slot]) ? &self->shapes[slot] : may_replace(self, self->shapes[slot ^ 1]) ? &self->shapes[slot ^ 1] : NULL;
}

/* Keys without a gap: when such a dict comes for the second time. */
static void remember(qpy_styled *styled, const qpy_dict_places *places, const uint8_t *order)
{
    qpy_order_memory *self = memory_of(styled);
    if (!self)
        return;
    uintptr_t hash = qpy_order_hash(places);
    size_t n = places->count, slot = hash % QPY_ORDER_SHAPES, text = 0, keys = n < QPY_PLACES_FEW ? QPY_PLACES_FEW : n;
    if (self->last[slot] != hash) {
        self->last[slot] = hash;
        return;
    }
    for (size_t i = 0; i < n && text <= QPY_ORDER_KEPT_TEXT; i++)
        text += (size_t)PyUnicode_GET_LENGTH(qpy_dict_places_key(places, i));
    qpy_order_shape **place = text > QPY_ORDER_KEPT_TEXT ? NULL : place_for(self, slot);
    if (!place)
        return;
    qpy_order_shape *shape = qr_memory_array(&qpy_memory, NULL, sizeof *shape + keys * sizeof(PyObject *) + n * (1 + sizeof(qpy_order_image)), 1);
    if (!shape)
        return;
    shape->count = n;
    shape->pins = 0;
    shape->was_met = 0;
    shape->order = (uint8_t *)(shape->keys + keys);
    shape->images = (qpy_order_image *)(void *)(shape->order + n);
    for (size_t i = n; i < keys; i++)
        shape->keys[i] = NULL;
    for (size_t i = 0; i < n; i++) {
        shape->keys[i] = Py_NewRef(qpy_dict_places_key(places, i));
        shape->images[i].length = 0;
    }
    memcpy(shape->order, order, n);
    if (*place)
        free_shape(*place);
    *place = shape;
}

static int order_few(qr_order_by by, const qpy_dict_places *places, uint8_t *order)
{
    uint64_t numbers[QPY_ORDER_MOST], room[QPY_ORDER_MOST], rest[QPY_ORDER_MOST], mask = ((uint64_t)1 << qpy_order_place_bits(places)) - 1;
    for (size_t i = 0; i < places->count; i++) /* they are written soon, in another order */
        QR_PREFETCH(qpy_dict_places_value(places, i));
    if (!qpy_order_keys(places, by, numbers, room, rest))
        return 0;
    for (size_t i = 0; i < places->used; i++)
        order[i] = (uint8_t)(numbers[i] & mask);
    return 1;
}

static const qpy_order_table *known_table(const qpy_order_memory *self, const qpy_dict_places *places)
{
    size_t n = places->count;
    const qpy_order_table *table = self ? self->large[qpy_order_hash(places) % QPY_ORDER_TABLES] : NULL;
    if (!table || table->count != n || places->used != n)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (table->keys[i] != qpy_dict_places_key(places, i))
            return NULL;
    return table;
}

/* A large dict, which comes again in another call: the second time. */
static void remember_table(qpy_styled *styled, const qpy_dict_places *places, const uint64_t *numbers)
{
    qpy_order_memory *self = styled->kept ? memory_of(styled) : NULL;
    size_t n = places->count, text = 0, mask = ((size_t)1 << qpy_order_place_bits(places)) - 1;
    if (!self || n > QPY_ORDER_LARGE)
        return;
    uintptr_t hash = qpy_order_hash(places);
    size_t slot = hash % QPY_ORDER_TABLES;
    if (self->large_last[slot] != hash) {
        self->large_last[slot] = hash;
        return;
    }
    for (size_t i = 0; i < n && text <= QPY_ORDER_LARGE_TEXT; i++)
        text += (size_t)PyUnicode_GET_LENGTH(qpy_dict_places_key(places, i));
    qpy_order_table *table = text > QPY_ORDER_LARGE_TEXT ? NULL : qr_memory_array(&qpy_memory, NULL, sizeof *table + n * (sizeof(PyObject *) + sizeof(uint32_t)), 1);
    self->large_last[slot] = 0; /* where it is of no use, the next one is not made at once */
    if (!table)
        return;
    table->count = n;
    table->order = (uint32_t *)(void *)(table->keys + n);
    for (size_t i = 0; i < n; i++) {
        table->keys[i] = Py_NewRef(qpy_dict_places_key(places, i));
        table->order[i] = (uint32_t)(numbers[i] & mask);
    }
    if (self->large[slot])
        free_table(self->large[slot]);
    self->large[slot] = table;
}

static int order_many(qpy_walker *self, const qpy_dict_places *places)
{
    qpy_styled *styled = qpy_walk_styled(self);
    const qpy_order_table *table = known_table(styled->memory, places);
    size_t n = places->used, needed;
    if (qr_multiply_overflows(n, 2, &needed) || qr_add_overflows(needed, places->count, &needed) || !reserve(styled, table ? n : needed)) {
        qpy_walk_fail(self, QR_ERROR_MEMORY, NULL);
        return -1;
    }
    uint64_t *numbers = styled->numbers + styled->count;
    if (table)
        for (size_t i = 0; i < n; i++)
            numbers[i] = table->order[i];
    else if (!qpy_order_keys(places, styled->core.order.by, numbers, numbers + n, numbers + 2 * n))
        return 0;
    else if (places->count == n)
        remember_table(styled, places, numbers);
    styled->count += n;
    return 1;
}

int qpy_walk_order_dict(qpy_walker *self, const qpy_dict_places *places, uint8_t order[QPY_ORDER_MOST])
{
    qpy_styled *styled = qpy_walk_styled(self);
    if (places->count > QPY_ORDER_MOST)
        return order_many(self, places);
    if (!order_few(styled->core.order.by, places, order))
        return 0;
    if (places->count == places->used)
        remember(styled, places, order);
    return 1;
}
