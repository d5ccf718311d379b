/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/buffer.h"

void qr_buffer_fail_cold(qr_buffer *self, qr_error error)
{
    if (self->error == QR_ERROR_NONE)
        self->error = error;
}

size_t qr_buffer_next_capacity(size_t used, size_t need)
{
    size_t capacity;
    if (qr_add_overflows(used, need, &capacity) || qr_add_overflows(capacity, (capacity >> 1) + 256, &capacity) || capacity > PTRDIFF_MAX)
        return 0;
    return capacity;
}

int qr_buffer_put_raw(qr_buffer *self, const uint8_t *data, size_t n)
{
    if (n > PTRDIFF_MAX - 4096)
        return qr_buffer_fail(self, QR_ERROR_MEMORY);
    if (!qr_buffer_reserve(self, n + QR_BUFFER_SLACK))
        return 0;
    if (n)
        memcpy(self->p, data, n);
    self->p += n;
    return 1;
}

void qr_buffer_init(qr_buffer *self, const qr_memory *memory)
{
    *self = (qr_buffer){.grow = qr_buffer_grow_memory, .owner = (void *)memory};
}

void qr_buffer_release(qr_buffer *self)
{
    qr_memory_free(self->owner, self->base);
    self->base = self->p = self->end = NULL;
}

uint8_t *qr_buffer_detach(qr_buffer *self, size_t *length)
{
    uint8_t *bytes = self->base;
    *length = qr_buffer_length(self);
    self->base = self->p = self->end = NULL;
    return bytes;
}

int qr_buffer_grow_memory(qr_buffer *self, size_t need)
{
    size_t used = qr_buffer_length(self), capacity = qr_buffer_next_capacity(used, need);
    uint8_t *base = capacity ? qr_memory_resize(self->owner, self->base, capacity) : NULL;
    if (!base)
        return qr_buffer_fail(self, QR_ERROR_MEMORY);
    self->base = base;
    self->p = base + used;
    self->end = base + capacity;
    return 1;
}

static int grow_fixed(qr_buffer *self, size_t need)
{
    (void)need;
    return qr_buffer_fail(self, QR_ERROR_NO_ROOM);
}

void qr_buffer_init_fixed(qr_buffer *self, uint8_t *room, size_t length)
{
    *self = (qr_buffer){.p = room, .base = room, .end = room + length, .grow = grow_fixed};
}
