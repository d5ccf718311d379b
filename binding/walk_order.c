/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/walk_order.h"

void qpy_styled_init(qpy_styled *self, const qr_style *style, qr_order_by by)
{
    qr_styled_init(&self->core, style, &qpy_memory, by);
    self->numbers = NULL;
    self->count = self->room = 0;
    memset(self->first, 0, sizeof self->first);
    memset(self->shapes, 0, sizeof self->shapes);
}

static void free_shape(qpy_order_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++)
        Py_DECREF(shape->keys[i]); /* strs: nothing runs when they go */
    PyMem_Free(shape);
}

void qpy_styled_release(qpy_styled *self)
{
    for (size_t i = 0; i < QPY_ORDER_SHAPES; i++)
        if (QR_UNLIKELY(self->shapes[i] != NULL))
            free_shape(self->shapes[i]);
    qr_styled_release(&self->core);
    PyMem_Free(self->numbers);
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

/* Keys without a gap: from the second time on that a dict begins so. Where memory is out, or the place is taken, there is no new shape. */
static void remember(qpy_styled *self, const qpy_dict_places *places, const uint8_t *order)
{
    PyObject *first = qpy_dict_places_key(places, 0);
    size_t n = places->count, slot = qpy_order_slot(first, n), size = sizeof(qpy_order_shape) + n * (sizeof(qpy_order_image) + sizeof(PyObject *) + 1);
    if (self->first[slot] != first || (self->shapes[slot] && self->shapes[slot]->pins)) {
        self->first[slot] = first;
        return;
    }
    qpy_order_shape *shape = qr_memory_array(&qpy_memory, NULL, size, 1);
    if (!shape)
        return;
    shape->count = n;
    shape->pins = 0;
    shape->keys = (PyObject **)(void *)(shape->images + n);
    shape->order = (uint8_t *)(shape->keys + n);
    for (size_t i = 0; i < n; i++) {
        shape->keys[i] = Py_NewRef(qpy_dict_places_key(places, i));
        shape->images[i].length = 0;
    }
    memcpy(shape->order, order, n);
    if (self->shapes[slot])
        free_shape(self->shapes[slot]);
    self->shapes[slot] = shape;
}

static int order_few(qr_order_by by, const qpy_dict_places *places, uint8_t *order)
{
    uint64_t numbers[QPY_ORDER_MOST], room[QPY_ORDER_MOST], mask = ((uint64_t)1 << qpy_order_place_bits(places)) - 1;
    if (!qpy_order_keys(places, by, numbers, room))
        return 0;
    for (size_t i = 0; i < places->used; i++)
        order[i] = (uint8_t)(numbers[i] & mask);
    return 1;
}

static int order_many(qpy_walker *self, const qpy_dict_places *places)
{
    qpy_styled *styled = qpy_walk_styled(self);
    size_t n = places->used, both;
    if (qr_multiply_overflows(n, 2, &both) || !reserve(styled, both)) {
        qpy_walk_fail(self, QR_ERROR_MEMORY, NULL);
        return -1;
    }
    uint64_t *numbers = styled->numbers + styled->count;
    if (!qpy_order_keys(places, styled->core.order.by, numbers, numbers + n))
        return 0;
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
